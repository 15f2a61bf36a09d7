//! Stores of blobs in folders that cannot be read or written for a while.

use std::time::Duration;

use crate::harness::chance::sampled;
use crate::harness::client::Order;
use crate::harness::{Databases, Point, Setup, Site, Watch};
use crate::worker::record_batches;

/// Where stores are away.
pub const POINTS: [Point; 7] = [
    Point::Begun,
    Point::Closed,
    Point::Locked,
    Point::Fetching,
    Point::LeafBegun,
    Point::RootBegun,
    Point::RootDone,
];

/// A folder that cannot be read or written, whoever tries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_away() {
    record_batches(0, &[&[0, 1, 2]]);
    for point in sampled(&POINTS, 2) {
        let site =
            Site::start(Setup::new(Databases::Sqlite, format!("folders are away from {point:?} on"))).await;
        let away = async {
            Watch::new(&site).until(point).await;
            let folders = site.stores();
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                std::fs::rename(folder, folder.with_extension("away")).unwrap();
                // A link that leads to itself: no answer of the system says that there is nothing.
                std::os::unix::fs::symlink(folder, folder).unwrap();
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
            for folder in folders.iter().filter(|folder| folder.is_symlink()) {
                std::fs::remove_file(folder).unwrap();
                std::fs::rename(folder.with_extension("away"), folder).unwrap();
            }
        };
        site.run(&Order::company(3), away).await;
    }
}
