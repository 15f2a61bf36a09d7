//! Machines with clocks that are days off, by libfaketime. The database's clock is the market's
//! clock, and no other clock counts.

use std::path::PathBuf;
use std::process::Command;

use velum_market_provider::NodeClient;
use velum_market_sql::testing::Postgres;

use crate::harness::client::Order;
use crate::harness::relay::Relay;
use crate::harness::{Databases, Setup, Site, Who, address};
use crate::worker::record_batches;

/// How far off each machine's clock is.
const fn off(who: Who) -> &'static str {
    match who {
        Who::Node(0) => "-2d",
        Who::Node(_) => "+9d",
        Who::Provider(_) => "+40d",
        Who::Worker { .. } => "-300d",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_databases_clock_counts() {
    record_batches(0, &[&[0, 1, 2]]);
    let library = libfaketime();
    let postgres = Postgres::start();
    let mut setup = Setup::new(Databases::Postgres(&postgres), "clocks that are wrong");
    setup.addresses.push(address());
    setup.workers = 2;
    let balancer = Relay::start(setup.addresses.clone()).await;
    setup.markets = vec![balancer.url()];
    setup.with = Box::new(move |who, command| {
        // The monotonic clock stays real, so that what a program waits for does not take days.
        command
            .env("LD_PRELOAD", &library)
            .env("FAKETIME", off(who))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    });
    let begun = seconds("now");
    let site = Site::start(setup).await;
    site.run(&Order::company(3), std::future::ready(())).await;

    let node = NodeClient::new(site.nodes()[0].parse().unwrap()).unwrap();
    let (log, ended) = (node.log(0).await.unwrap(), seconds("now"));
    for entry in log {
        let at = entry.at.get() / 1000;
        assert!((begun..=ended).contains(&at), "{entry:?} is not between {begun} and {ended}");
    }
    let worker = |number| Who::Worker { of: 0, number };
    for who in [Who::Node(0), Who::Node(1), Who::Provider(0), worker(0), worker(1)] {
        let log = site.log(who);
        let day =
            log.lines().find_map(|line| line.split_once('T').filter(|(day, _)| day.len() == 10));
        let (day, _) = day.unwrap_or_else(|| panic!("{} has said nothing: {log}", who.name()));
        let days = (seconds(day) as i64 - begun as i64) / 86_400;
        assert!(days.abs() >= 1, "{} takes it for {day}", who.name());
    }
}

/// The seconds since 1970 of a date, in any form that `date` understands.
fn seconds(what: &str) -> u64 {
    let printed = Command::new("date").args(["-u", "-d", what, "+%s"]).output().unwrap();
    String::from_utf8(printed.stdout).unwrap().trim().parse().unwrap()
}

fn libfaketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let library = folders
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.is_file());
    library.expect("there is no libfaketime in /usr/lib; run `./x ci`, which installs it, or `apt-get install libfaketime`")
}
