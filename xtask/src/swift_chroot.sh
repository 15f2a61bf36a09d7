# Runs a command in another system, with the workspace read-only at /source and its build outputs at
# /target. No other process sees what is mounted here, and the mounts disappear with this process,
# however it ends.
#
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
# A small disk, for tests of a full disk.
mount -t tmpfs -o size=1m tmpfs "$system/small"
exec chroot "$system" "$@"
