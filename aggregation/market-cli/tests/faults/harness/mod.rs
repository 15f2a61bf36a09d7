//! A market whose node, provider and workers are processes of the program, and what must hold of it in the end.

mod check;
pub mod client;
mod process;
pub mod relay;
mod store;
mod watch;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{Either, join_all, select};
use tempfile::TempDir;
use velum_market_model::{Algorithm, Count, Hash, SecretKey};
use velum_market_rules::{Rules, Settings};
use velum_market_testing::made;
use velum_market_worker::{Pace, Workshop};

use crate::worker;
use client::{Order, Outcome};
use process::Process;
pub use process::command;

pub use process::Who;
pub use store::Databases;
pub use watch::{Point, Watch};

/// How long one history may take, on a machine that others use.
const PATIENCE: Duration = Duration::from_secs(180);

/// And one that proves.
const PATIENCE_OF_PROOFS: Duration = Duration::from_secs(1800);

/// What is said of a program's log where a history fails.
const LOG_LINES: usize = 60;

/// The provider's secret key, and so the payee of all aggregates.
pub const PROVIDER: [u8; 32] = [0x22; 32];

/// What the provider deposits, of which it stakes half.
const PROVIDER_MONEY: u64 = 100_000_000;

/// The folders of the market's blobs and of the provider's.
pub const STORES: [&str; 2] = ["market-blobs", "provider-blobs"];

const NODE: [u8; 32] = [0x33; 32];
const TOKEN: [u8; 32] = [0x44; 32];

/// A lease short enough that another worker soon goes on, and long enough for one that lives to keep it on a busy machine.
pub const PACE: Pace = Pace {
    lease: Duration::from_millis(2500),
    poll: Duration::from_millis(20),
    backoff: Duration::from_millis(50),
};

/// Changes what a program is started with.
type With = Box<dyn Fn(Who, &mut Command)>;

/// How a market is set up.
pub struct Setup<'a> {
    pub databases: Databases<'a>,
    /// Where nodes listen.
    pub addresses: Vec<String>,
    pub workers: usize,
    /// So many jobs close a batch.
    pub target: u64,
    /// What workers take for a task whose proof is recorded; none, where they are `velum-market market work` and prove.
    pub takes: Option<Duration>,
    /// Where the provider finds the market; at the first node, where nothing is said.
    pub market: Option<String>,
    /// The stores of the market and of the provider; folders, where nothing is said.
    pub blobs: Option<[String; 2]>,
    /// The folder of databases and stores; that of the market, where nothing is said.
    pub state: Option<PathBuf>,
    /// Changes what a program is started with.
    pub with: With,
    /// What is said where a history fails.
    pub about: String,
}

impl<'a> Setup<'a> {
    /// One node, one provider and one worker.
    pub fn new(databases: Databases<'a>, about: impl Into<String>) -> Self {
        Self {
            databases,
            addresses: vec![address()],
            workers: 1,
            target: 3,
            takes: Some(Duration::from_millis(20)),
            market: None,
            blobs: None,
            state: None,
            with: Box::new(|_, _| ()),
            about: about.into(),
        }
    }
}

/// A market that runs.
pub struct Site {
    folder: TempDir,
    about: String,
    /// URLs.
    nodes: Vec<String>,
    provider_database: String,
    blobs: [String; 2],
    pace: Pace,
    patience: Duration,
    processes: RefCell<BTreeMap<Who, Process>>,
    /// When all clients had seen their jobs end.
    ended: Cell<Option<Instant>>,
}

impl Site {
    /// Writes configuration and keys, and starts everything.
    pub async fn start(setup: Setup<'_>) -> Self {
        let site = Self::prepare(setup).await;
        for process in site.processes.borrow_mut().values_mut() {
            process.start();
        }
        site
    }

    async fn prepare(setup: Setup<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let state = setup.state.clone().unwrap_or_else(|| at.to_owned());
        let database = setup.databases.make(&state, "market").await;
        let provider_database = setup.databases.make(&state, "provider").await;
        let folders = STORES.map(|name| format!("file://{}/{name}", state.display()));
        let blobs = setup.blobs.clone().unwrap_or(folders);
        write_secret(at, "node.key", NODE);
        write_secret(at, "provider.key", PROVIDER);
        write_secret(at, "operator.token", TOKEN);
        std::fs::write(at.join("market.toml"), config(&database, &blobs[0], setup.target)).unwrap();
        let nodes: Vec<_> = setup.addresses.iter().map(|address| format!("http://{address}/")).collect();
        let site = Self {
            about: format!("{} on {}", setup.about, setup.databases.name()),
            nodes,
            provider_database,
            blobs,
            pace: if setup.takes.is_some() { PACE } else { Pace::USUAL },
            patience: if setup.takes.is_some() { PATIENCE } else { PATIENCE_OF_PROOFS },
            processes: RefCell::default(),
            ended: Cell::default(),
            folder,
        };
        let whole = (0..setup.addresses.len()).map(Who::Node).chain([Who::Provider]);
        let whole: Vec<_> = whole.chain((0..setup.workers).map(Who::Worker)).collect();
        let programs = Rc::new(Programs {
            folder: site.folder.path().to_owned(),
            market: setup.market.unwrap_or_else(|| site.nodes[0].clone()),
            addresses: setup.addresses,
            database: site.provider_database.clone(),
            blobs: site.blobs[1].clone(),
            takes: setup.takes,
            with: setup.with,
        });
        for who in whole {
            let programs = programs.clone();
            let log = site.folder.path().join(format!("{}.log", who.name()));
            let process = Process::new(log, move || programs.command(who));
            site.processes.borrow_mut().insert(who, process);
        }
        site
    }

    /// Ends a program at once.
    pub fn kill(&self, who: Who) {
        self.processes.borrow_mut().get_mut(&who).unwrap().kill();
    }

    pub fn start_again(&self, who: Who) {
        self.processes.borrow_mut().get_mut(&who).unwrap().start();
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where nodes are.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Whether all clients had seen their jobs end so long ago.
    pub fn has_ended_for(&self, time: Duration) -> bool {
        self.ended.get().is_some_and(|ended| ended.elapsed() >= time)
    }

    /// What a program has said so far.
    pub fn log(&self, who: Who) -> String {
        std::fs::read_to_string(self.processes.borrow()[&who].log()).unwrap_or_default()
    }

    /// Has clients hand their jobs in while something happens, until every client has seen its job end; then checks that everything holds.
    pub async fn run(&self, orders: &[Order], happens: impl Future<Output = ()>) {
        let outcomes = self.hand_in(orders, happens).await;
        self.check(orders, &outcomes).await;
    }

    async fn hand_in(&self, orders: &[Order], happens: impl Future<Output = ()>) -> Vec<Outcome> {
        let made = made(orders.iter().map(|order| order.number + 1).max().unwrap_or_default());
        let clients = made.iter().enumerate().map(|(number, made)| async move {
            let mut outcomes = Vec::new();
            // One after the other: a presentation is one job at a time.
            for (place, order) in orders.iter().enumerate().filter(|(_, order)| order.number == number) {
                outcomes.push((place, client::run(&self.nodes, order, made, payee().0).await));
            }
            outcomes
        });
        let clients = async {
            let outcomes = join_all(clients).await;
            self.ended.set(Some(Instant::now()));
            outcomes
        };
        let (outcomes, ()) = self.kept_up(async { futures_util::join!(clients, happens) }).await;
        self.processes.borrow_mut().values_mut().for_each(Process::start_if_killed);
        let mut outcomes: Vec<_> = outcomes.into_iter().flatten().collect();
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// Waits for something, while whatever ends by itself is started again.
    pub async fn kept_up<T>(&self, something: impl Future<Output = T>) -> T {
        let keep_up = async {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                self.processes.borrow_mut().values_mut().for_each(Process::keep_up);
            }
        };
        let something = std::pin::pin!(tokio::time::timeout(self.patience, something));
        match select(something, std::pin::pin!(keep_up)).await {
            Either::Left((Ok(value), _)) => value,
            Either::Left((Err(_), _)) => panic!("{} has not ended", self.about),
            Either::Right(((), _)) => unreachable!("it goes on for ever"),
        }
    }

    /// The provider's workshop, as another worker opens it.
    pub async fn workshop(&self) -> Workshop {
        worker::open(&self.provider_database, &self.blobs[1], Duration::ZERO, self.pace).await.unwrap()
    }
}

impl Drop for Site {
    /// A test that fails says what every program has said.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        eprintln!("---- {}", self.about);
        for (who, process) in self.processes.borrow_mut().iter_mut() {
            process.kill();
            let log = std::fs::read_to_string(process.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            eprintln!("---- {}, its last lines", who.name());
            lines[lines.len().saturating_sub(LOG_LINES)..].iter().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// What programs are started with.
struct Programs {
    folder: PathBuf,
    addresses: Vec<String>,
    market: String,
    database: String,
    blobs: String,
    takes: Option<Duration>,
    with: With,
}

impl Programs {
    fn command(&self, who: Who) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_velum-market"));
        let path = |name: &str| self.folder.join(name).display().to_string();
        let state = ["--database", &self.database, "--blobs", &self.blobs];
        let mut started = match (who, self.takes) {
            (Who::Worker(_), Some(takes)) => worker::command(&self.database, &self.blobs, takes),
            _ => command(program),
        };
        match who {
            Who::Node(number) => {
                let listen = &self.addresses[number];
                started.args(["market", "serve", "--config", &path("market.toml"), "--listen", listen]);
            }
            Who::Provider => {
                let money = PROVIDER_MONEY.to_string();
                started.args(["market", "provide", "--market", &self.market, "--key", &path("provider.key")]);
                started.args(["--lots", "16", "--demo-money", &money]).args(state);
            }
            Who::Worker(_) if self.takes.is_none() => {
                started.args(["market", "work", "--name", &who.name()]).args(state);
            }
            Who::Worker(_) => (),
        }
        (self.with)(who, &mut started);
        started
    }
}

/// An address of this machine that no other history has: outgoing connections never take one of them.
pub fn address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let [low, high] = [(process & 0xff) as u8, (process >> 8 & 0x7f) as u8];
    format!("127.{}.{low}.{}:{}", 128 + high, number % 250 + 1, 8460 + number / 250)
}

/// All of some, or a sample by chance.
pub fn sampled<T: Clone>(all: &[T], count: usize) -> Vec<T> {
    if is_whole() {
        return all.to_vec();
    }
    let first = chance() as usize % all.len();
    all.iter().cycle().skip(first).step_by((all.len() / count).max(1)).take(count).cloned().collect()
}

/// A number by chance.
pub fn chance() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

/// Whether everything is run, and not a sample.
pub fn is_whole() -> bool {
    std::env::var_os("VELUM_TEST_ALL").is_some()
}

/// For whom everything is counted.
pub fn payee() -> Hash {
    SecretKey::from_bytes(Algorithm::Ed25519, &PROVIDER).unwrap().public().owner()
}

fn write_secret(folder: &Path, name: &str, secret: [u8; 32]) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(folder.join(name)).unwrap();
    std::io::Write::write_all(&mut file, hex::encode(secret).as_bytes()).unwrap();
}

fn config(database: &str, blobs: &str, target: u64) -> String {
    #[derive(serde::Serialize)]
    struct Config<'a> {
        database: &'a str,
        blobs: &'a str,
        key: &'a str,
        operator_token: &'a str,
        listen: &'a str,
        demo_money: u64,
        rules: Settings,
    }
    let mut rules = Settings::from(Rules::default());
    rules.batch.target = Count::constant(target);
    let config = Config {
        database,
        blobs,
        key: "node.key",
        operator_token: "operator.token",
        listen: "127.0.0.1:0",
        demo_money: 1_000_000_000,
        rules,
    };
    toml::to_string(&config).unwrap()
}
