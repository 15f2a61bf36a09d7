//! A wire between the provider and the node that is cut, held up, or slow.

use std::time::Duration;

use crate::harness::chance::sampled;
use crate::harness::client::Order;
use crate::harness::relay::{Relay, Wire};
use crate::harness::{Databases, Point, Setup, Site, Watch};
use crate::worker::record_batches;

/// When, and what happens to the wire.
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
        let mut setup = Setup::new(Databases::Sqlite, format!("the wire is {state:?} from {point:?} on"));
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
