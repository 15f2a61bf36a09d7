//! Batches that no further job fits into.

use velum_market::Options;
use velum_market_model::*;

use crate::people::{cancel, deposit, job, submission, submit};
use crate::running::{Node, key};

/// A job whose batch collects until it has two jobs. The job asks for a collateral that leaves no
/// room for another such job.
async fn large(node: &Node, client: &SecretKey, number: usize) -> Job {
    let mut job = job(node, client, &submission(number)).await;
    job.offer.collateral = Amount::new((1 << 53) - 1).unwrap();
    let max_wait = Duration::constant(1000);
    job.latency = Latency::Aggregated { max_wait, min_batch: Count::constant(2) };
    job
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_does_not_fit_is_in_another_batch() {
    let options = Options { demo_money: Some(Amount::constant(1 << 40)), ..Options::default() };
    let node = Node::start(options).await;
    let client = key(1);
    assert_eq!(deposit(&node, &client, 1 << 30).await.status, 200);
    let mut ids = Vec::new();
    for number in 0..3 {
        let job = large(&node, &client, number).await;
        let taken = submit(&node, &client, &job, &submission(number)).await;
        assert_eq!((taken.status, &taken.json()["state"]), (200, &"waiting".into()), "{taken:?}");
        ids.push((id(&job).unwrap(), job.offer.lock_by));
    }
    let batches = node.market.overview().await.unwrap().batches;
    assert_eq!(batches.iter().map(|batch| batch.count.get()).collect::<Vec<_>>(), [1; 3]);

    // A batch whose jobs are gone no longer exists.
    let (gone, lock_by) = ids.remove(1);
    assert_eq!(cancel(&node, &client, gone, lock_by).await.json()["state"], "cancelled");
    assert_eq!(node.market.overview().await.unwrap().batches.len(), 2);

    // The other two are offered once they have waited.
    while !node.market.overview().await.unwrap().batches.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        node.market.do_due().await.unwrap();
    }
    for (job, _) in ids {
        assert_eq!(node.get(&format!("/v1/jobs/{job}")).await.json()["state"], "offered");
    }
    assert!(node.market.balance().await.unwrap().balanced);
}
