//! Workers that are killed.

use std::pin::pin;
use std::task::Poll;

use futures_util::stream::{self, StreamExt};

use super::*;
use crate::store::MOST_ATTEMPTS;

/// Leases that end soon after a worker has gone.
const SHORT: Pace = Pace { lease: Duration::from_millis(400), ..FAST };

/// Lets a worker run for this many steps, each to the next point where it waits, and drops it
/// there.
async fn kill_after(steps: usize, workshop: &Workshop) {
    let mut work = pin!(workshop.work("killed", CancellationToken::new()));
    let mut left = steps;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(cx).map(|ended| ended.unwrap())
    })
    .await;
}

async fn nothing_is_lost(steps: usize) {
    let world = World::with(Names::default(), SHORT, None).await;
    let lot = lot(1, presentations(2));
    world.workshop.take(&lot).await.unwrap();
    kill_after(steps, &world.again().await).await;
    let worker = world.worker().await;
    world.folded(&lot).await;
    worker.drain().await;
    for counted in world.workshop.tasks().await.unwrap() {
        assert_eq!(counted.state, State::Done, "after {steps} steps");
    }
}

/// Wherever a worker is killed, another worker does what it left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_is_killed_at_every_step() {
    let steps = (1..150).chain((150..400).step_by(10));
    stream::iter(steps.map(nothing_is_lost)).buffer_unordered(8).collect::<Vec<_>>().await;
}

/// Many workers work on a larger lot, and some of them are killed all the time.
pub(super) async fn killed_all_the_time(world: &World) {
    let lot = lot(1, presentations(20));
    world.workshop.take(&lot).await.unwrap();
    let killed = async {
        for round in 0..40 {
            let workshop = world.again().await;
            // The steps have no pattern, and are the same each time.
            let steps = usize::from(Hash::of(&[&[round]]).0[0]);
            let _ = tokio::time::timeout(Duration::from_millis(200), kill_after(steps, &workshop))
                .await;
            // A task whose worker was killed each time is dead, and rightly so.
            for dead in workshop.dead().await.unwrap() {
                workshop.revive(dead.task.name).await.unwrap();
            }
        }
    };
    let worker = world.worker().await;
    tokio::join!(killed, world.folded(&lot));
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_are_killed_all_the_time() {
    killed_all_the_time(&World::with(Names::default(), SHORT, None).await).await;
}

/// A task that takes its worker with it ends as a dead one, and takes no more workers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_kills_its_workers_dies() {
    let prover = Names { takes: Duration::from_secs(1), ..Names::default() };
    let world = World::with(prover, SHORT, None).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    for attempt in 1..=usize::try_from(MOST_ATTEMPTS).unwrap() {
        let worker = world.worker().await;
        while world.prover.begun.load(Ordering::SeqCst) < attempt {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        worker.work.abort();
    }
    let worker = world.worker().await;
    world.until(Kind::Leaf, State::Dead, 1).await;
    let dead = world.workshop.dead().await.unwrap();
    assert!(dead[0].error.contains("was lost while it did the task"), "{}", dead[0].error);
    worker.drain().await;
}
