//! A PostgreSQL of a test's own, on a socket in a folder.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian's packages put the servers, each in a folder of its version.
const SERVERS: &str = "/usr/lib/postgresql";

/// The user that Debian's packages make. No server runs as root.
const USER: &str = "postgres";

/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);

/// A server that runs until it is dropped.
pub struct Postgres {
    folder: TempDir,
    server: Option<Child>,
}

impl Postgres {
    /// Starts one, with an empty database.
    ///
    /// # Panics
    /// Where there is no PostgreSQL on this machine, or it does not start: a test that needs one has failed.
    #[must_use]
    pub fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("velum-postgres-").tempdir().expect("a folder can be made");
        if is_root() {
            let user = fs::metadata("/var/lib/postgresql")
                .expect("the package `postgresql` makes its user and folder");
            chown(folder.path(), Some(user.uid()), Some(user.gid())).expect("root may do that");
        }
        let data = folder.path().join("data");
        let made = program(folder.path(), "initdb")
            .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--username", USER, "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut postgres = Self { folder, server: None };
        postgres.resume();
        postgres
    }

    /// The URL of its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{USER}@localhost/postgres?host={}", self.folder.path().display())
    }

    /// Stops the server at once, as a crash does, and keeps what it has stored.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let folder = self.folder.path();
        let stop = program(folder, "pg_ctl")
            .args(["stop", "--mode=immediate", "-D"])
            .arg(folder.join("data"))
            .output();
        if !stop.is_ok_and(|stopped| stopped.status.success()) {
            // It has ended already, or does now.
            let _ = server.kill();
        }
        let _ = server.wait();
    }

    /// Starts the server again.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn resume(&mut self) {
        self.stop();
        let folder = self.folder.path();
        let server = program(folder, "postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(folder)
            .arg("-D")
            .arg(folder.join("data"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).expect("the folder can be written"))
            .spawn();
        self.server = Some(server.expect("postgres can be started"));
        let begun = Instant::now();
        while !self.answers() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < START, "postgres does not answer: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let asked = program(self.folder.path(), "pg_isready").arg("-h").arg(self.folder.path()).output();
        asked.is_ok_and(|answer| answer.status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A program of the newest server here, about to run as a user that it lets itself be run by, and to end when this thread ends.
fn program(folder: &Path, name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid", USER, "--regid", USER, "--init-groups"]);
    }
    command.arg(newest().join("bin").join(name)).current_dir(folder);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

fn newest() -> PathBuf {
    let folders = fs::read_dir(SERVERS).into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = folders.map(|entry| entry.path()).filter(|path| version(path).is_some()).max_by_key(version);
    newest.expect("there is no PostgreSQL in /usr/lib/postgresql; run `./x ci`, which installs it, or `apt-get install postgresql`")
}
