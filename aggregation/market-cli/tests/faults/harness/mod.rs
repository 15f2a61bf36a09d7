//! A market whose nodes, providers and workers are processes of the program, and what must hold of
//! it in the end.
//!
//! This module sets the market up and runs one history. The submodules follow a history in this
//! order:
//!
//! - `chance` chooses what happens, and `store` makes the databases.
//! - `process` starts and kills programs, and `client` submits jobs.
//! - `relay` and `namespace` are what can be cut between programs and between machines.
//! - `watch` says how far a market has come, and `check` what must hold in the end.

pub mod chance;
mod check;
pub mod client;
pub mod namespace;
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
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{Either, join_all, select};
use tempfile::TempDir;
use velum_market_blobs::Blobs;
use velum_market_blobs::testing::Bucket;
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

/// How long one history may take, on a machine that others use too.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long a history that proves may take.
const PATIENCE_OF_PROOFS: Duration = Duration::from_secs(1800);

/// How many lines of each program's log are printed if a history fails.
const LOG_LINES: usize = 60;

/// The amount that a provider deposits. It stakes half of it.
const PROVIDER_MONEY: u64 = 100_000_000;

const NODE: [u8; 32] = [0x33; 32];
const TOKEN: [u8; 32] = [0x44; 32];

/// The lease is short enough that another worker soon continues, and long enough that a live worker
/// keeps it on a busy machine.
pub const PACE: Pace = Pace {
    lease: Duration::from_millis(2500),
    poll: Duration::from_millis(20),
    backoff: Duration::from_millis(50),
};

/// Changes the command that a program is started with.
type With = Box<dyn Fn(Who, &mut Command)>;

/// How a market is set up.
pub struct Setup<'a> {
    pub databases: Databases<'a>,
    /// The addresses on which nodes listen.
    pub addresses: Vec<String>,
    pub providers: usize,
    /// The number of workers of each provider.
    pub workers: usize,
    pub rules: Settings,
    /// Whether a provider may be away for so long that it loses a lease.
    pub leases_break: bool,
    /// How long workers take for a task whose proof is recorded. `None` if the workers are
    /// `velum-market market work` and prove.
    pub takes: Option<Duration>,
    /// The URL at which each provider finds the market. A provider without one uses the first node.
    pub markets: Vec<String>,
    /// The bucket of all stores. `None` if they are in folders.
    pub bucket: Option<Arc<Bucket>>,
    /// The folder of databases and stores. `None` for the folder of the market.
    pub state: Option<PathBuf>,
    /// Changes the command that a program is started with.
    pub with: With,
    /// What is printed if a history fails.
    pub about: String,
}

impl<'a> Setup<'a> {
    /// Sets up one node, one provider and one worker. Three jobs close a batch.
    pub fn new(databases: Databases<'a>, about: impl Into<String>) -> Self {
        let mut rules = Settings::from(Rules::default());
        rules.batch.target = Count::constant(3);
        Self {
            databases,
            addresses: vec![address()],
            providers: 1,
            workers: 1,
            rules,
            leases_break: false,
            takes: Some(Duration::from_millis(20)),
            markets: Vec::new(),
            bucket: None,
            state: None,
            with: Box::new(|_, _| ()),
            about: about.into(),
        }
    }
}

/// A running market.
pub struct Site {
    folder: TempDir,
    about: String,
    /// The URLs of the nodes.
    nodes: Vec<String>,
    bucket: Option<Arc<Bucket>>,
    /// The folder with the files of the market's store.
    store: PathBuf,
    /// The state of each provider.
    states: Vec<State>,
    rules: Rules,
    leases_break: bool,
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
        let bucket = setup.bucket;
        // The URL of a store, and the folder of its files.
        let store = |name: &str| match &bucket {
            Some(bucket) => (bucket.url(name), bucket.folder(name)),
            None => {
                let folder = state.join(format!("{name}-blobs"));
                (format!("file://{}", folder.display()), folder)
            }
        };
        let (blobs, folder_of_market) = store("market");
        write_secret(at, "node.key", NODE);
        write_secret(at, "operator.token", TOKEN);
        let mut states = Vec::new();
        for number in 0..setup.providers {
            let name = Who::Provider(number).name();
            write_secret(at, &format!("{name}.key"), secret(number));
            let database = setup.databases.make(&state, &name.replace('-', "_")).await;
            let (blobs, store) = store(&name);
            states.push(State { name, database, blobs, store });
        }
        let rules = Rules::new(setup.rules.clone()).unwrap();
        std::fs::write(at.join("market.toml"), config(&database, &blobs, setup.rules)).unwrap();
        let nodes: Vec<_> =
            setup.addresses.iter().map(|address| format!("http://{address}/")).collect();
        let site = Self {
            about: format!("{} on {}", setup.about, setup.databases.name()),
            nodes,
            store: folder_of_market,
            states,
            rules,
            bucket,
            leases_break: setup.leases_break,
            pace: if setup.takes.is_some() { PACE } else { Pace::USUAL },
            patience: if setup.takes.is_some() { PATIENCE } else { PATIENCE_OF_PROOFS },
            processes: RefCell::default(),
            ended: Cell::default(),
            folder,
        };
        let mut whole: Vec<_> = (0..setup.addresses.len()).map(Who::Node).collect();
        for of in 0..setup.providers {
            whole.push(Who::Provider(of));
            whole.extend((0..setup.workers).map(|number| Who::Worker { of, number }));
        }
        let programs = Rc::new(Programs {
            folder: site.folder.path().to_owned(),
            node: site.nodes[0].clone(),
            markets: setup.markets,
            addresses: setup.addresses,
            states: site.states.clone(),
            variables: site.bucket.iter().flat_map(|bucket| bucket.variables()).collect(),
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

    /// Kills a program.
    pub fn kill(&self, who: Who) {
        self.processes.borrow_mut().get_mut(&who).unwrap().kill();
    }

    pub fn start_again(&self, who: Who) {
        self.processes.borrow_mut().get_mut(&who).unwrap().start();
    }

    /// The URLs of the nodes.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Whether at least this much time has passed since all clients had seen their jobs end.
    pub fn has_ended_for(&self, time: Duration) -> bool {
        self.ended.get().is_some_and(|ended| ended.elapsed() >= time)
    }

    /// What a program has logged so far.
    pub fn log(&self, who: Who) -> String {
        std::fs::read_to_string(self.processes.borrow()[&who].log()).unwrap_or_default()
    }

    /// Has clients submit their jobs while something happens, until every client has seen its job
    /// end. Then checks that everything holds.
    pub async fn run(&self, orders: &[Order], happens: impl Future<Output = ()>) {
        let outcomes = self.hand_in(orders, happens).await;
        self.check(orders, &outcomes).await;
    }

    async fn hand_in(&self, orders: &[Order], happens: impl Future<Output = ()>) -> Vec<Outcome> {
        let made = made(orders.iter().map(|order| order.number + 1).max().unwrap_or_default());
        let payees: Vec<_> = (0..self.states.len()).map(payee).collect();
        let payees = &payees;
        let clients = made.iter().enumerate().map(|(number, made)| async move {
            let mut outcomes = Vec::new();
            // One after the other, because a presentation is one job at a time.
            for (place, order) in
                orders.iter().enumerate().filter(|(_, order)| order.number == number)
            {
                outcomes.push((place, client::run(&self.nodes, order, made, payees).await));
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

    /// Waits for a future. Meanwhile, every program that ends by itself is started again.
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

    /// A provider's workshop, opened as another worker opens it.
    async fn workshop(&self, provider: usize) -> Workshop {
        let State { name, database, blobs, .. } = &self.states[provider];
        let blobs = match &self.bucket {
            Some(bucket) => bucket.open(name),
            None => Blobs::open(blobs).unwrap(),
        };
        worker::open(database, blobs, Duration::ZERO, self.pace).await.unwrap()
    }

    /// The folders of all stores, the market's first.
    pub fn stores(&self) -> Vec<&Path> {
        [&self.store]
            .into_iter()
            .chain(self.states.iter().map(|state| &state.store))
            .map(|path| &**path)
            .collect()
    }
}

impl Drop for Site {
    /// If the test fails, prints the end of every program's log.
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
            lines[lines.len().saturating_sub(LOG_LINES)..]
                .iter()
                .for_each(|line| eprintln!("{line}"));
        }
    }
}

/// What a provider shares with its workers.
#[derive(Clone)]
struct State {
    name: String,
    /// The URLs of the database and the blobs.
    database: String,
    blobs: String,
    /// The folder with the files of its blobs.
    store: PathBuf,
}

/// What programs are started with.
struct Programs {
    folder: PathBuf,
    addresses: Vec<String>,
    node: String,
    markets: Vec<String>,
    states: Vec<State>,
    variables: Vec<(&'static str, String)>,
    takes: Option<Duration>,
    with: With,
}

impl Programs {
    fn command(&self, who: Who) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_velum-market"));
        let path = |name: &str| self.folder.join(name).display().to_string();
        let state = |provider: usize| {
            let State { database, blobs, .. } = &self.states[provider];
            ["--database", database, "--blobs", blobs]
        };
        let mut started = match (who, self.takes) {
            (Who::Worker { of, .. }, Some(takes)) => {
                worker::command(&self.states[of].database, &self.states[of].blobs, takes)
            }
            _ => command(program),
        };
        match who {
            Who::Node(number) => {
                let listen = &self.addresses[number];
                started.args([
                    "market",
                    "serve",
                    "--config",
                    &path("market.toml"),
                    "--listen",
                    listen,
                ]);
            }
            Who::Provider(number) => {
                let money = PROVIDER_MONEY.to_string();
                let market = self.markets.get(number).unwrap_or(&self.node);
                let key = path(&format!("{}.key", who.name()));
                started.args(["market", "provide", "--market", market, "--key", &key]);
                started.args(["--lots", "16", "--demo-money", &money]).args(state(number));
                if self.takes.is_some() {
                    started.args(["--lot-seconds", "1", "--each-seconds", "0"]);
                }
            }
            Who::Worker { of, .. } if self.takes.is_none() => {
                started.args(["market", "work", "--name", &who.name()]).args(state(of));
            }
            Who::Worker { .. } => (),
        }
        started.envs(self.variables.iter().cloned());
        (self.with)(who, &mut started);
        started
    }
}

/// An address of this machine that no other history has. Outgoing connections never take such an
/// address.
pub fn address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let [low, high] = [(process & 0xff) as u8, (process >> 8 & 0x7f) as u8];
    format!("127.{}.{low}.{}:{}", 128 + high, number % 250 + 1, 8460 + number / 250)
}

/// A provider's key.
pub fn provider(number: usize) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &secret(number)).unwrap()
}

/// The payee of a provider's aggregates.
pub fn payee(number: usize) -> Hash {
    provider(number).public().owner()
}

fn secret(number: usize) -> [u8; 32] {
    [0x22 + 2 * number as u8; 32]
}

fn write_secret(folder: &Path, name: &str, secret: [u8; 32]) {
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(0o600).open(folder.join(name)).unwrap();
    std::io::Write::write_all(&mut file, hex::encode(secret).as_bytes()).unwrap();
}

fn config(database: &str, blobs: &str, rules: Settings) -> String {
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
