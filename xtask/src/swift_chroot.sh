# Runs a command in another system, on the workspace: read-only at /source, with its build outputs at /target. What is mounted here is
# seen by no other process and goes with this one, however it ends.
# Usage: sh swift_chroot.sh SYSTEM WORKSPACE TARGET COMMAND...
set -eu
system=$1 workspace=$2 target=$3
shift 3
mkdir -p "$system/source" "$system/target" "$system/small"
mount -t proc proc "$system/proc"
mount --rbind /dev "$system/dev"
mount --bind "$workspace" "$system/source"
mount -o remount,bind,ro "$system/source"
mount --bind "$target" "$system/target"
# A disk that is soon full.
mount -t tmpfs -o size=1m tmpfs "$system/small"
exec chroot "$system" "$@"
