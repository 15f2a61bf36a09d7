//! Tasks that fail, results that are lost, and stores that are away.

use velum_market_sql::sqlx::{self, AnyConnection, Connection};

use super::*;
use crate::DeadTask;
use crate::store::MOST_ATTEMPTS;

fn failed(times: usize) -> Vec<Failure> {
    vec![Failure::Unproven(Unproven::Failed("as the test has it".to_owned())); times]
}

fn most() -> usize {
    usize::try_from(MOST_ATTEMPTS).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_tried_again_later_each_time() {
    let pace = Pace { backoff: Duration::from_millis(50), ..FAST };
    let world = World::with(Names::failing(Kind::Wrap, failed(most() - 1)), pace, None).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    let begun = std::time::Instant::now();
    let worker = world.worker().await;
    world.folded(&lot).await;
    worker.drain().await;
    // The waits after the first four failures.
    assert!(begun.elapsed() >= pace.backoff * (1 + 4 + 9 + 16));
    assert!(world.workshop.dead().await.unwrap().is_empty());
}

pub(super) async fn what_fails_for_good_is_dead_until_it_is_revived(world: &World) {
    let lot = lot(1, presentations(2));
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.until(Kind::Root, State::Dead, 1).await;
    let dead = world.workshop.dead().await.unwrap();
    let [DeadTask { task, lots, attempts, error }] = &dead[..] else { panic!("{dead:?}") };
    assert_eq!(
        (task.kind(), &lots[..], *attempts, error.as_str()),
        (Kind::Root, &[lot.id][..], most() as u64, "as the test has it")
    );
    assert_eq!(world.workshop.result(lot.id).await.unwrap(), None);
    world.workshop.revive(task.name).await.unwrap();
    world.folded(&lot).await;
    assert!(
        matches!(world.workshop.revive(task.name).await, Err(WorkError::NotDead(name)) if name == task.name)
    );
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_for_good_is_dead() {
    let world = World::new(Names::failing(Kind::Root, failed(most()))).await;
    what_fails_for_good_is_dead_until_it_is_revived(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_failure() {
    let world = World::new(Names::failing(Kind::Merge, vec![Failure::Panic; 2])).await;
    let lot = lot(1, presentations(2));
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.folded(&lot).await;
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_dead_at_once() {
    let refused = Failure::Unproven(Unproven::Refused("it does not verify".to_owned()));
    let world = World::new(Names::failing(Kind::Leaf, vec![refused])).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.until(Kind::Leaf, State::Dead, 1).await;
    let dead = world.workshop.dead().await.unwrap();
    assert_eq!((dead[0].attempts, dead[0].error.as_str()), (1, "it does not verify"));
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_that_is_not_there_is_named() {
    let world = World::new(Names::default()).await;
    let lot = lot(1, presentations(2));
    let missing = lot.presentations[1].submission;
    world.blobs.remove(missing).await.unwrap();
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.until(Kind::Leaf, State::Dead, 1).await;
    let dead = world.workshop.dead().await.unwrap();
    assert!(dead[0].error.contains(&missing.to_string()), "{}", dead[0].error);
    assert!(matches!(dead[0].task.work, Work::Leaf { submission, .. } if submission == missing));
    world.blobs.put(submission(1).into()).await.unwrap();
    world.workshop.revive(dead[0].task.name).await.unwrap();
    world.folded(&lot).await;
    worker.drain().await;
}

/// Whatever is lost or damaged below the root is made again, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_that_are_lost_or_damaged_are_made_again() {
    let world = World::new(Names::failing(Kind::Root, failed(most()))).await;
    let lot = lot(1, presentations(3));
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.until(Kind::Root, State::Dead, 1).await;
    let done = world.prover.done();
    let of = |kind: Kind| {
        done.iter().filter(|(of, _)| *of == kind).map(|(_, name)| *name).collect::<Vec<_>>()
    };
    let (leaves, wraps, merges) = (of(Kind::Leaf), of(Kind::Wrap), of(Kind::Merge));
    std::fs::remove_file(world.file(leaves[0])).unwrap();
    for name in &wraps {
        std::fs::write(world.file(*name), "damaged").unwrap();
    }
    for name in &merges {
        std::fs::remove_file(world.file(*name)).unwrap();
    }
    let root = world.workshop.dead().await.unwrap()[0].task.name;
    world.workshop.revive(root).await.unwrap();
    let proof = world.folded(&lot).await.proof;
    let again = &world.prover.done()[done.len()..];
    assert_eq!(
        again
            .iter()
            .filter(|(kind, _)| *kind == Kind::Leaf)
            .map(|(_, name)| *name)
            .collect::<Vec<_>>(),
        [leaves[0]]
    );
    assert_eq!(again.iter().filter(|(kind, _)| *kind == Kind::Wrap).count(), 3);

    for damage in [Some("damaged"), None] {
        match damage {
            Some(text) => std::fs::write(world.file(root), text).unwrap(),
            None => std::fs::remove_file(world.file(root)).unwrap(),
        }
        assert_eq!(world.workshop.result(lot.id).await.unwrap(), None);
        assert_eq!(world.folded(&lot).await.proof, proof);
    }
    worker.drain().await;
}

/// A result that is lost each time is not made for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_never_lasts_is_dead() {
    let input = vec![Failure::Unproven(Unproven::Input(0)); 100];
    let world = World::new(Names::failing(Kind::Wrap, input)).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    let worker = world.worker().await;
    world.until(Kind::Leaf, State::Dead, 1).await;
    let dead = world.workshop.dead().await.unwrap();
    assert!(dead[0].error.contains("is not valid"), "{}", dead[0].error);
    worker.drain().await;
}

/// A store that is gone for a while costs no attempts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_comes_back_costs_nothing() {
    let world = World::new(Names::default()).await;
    let lot = lot(1, presentations(2));
    world.workshop.take(&lot).await.unwrap();
    // A link to itself: the system never answers that there is nothing.
    let (store, away) = (world.folder.path().join("store"), world.folder.path().join("away"));
    std::fs::rename(&store, &away).unwrap();
    std::os::unix::fs::symlink(&store, &store).unwrap();
    let worker = world.worker().await;
    tokio::time::sleep(world.pace.backoff * 50).await;
    assert!(world.workshop.dead().await.unwrap().is_empty());
    std::fs::remove_file(&store).unwrap();
    std::fs::rename(&away, &store).unwrap();
    world.folded(&lot).await;
    worker.drain().await;
}

/// Each answer of the database comes later than the next look of an idle worker, and one answer
/// comes later than the worker's next sign of life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_slow_is_waited_for() {
    let pace = Pace { poll: Duration::from_micros(10), ..FAST };
    let world = World::with(Names::default(), pace, None).await;
    let (workshop, drain) = (world.again().await, CancellationToken::new());
    let mut other = AnyConnection::connect(&world.database).await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    let draining = drain.clone();
    let worker = Worker {
        drain,
        work: tokio::spawn(async move { workshop.work("worker", draining).await }),
    };
    tokio::time::sleep(pace.lease / 2).await;
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    // The worker finds nothing to do, and looks again.
    tokio::time::sleep(pace.lease).await;
    let lot = lot(1, presentations(1));
    world.workshop.take(&lot).await.unwrap();
    world.folded(&lot).await;
    worker.drain().await;
}
