//! Stores of blobs that cannot be used for a while. They are in folders, or in a bucket whose
//! server is away, slow or fails.

use std::sync::Arc;
use std::time::Duration;

use velum_market_blobs::testing::{Answers, Bucket};

use crate::harness::chance::sampled;
use crate::harness::client::Order;
use crate::harness::{Databases, Point, Setup, Site, Watch, address};
use crate::worker::record_batches;

/// The points at which stores go away.
const POINTS: [Point; 7] = [
    Point::Begun,
    Point::Closed,
    Point::Locked,
    Point::Fetching,
    Point::LeafBegun,
    Point::RootBegun,
    Point::RootDone,
];

/// A folder that nobody can read or write, whatever their rights.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_away() {
    record_batches(0, &[&[0, 1, 2]]);
    for point in sampled(&POINTS, 2) {
        let site = Site::start(Setup::new(
            Databases::Sqlite,
            format!("folders are away from {point:?} on"),
        ))
        .await;
        let away = async {
            Watch::new(&site).until(point).await;
            let folders = site.stores();
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                std::fs::rename(folder, folder.with_extension("away")).unwrap();
                // A link to itself: the system never answers that there is nothing.
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

/// The ways in which the server of a bucket may answer.
const ANSWERS: [Answers; 4] = [
    Answers::Never,
    Answers::Late(Duration::from_millis(700)),
    Answers::With(500),
    Answers::With(503),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_in_a_bucket() {
    record_batches(0, &[&[0, 1, 2]]);
    let site = Site::start(in_a_bucket("nothing is wrong").await.0).await;
    site.run(&Order::company(3), std::future::ready(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_away() {
    record_batches(0, &[&[0, 1, 2]]);
    let all: Vec<_> =
        POINTS.iter().flat_map(|point| ANSWERS.map(|answers| (*point, answers))).collect();
    for (point, answers) in sampled(&all, 2) {
        let (setup, bucket) =
            in_a_bucket(&format!("the bucket answers {answers:?} from {point:?} on")).await;
        let site = Site::start(setup).await;
        let away = async {
            Watch::new(&site).until(point).await;
            bucket.set(answers);
            tokio::time::sleep(Duration::from_secs(3)).await;
            bucket.set(Answers::Well);
        };
        site.run(&Order::company(3), away).await;
    }
}

/// A market whose stores are in a bucket, together with the stores of its provider.
async fn in_a_bucket(about: &str) -> (Setup<'static>, Arc<Bucket>) {
    let bucket = Arc::new(Bucket::start(&address()).await);
    let mut setup = Setup::new(Databases::Sqlite, about);
    setup.bucket = Some(bucket.clone());
    (setup, bucket)
}
