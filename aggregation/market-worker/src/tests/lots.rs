//! Lots that are taken, folded and dropped.

use std::collections::BTreeSet;

use super::*;
use crate::Plan;

fn plan(lot: &LotWork) -> Plan {
    Plan::of(lot.profile, lot.payee, &lot.presentations).unwrap()
}

fn names(plan: &Plan) -> BTreeSet<Hash> {
    plan.tasks.iter().map(|task| task.name).collect()
}

/// Two workers fold a lot, and do each task once.
pub(super) async fn a_lot_is_folded(world: &World) {
    let lot = lot(1, presentations(20));
    world.workshop.take(&lot).await.unwrap();
    assert_eq!(world.workshop.result(lot.id).await.unwrap(), None);
    assert_eq!(world.count(Kind::Leaf, State::Ready).await, 20);
    assert_eq!(world.count(Kind::Wrap, State::Waiting).await, 20);
    let workers = [world.worker().await, world.worker().await];
    let plan = plan(&lot);
    let aggregate = world.folded(&lot).await;
    assert_eq!(aggregate.statements, plan.statements);
    assert_eq!(aggregate.proof, Names::result(plan.root().unwrap().name));
    for worker in workers {
        worker.drain().await;
    }
    let done: Vec<_> = world.prover.done().into_iter().map(|(_, name)| name).collect();
    assert_eq!(done.len(), plan.tasks.len(), "each once");
    assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), names(&plan));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_fold_a_lot() {
    a_lot_is_folded(&World::new(Names::default()).await).await;
}

/// Lots share the tasks that they have in common. What a dropped lot leaves stays while another lot
/// wants it.
pub(super) async fn lots_share_tasks(world: &World) {
    let (first, mut second) = (lot(1, presentations(3)), lot(2, presentations(5)));
    second.payee = Hash([8; 32]);
    for lot in [&first, &second, &first] {
        world.workshop.take(lot).await.unwrap();
    }
    assert_eq!(world.count(Kind::Leaf, State::Ready).await, 5, "a leaf is of no payee");
    assert_eq!(world.count(Kind::Root, State::Waiting).await, 2);
    let worker = world.worker().await;
    world.folded(&first).await;
    world.folded(&second).await;

    world.workshop.drop_lot(first.id).await.unwrap();
    world.workshop.drop_lot(first.id).await.unwrap();
    assert!(
        matches!(world.workshop.result(first.id).await, Err(WorkError::NoLot(id)) if id == first.id)
    );
    assert!(world.workshop.result(second.id).await.unwrap().is_some());
    let (left, kept) = (names(&plan(&first)), names(&plan(&second)));
    for name in left.union(&kept) {
        assert_eq!(world.file(*name).exists(), kept.contains(name));
    }
    assert_eq!(world.blobs.get(first.presentations[0].submission).await.unwrap(), submission(0));

    // A lot that is taken again after it was dropped is folded again.
    world.workshop.take(&first).await.unwrap();
    world.folded(&first).await;
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lots_share_their_tasks() {
    lots_share_tasks(&World::new(Names::default()).await).await;
}

#[tokio::test]
async fn what_was_fetched_for_a_lot_that_is_never_taken_is_dropped_with_it() {
    let world = World::new(Names::default()).await;
    let (taken, lost) = (lot(1, presentations(1)), lot(2, presentations(2)[1..].to_vec()));
    for (lot, number) in [(&taken, 0), (&lost, 1), (&lost, 1)] {
        let hash = world.workshop.fetch(lot.id, submission(number).into()).await.unwrap();
        assert_eq!(hash, lot.presentations[0].submission);
    }
    world.workshop.take(&taken).await.unwrap();
    assert_eq!(world.workshop.untaken().await.unwrap(), [lost.id]);
    for lot in [&taken, &lost] {
        world.workshop.drop_lot(lot.id).await.unwrap();
    }
    assert!(world.workshop.untaken().await.unwrap().is_empty());
    assert!(
        world.blobs.has(taken.presentations[0].submission).await.unwrap(),
        "it is whoever put it's"
    );
    assert!(!world.blobs.has(lost.presentations[0].submission).await.unwrap());
}

/// The result is removed although no other lot is dropped afterwards, and no worker begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_still_done_for_a_lot_that_is_dropped_is_removed() {
    let prover = Names { takes: Duration::from_millis(500), ..Names::default() };
    let world = World::new(prover).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.until(Kind::Leaf, State::Running, 1).await;
    world.workshop.drop_lot(lot.id).await.unwrap();
    worker.drain().await;
    let done = world.prover.done();
    assert_eq!(done.len(), 1, "the leaf was done after all: {done:?}");
    assert!(!world.file(done[0].1).exists());
}

#[tokio::test]
async fn a_lot_is_not_taken_as_another() {
    let world = World::new(Names::default()).await;
    let first = lot(1, presentations(2));
    world.workshop.take(&first).await.unwrap();
    for other in [
        LotWork { payee: Hash([8; 32]), ..first.clone() },
        LotWork { presentations: presentations(3), ..first.clone() },
    ] {
        let refused = world.workshop.take(&other).await;
        assert!(matches!(refused, Err(WorkError::OtherLot(id)) if id == first.id));
    }
    assert!(matches!(world.workshop.take(&lot(2, Vec::new())).await, Err(WorkError::Plan(_))));
    assert_eq!(world.count(Kind::Leaf, State::Ready).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_more_urgent_goes_first() {
    let world = World::new(Names::default()).await;
    let all = presentations(12);
    let later = LotWork { deliver_by: Time::constant(2_000_000), ..lot(1, all[..8].to_vec()) };
    let sooner = LotWork { deliver_by: Time::constant(1_000_000), ..lot(2, all[6..].to_vec()) };
    world.workshop.take(&later).await.unwrap();
    world.workshop.take(&sooner).await.unwrap();
    let worker = world.worker().await;
    world.folded(&later).await;
    worker.drain().await;
    let sooner = names(&plan(&sooner));
    let done: Vec<_> =
        world.prover.done().into_iter().map(|(_, name)| sooner.contains(&name)).collect();
    assert!(done.iter().is_sorted_by_key(|of_sooner| !of_sooner), "{done:?}");
}

/// A worker that drains ends its task and begins no other. It keeps its lease until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_drains() {
    let pace = Pace { lease: Duration::from_secs(1), ..FAST };
    let prover = Names { takes: Duration::from_secs(3), ..Names::default() };
    let world = World::with(prover, pace, None).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    let (first, second) = (world.worker().await, world.worker().await);
    world.until(Kind::Leaf, State::Running, 1).await;
    // One of the workers has nothing to do. It would take the task if the lease ended.
    tokio::join!(first.drain(), async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        second.drain().await;
    });
    let done = world.prover.done();
    assert_eq!(done.iter().filter(|(kind, _)| *kind == Kind::Leaf).count(), 1);
    for counted in world.workshop.tasks().await.unwrap() {
        assert_ne!(counted.state, State::Running);
    }
}
