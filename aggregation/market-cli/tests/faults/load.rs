//! Two nodes and four workers on one PostgreSQL server. They are asked for more than they can do,
//! and one node is killed in the middle.

use std::time::Duration;

use futures_util::future::join_all;
use velum_market_model::Latency;
use velum_market_provider::NodeClient;
use velum_market_sql::testing::Postgres;

use crate::harness::chance::is_whole;
use crate::harness::client::{Order, together};
use crate::harness::relay::Relay;
use crate::harness::{Databases, Point, Setup, Site, Watch, Who, address};
use crate::worker::record_batches;

/// The presentations that are folded together.
const COMPANY: [usize; 3] = [0, 1, 2];

/// How many presentations are folded alone: in a sample, and in all.
const ALONE: usize = 3;
const ALONE_WHOLE: usize = 20;

/// How many callers ask all the time.
const ASKERS: usize = 8;

/// How many clients submit jobs and take them back all the time.
const HESITANT: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_killed_under_load() {
    let alone = COMPANY.len()..COMPANY.len() + if is_whole() { ALONE_WHOLE } else { ALONE };
    let singles: Vec<_> = alone.clone().map(|number| [number]).collect();
    let batches: Vec<&[usize]> =
        singles.iter().map(|single| &single[..]).chain([&COMPANY[..]]).collect();
    record_batches(0, &batches);

    let postgres = Postgres::start();
    let mut setup = Setup::new(Databases::Postgres(&postgres), "two nodes under load");
    setup.addresses.push(address());
    setup.workers = 4;
    let balancer = Relay::start(setup.addresses.clone()).await;
    setup.markets = vec![balancer.url()];
    let site = Site::start(setup).await;

    let mut orders = Order::company(COMPANY.len());
    orders.extend(alone.clone().map(|number| Order::new(number, Latency::Single)));
    for (place, order) in orders.iter_mut().enumerate() {
        order.after = Duration::from_millis(100 * place as u64);
    }
    for (place, round) in
        (0..HESITANT).flat_map(|place| (0..rounds()).map(move |round| (place, round)))
    {
        let mut order = Order::new(alone.end + place, together(60 * 60 * 1000));
        order.who = 1000 * (place + 1) + round;
        // Their prices put each of them into a batch of its own, which nothing closes.
        order.maximum = 4000 << place;
        order.stop_after = Some(Duration::from_millis(100 * round as u64 % 700));
        orders.push(order);
    }
    let load = async {
        let asking = join_all((0..ASKERS).map(|number| ask(&site, number)));
        let killed = async {
            Watch::new(&site).until(Point::RootDone).await;
            site.kill(Who::Node(0));
        };
        futures_util::join!(asking, killed);
    };
    site.run(&orders, load).await;
}

/// How often each of them submits a job and takes it back.
fn rounds() -> usize {
    if is_whole() { 30 } else { 3 }
}

/// Asks both nodes in turn, until everything is over.
async fn ask(site: &Site, number: usize) {
    let nodes: Vec<_> =
        site.nodes().iter().map(|node| NodeClient::new(node.parse().unwrap()).unwrap()).collect();
    for node in nodes.iter().cycle().skip(number % nodes.len()) {
        let asked = async {
            node.market().await?;
            node.lots("dutch").await?;
            node.log(0).await?;
            node.head().await.map(drop)
        };
        if let Err(error) = asked.await {
            assert!(error.may_pass(), "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if site.has_ended_for(Duration::ZERO) {
            return;
        }
    }
}
