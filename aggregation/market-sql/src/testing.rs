//! A PostgreSQL server of a test's own, or a database of a test's own on a server that tests share.
//! The server listens on a socket in a folder.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The folder in which Debian's packages put the servers, each in a folder of its version.
const SERVERS: &str = "/usr/lib/postgresql";

/// The user that Debian's packages create. No server runs as root.
const USER: &str = "postgres";

/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);

/// A server that runs until it is dropped.
pub struct Postgres {
    folder: TempDir,
    server: Option<Child>,
}

impl Postgres {
    /// Starts a server with an empty database.
    ///
    /// # Panics
    /// If there is no PostgreSQL on this machine, or if it does not start: a test that needs a
    /// server has failed then.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("velum-postgres-")
            .tempdir()
            .expect("a folder can be made");
        if is_root() {
            let user = fs::metadata("/var/lib/postgresql")
                .expect("the package `postgresql` makes its user and folder");
            chown(folder.path(), Some(user.uid()), Some(user.gid())).expect("root may do that");
        }
        let data = folder.path().join("data");
        let made = program(folder.path(), "initdb")
            // Text does not sort by bytes here, because nothing may rely on that: most databases
            // sort text by some language.
            .args([
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale-provider=icu",
                "--icu-locale=en",
            ])
            .args(["--username", USER, "--pgdata"])
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
        url(self.folder.path(), "postgres")
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
            // The server has ended already, or ends now.
            let _ = server.kill();
        }
        let _ = server.wait();
    }

    /// Starts the server again.
    ///
    /// # Panics
    /// If it does not start.
    pub fn resume(&mut self) {
        self.stop();
        let folder = self.folder.path();
        let server = program(folder, "postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=400", "-k"])
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
        let asked =
            program(self.folder.path(), "pg_isready").arg("-h").arg(self.folder.path()).output();
        asked.is_ok_and(|answer| answer.status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A database of a test's own, on a server that the tests of a process share while any of them has
/// a database.
pub struct SharedPostgres {
    keeper: Arc<Keeper>,
    name: String,
}

impl SharedPostgres {
    /// Creates an empty database.
    ///
    /// # Panics
    /// As [`Postgres::start`] does, and if the database cannot be created.
    #[must_use]
    pub fn new() -> Self {
        static KEPT: Mutex<Weak<Keeper>> = Mutex::new(Weak::new());
        static NAMES: AtomicU64 = AtomicU64::new(0);
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let keeper = kept.upgrade().unwrap_or_else(|| Arc::new(Keeper::start()));
        *kept = Arc::downgrade(&keeper);
        drop(kept);
        let name = format!("test_{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let made = program(&keeper.folder, "createdb")
            .arg("--host")
            .arg(&keeper.folder)
            .args(["--username", USER, &name])
            .output()
            .expect("createdb can be started");
        assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        Self { keeper, name }
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        url(&self.keeper.folder, &self.name)
    }
}

impl Default for SharedPostgres {
    fn default() -> Self {
        Self::new()
    }
}

/// A thread that owns a server. A server ends with the thread that started it, and the thread of a
/// test ends before other tests have finished with the server.
struct Keeper {
    folder: PathBuf,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    fn start() -> Self {
        let (end, ended) = channel();
        let (begun, folder) = channel();
        let thread = std::thread::spawn(move || {
            let postgres = Postgres::start();
            if begun.send(postgres.folder.path().to_owned()).is_ok() {
                // Wait until nobody is left who could send.
                let _ = ended.recv();
            }
        });
        match folder.recv() {
            Ok(folder) => Self { folder, end: Some(end), thread: Some(thread) },
            Err(_) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => unreachable!("a server that runs has said where"),
            },
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // The thread has stopped the server by then, and has removed its folder.
            let _ = thread.join();
        }
    }
}

fn url(folder: &Path, name: &str) -> String {
    format!("postgres://{USER}@localhost/{name}?host={}", folder.display())
}

/// The command of a program of the newest server on this machine. It runs as a user that the
/// program accepts, and ends when this thread ends.
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
    let newest = folders
        .map(|entry| entry.path())
        .filter(|path| version(path).is_some())
        .max_by_key(version);
    newest.expect("there is no PostgreSQL in /usr/lib/postgresql; run `./x ci`, which installs it, or `apt-get install postgresql`")
}
