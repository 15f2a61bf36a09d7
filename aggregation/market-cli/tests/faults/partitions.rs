//! A wire between the provider and the node that is cut, held up or slow. And a network of its own,
//! where packets are lost and nobody resets a connection.

use std::rc::Rc;
use std::time::Duration;

use crate::harness::chance::sampled;
use crate::harness::client::Order;
use crate::harness::namespace::{Cut, Machine, run_inside};
use crate::harness::relay::{Relay, Wire};
use crate::harness::{Databases, Point, Setup, Site, Watch, Who};
use crate::worker::record_batches;

/// When something happens to the wire, and what happens.
const PARTITIONS: [(Point, Wire); 10] = [
    (Point::Submitted, Wire::Cut),
    (Point::Closed, Wire::Held),
    (Point::Locked, Wire::Cut),
    (Point::Locked, Wire::Held),
    (Point::Fetching, Wire::Cut),
    (Point::Fetching, Wire::Slow(Duration::from_millis(50))),
    (Point::LeafBegun, Wire::Held),
    (Point::RootBegun, Wire::Cut),
    (Point::RootDone, Wire::Held),
    (Point::RootDone, Wire::Cut),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_is_cut_off() {
    record_batches(0, &[&[0, 1, 2]]);
    for (point, state) in sampled(&PARTITIONS, 3) {
        let mut setup =
            Setup::new(Databases::Sqlite, format!("the wire is {state:?} from {point:?} on"));
        let wire = Relay::start(setup.addresses.clone()).await;
        setup.markets = vec![wire.url()];
        let site = Site::start(setup).await;
        let partition = async {
            Watch::new(&site).until(point).await;
            wire.set(state);
            tokio::time::sleep(Duration::from_secs(3)).await;
            wire.set(Wire::Whole);
        };
        site.run(&Order::company(3), partition).await;
    }
}

/// The name of the test in the namespace.
const INSIDE: &str = "partitions::on_a_network_of_its_own";

/// When something happens to the network, and what happens.
const CUTS: [(Point, Cut); 8] = [
    (Point::Submitted, Cut::Switch),
    (Point::Locked, Cut::Cable),
    (Point::Locked, Cut::Switch),
    (Point::Fetching, Cut::Cable),
    (Point::Fetching, Cut::Switch),
    (Point::RootBegun, Cut::Cable),
    (Point::RootDone, Cut::Switch),
    (Point::RootDone, Cut::Cable),
];

#[test]
fn a_network_is_partitioned() {
    run_inside(&["--net"], INSIDE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "another test starts it"]
async fn on_a_network_of_its_own() {
    record_batches(0, &[&[0, 1, 2]]);
    let machine = match Machine::start() {
        Ok(machine) => Rc::new(machine),
        Err(why) => {
            eprintln!("skipped: this system lets nobody have a network: {why}");
            return;
        }
    };
    for (point, cut) in sampled(&CUTS, 1) {
        let mut setup = Setup::new(Databases::Sqlite, format!("{cut:?} fails from {point:?} on"));
        setup.addresses = vec![Machine::address()];
        let other = machine.clone();
        setup.with = Box::new(move |who, command| {
            if !matches!(who, Who::Node(_)) {
                other.take(command);
            }
        });
        let site = Site::start(setup).await;
        let partition = async {
            Watch::new(&site).until(point).await;
            cut.begin();
            tokio::time::sleep(Duration::from_secs(3)).await;
            cut.end();
        };
        site.run(&Order::company(3), partition).await;
    }
}
