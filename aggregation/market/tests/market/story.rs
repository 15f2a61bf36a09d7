//! From a job to its receipt.

use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::SessionTranscript;
use velum_credentials::aggregate::Receipt;
use velum_market_client::api::{JobState, LotPhase};
use velum_market_model::*;
use velum_market_testing::{aggregate, request_of};
use velum_receipt::{Policy, verify};
use velum_testdata::MUSTERMANN;

use crate::world::{World, submission};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_sold_delivered_and_paid() {
    let mut world = World::new(|_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let made = submission(0);
    let job = world.job(&client, &made).await;
    let id = world.submit(&client, job.clone(), &made).await;
    assert_eq!(world.submit(&client, job, &made).await, id, "the same job again is one");

    let lots = world.market.open_lots("dutch").await.unwrap();
    assert_eq!(lots.len(), 1);
    let lot = lots[0].clone();
    let lock = Lock { lot: lot.lot, epoch: lot.epoch, at_least: Amount::ZERO, provider: provider.public() };
    let locked = world.market.lock(&Signed::sign(lock, &provider).unwrap()).await.unwrap();
    assert_eq!(world.market.status(id).await.unwrap().state, JobState::Locked);

    let query = Query {
        market: world.market.id(),
        subject: Subject::Input { job: id },
        at: world.market.now().await.unwrap(),
        asker: provider.public(),
    };
    let input = world.market.input(&Signed::sign(query, &provider).unwrap()).await.unwrap();
    assert_eq!(input, made.bytes);

    // Another node goes on where this one stopped.
    world.open_again().await;
    let proof = aggregate(&[made], provider.public().owner());
    let delivery = Delivery {
        lot: lot.lot,
        epoch: locked.epoch,
        aggregate: ProofReference {
            sha256: Hash::of(&[&proof]),
            length: Count::new(proof.len() as u64).unwrap(),
        },
        provider: provider.public(),
    };
    let delivery = Signed::sign(delivery, &provider).unwrap();
    let settled = world.market.deliver(&delivery, proof.clone().into()).await.unwrap();
    assert_eq!(settled.phase, LotPhase::Settled);
    let again = world.market.deliver(&delivery, proof.into()).await.unwrap();
    assert_eq!(again.phase, settled.phase, "the same delivery again changes nothing");

    let status = world.market.status(id).await.unwrap();
    assert_eq!((status.state, status.paid), (JobState::Settled, Some(locked.price)));
    let receipt = Receipt::from_bytes(&world.market.receipt(id).await.unwrap()).unwrap();
    let transcript = SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap();
    let policy =
        Policy { keys: vec![RootKey::pinned(Profile::Standard)], payee: Some(provider.public().owner().0) };
    verify(&receipt, &transcript, &request_of(0), &policy).unwrap();
    world.check().await;

    let overview = world.market.overview().await.unwrap();
    let (jobs, lots) = (&overview.totals.jobs, &overview.totals.lots);
    assert_eq!((jobs, lots), (&[("settled".to_owned(), 1)].into(), &[("settled".to_owned(), 1)].into()));
    assert_eq!((overview.recent.len(), overview.batches.len(), overview.minutes.len()), (1, 0, 1));
    assert_eq!(overview.minutes[0].price, locked.price.get());
    assert_eq!(
        (overview.providers[0].delivered, overview.providers[0].held),
        (Count::constant(1), Amount::ZERO)
    );
}
