//! Blobs in a bucket whose server is away for a while.

use velum_market_blobs::testing::{Answers, Bucket};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_is_away_is_waited_for() {
    let bucket = Bucket::start("127.0.0.1:0").await;
    let prover = Names { takes: Duration::from_millis(50), ..Names::default() };
    let folder = tempfile::tempdir().unwrap();
    let world = World::of(prover, FAST, None, folder, bucket.open("provider")).await;
    let lot = lot(1, presentations(8));
    world.workshop.take(&lot).await.unwrap();
    let workers = [world.worker().await, world.worker().await];
    for (done, answers) in [(2, Answers::Never), (5, Answers::With(503)), (8, Answers::With(500))] {
        while world.prover.done().len() < done {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bucket.set(answers);
        tokio::time::sleep(Duration::from_millis(300)).await;
        bucket.set(Answers::Well);
    }
    world.folded(&lot).await;
    for worker in workers {
        worker.drain().await;
    }
    assert!(world.workshop.dead().await.unwrap().is_empty());
    world.workshop.drop_lot(lot.id).await.unwrap();
    let left = std::fs::read_dir(bucket.folder("provider/named-results")).unwrap().flatten();
    let left: Vec<_> = left.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap()).collect();
    assert!(left.is_empty(), "{left:?}");
}
