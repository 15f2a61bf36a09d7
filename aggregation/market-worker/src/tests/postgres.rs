//! The same tests on PostgreSQL, which many machines share.

use velum_market_sql::testing::Postgres;

use super::*;

async fn world(postgres: &Postgres, prover: Names, pace: Pace) -> World {
    World::with(prover, pace, Some(postgres.url())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_fold_a_lot() {
    let postgres = Postgres::start();
    lots::a_lot_is_folded(&world(&postgres, Names::default(), FAST).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lots_share_their_tasks() {
    let postgres = Postgres::start();
    lots::lots_share_tasks(&world(&postgres, Names::default(), FAST).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_for_good_is_dead() {
    let postgres = Postgres::start();
    let failed = Failure::Unproven(Unproven::Failed("as the test has it".to_owned()));
    let prover = Names::failing(Kind::Root, vec![failed; 5]);
    failures::what_fails_for_good_is_dead_until_it_is_revived(
        &world(&postgres, prover, FAST).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_are_killed_all_the_time() {
    let postgres = Postgres::start();
    let pace = Pace { lease: Duration::from_secs(1), ..FAST };
    kills::killed_all_the_time(&world(&postgres, Names::default(), pace).await).await;
}

/// Workers wait for a server that goes away while they work, and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_is_waited_for() {
    let mut postgres = Postgres::start();
    let prover = Names { takes: Duration::from_millis(50), ..Names::default() };
    let world = world(&postgres, prover, FAST).await;
    let lot = lot(1, presentations(8));
    world.workshop.take(&lot).await.unwrap();
    let workers = [world.worker().await, world.worker().await];
    for done in [2, 5] {
        while world.prover.done().len() < done {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        postgres.stop();
        tokio::time::sleep(Duration::from_millis(300)).await;
        postgres.resume();
    }
    world.folded(&lot).await;
    for worker in workers {
        worker.drain().await;
    }
    assert!(world.workshop.dead().await.unwrap().is_empty());
}
