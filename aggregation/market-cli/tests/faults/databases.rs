//! A PostgreSQL server that crashes and comes back, or gives no answer for a while.

use std::process::Command;
use std::time::Duration;

use velum_market_sql::testing::Postgres;

use crate::harness::chance::sampled;
use crate::harness::client::Order;
use crate::harness::{Databases, Point, Setup, Site, Watch};
use crate::worker::record_batches;

/// The points at which the server goes away. At later points it has nothing to do with this lot.
const POINTS: [Point; 8] = [
    Point::Begun,
    Point::Submitted,
    Point::Closed,
    Point::Locked,
    Point::LeafBegun,
    Point::MergeBegun,
    Point::RootDone,
    Point::Settled,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_crashes_and_comes_back() {
    record_batches(0, &[&[0, 1, 2]]);
    for point in sampled(&POINTS, 2) {
        let mut postgres = Postgres::start();
        let setup = Setup::new(
            Databases::Postgres(&postgres),
            format!("the database crashes at {point:?}"),
        );
        let site = Site::start(setup).await;
        let crash = async {
            let mut watch = Watch::new(&site);
            watch.until(point).await;
            drop(watch);
            postgres.stop();
            tokio::time::sleep(Duration::from_millis(1500)).await;
            postgres.resume();
        };
        site.run(&Order::company(3), crash).await;
    }
}

/// The server is silent for longer than anyone waits for a connection, so that callers get an
/// error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_gives_no_answer() {
    record_batches(0, &[&[0, 1, 2]]);
    for point in sampled(&POINTS, 1) {
        let postgres = Postgres::start();
        let setup = Setup::new(
            Databases::Postgres(&postgres),
            format!("the database is silent from {point:?} on"),
        );
        let site = Site::start(setup).await;
        let silence = async {
            Watch::new(&site).until(point).await;
            let stopped = Stopped::all_of(&postgres);
            tokio::time::sleep(Duration::from_secs(13)).await;
            drop(stopped);
        };
        site.run(&Order::company(3), silence).await;
    }
}

/// Processes of a server that are suspended until this is dropped.
struct Stopped(Vec<String>);

impl Stopped {
    fn all_of(postgres: &Postgres) -> Self {
        let url = postgres.url();
        let (_, folder) = url.split_once("?host=").unwrap();
        let file = std::fs::read_to_string(format!("{folder}/data/postmaster.pid")).unwrap();
        let server = file.lines().next().unwrap().to_owned();
        // The server is suspended first, and then starts no more children.
        let mut stopped = Self(vec![server]);
        stopped.signal("-STOP");
        stopped.0.extend(children(&stopped.0[0]));
        stopped.signal("-STOP");
        stopped
    }

    fn signal(&self, signal: &str) {
        // A process that has ended in the meantime does no harm.
        let _ = Command::new("kill").arg(signal).args(&self.0).output();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

fn children(parent: &str) -> Vec<String> {
    let is_child = |status: String| {
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|of| of.trim() == parent))
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| std::fs::read_to_string(entry.path().join("status")).is_ok_and(is_child))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
