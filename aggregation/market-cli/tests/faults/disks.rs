//! A full disk with all state on it. It is a small disk in memory, in a namespace of its own, in
//! which this program is started a second time.

use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use crate::harness::chance::sampled;
use crate::harness::client::Order;
use crate::harness::namespace::run_inside;
use crate::harness::{Databases, Point, Setup, Site, Watch};
use crate::worker::record_batches;

/// The name of the test in the namespace.
const INSIDE: &str = "disks::in_a_namespace_of_its_own";

/// The size of the small disk. The market's files take less.
const SIZE: &str = "size=64m";

const POINTS: [Point; 7] = [
    Point::Begun,
    Point::Submitted,
    Point::Locked,
    Point::Fetching,
    Point::LeafBegun,
    Point::RootBegun,
    Point::RootDone,
];

#[test]
fn a_disk_is_full() {
    run_inside(&["--mount"], INSIDE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "another test starts it"]
async fn in_a_namespace_of_its_own() {
    record_batches(0, &[&[0, 1, 2]]);
    for point in sampled(&POINTS, 2) {
        let disk = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", SIZE, "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(disk.path()).status().unwrap();
        assert!(mounted.success(), "it is started in a namespace");
        let mut setup =
            Setup::new(Databases::Sqlite, format!("the disk is full from {point:?} on"));
        setup.state = Some(disk.path().to_owned());
        let site = Site::start(setup).await;
        let full = async {
            Watch::new(&site).until(point).await;
            let filler = disk.path().join("filler");
            fill(&filler);
            tokio::time::sleep(Duration::from_secs(3)).await;
            std::fs::remove_file(filler).unwrap();
        };
        site.run(&Order::company(3), full).await;
        drop(site);
        Command::new("umount").arg(disk.path()).status().unwrap();
    }
}

/// Takes all the room there is, down to the last page.
fn fill(path: &std::path::Path) {
    let mut file = File::create(path).unwrap();
    for length in [1 << 20, 4 << 10] {
        while file.write_all(&vec![1; length]).is_ok() {}
    }
}
