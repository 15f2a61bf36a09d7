//! From a job to its receipt.

use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::SessionTranscript;
use velum_credentials::aggregate::Receipt;
use velum_market_client::api::{JobState, LotPhase};
use velum_market_model::*;
use velum_market_sql::Kind;
use velum_market_testing::request_of;
use velum_receipt::{Policy, verify};
use velum_testdata::MUSTERMANN;

use crate::world::{World, delivery_of, folded, submission};

stories!(a_job_is_sold_delivered_and_paid);

async fn a_job_is_sold_delivered_and_paid(database: Kind) {
    let mut world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let made = submission(0);
    let job = world.job(&client, &made).await;
    let id = world.submit(&client, job.clone(), &made).await;
    assert_eq!(world.submit(&client, job, &made).await, id, "the same job again is one");

    let lots = world.market.open_lots("dutch").await.unwrap();
    assert_eq!(lots.len(), 1);
    let locked = world.lock(&provider, &lots[0]).await.unwrap();
    assert_eq!(world.market.status(id).await.unwrap().state, JobState::Locked);

    let query = world.query(&provider, Subject::Input { job: id }).await;
    assert_eq!(world.market.input(&query).await.unwrap(), made.bytes);

    // Another node continues where this one stopped.
    world.open_again().await;
    let proof = folded(&[0], &provider);
    let delivery = delivery_of(&provider, &locked, &proof);
    let settled = world.market.deliver(&delivery, proof.clone().into()).await.unwrap();
    assert_eq!(settled.phase, LotPhase::Settled);
    let again = world.market.deliver(&delivery, proof.into()).await.unwrap();
    assert_eq!(again.phase, settled.phase, "the same delivery again changes nothing");

    let status = world.market.status(id).await.unwrap();
    assert_eq!((status.state, status.paid), (JobState::Settled, Some(locked.price)));
    let receipt = Receipt::from_bytes(&world.market.receipt(id).await.unwrap()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let policy = Policy {
        keys: vec![RootKey::pinned(Profile::Standard)],
        payee: Some(provider.public().owner().0),
    };
    verify(&receipt, &transcript, &request_of(0), &policy).unwrap();
    world.check().await;

    let overview = world.market.overview().await.unwrap();
    let (jobs, lots) = (&overview.totals.jobs, &overview.totals.lots);
    assert_eq!(
        (jobs, lots),
        (&[("settled".to_owned(), 1)].into(), &[("settled".to_owned(), 1)].into())
    );
    assert_eq!((overview.recent.len(), overview.batches.len(), overview.minutes.len()), (1, 0, 1));
    assert_eq!(overview.minutes[0].price, locked.price.get());
    assert_eq!(
        (overview.providers[0].delivered, overview.providers[0].held),
        (Count::constant(1), Amount::ZERO)
    );
}
