//! Nine presentations of three documents in one batch: sold, failed, rescued, and paid by one
//! aggregate.

use velum_aggregate_verifier::{Profile as AggregateProfile, RootKey};
use velum_credentials::aggregate::Receipt;
use velum_market::MarketError;
use velum_market_client::api::{JobState, LotPhase};
use velum_market_model::*;
use velum_market_rules::{BatchRules, Refusal};
use velum_market_sql::Kind;
use velum_market_testing::{request_of, transcript_of};
use velum_receipt::{Policy, verify};

use crate::world::{MINUTE, World, amount, folded, submission};

stories!(a_batch_is_failed_by_one_provider_and_delivered_by_another);

const COUNT: usize = 9;

/// What each client has before it submits anything.
const CLIENT: u64 = 1_000_000;

/// What each provider has before it locks anything.
const PROVIDER: u64 = 8_000_000;

async fn a_batch_is_failed_by_one_provider_and_delivered_by_another(database: Kind) {
    let world = World::new(database, |settings| {
        settings.batch =
            BatchRules { target: Count::constant(COUNT as u64), most: Count::constant(16) };
    })
    .await;
    let clients = [world.client(11).await, world.client(12).await, world.client(13).await];
    let (failing, rescuer) = (world.provider(3).await, world.provider(2).await);
    let numbers: Vec<usize> = (0..COUNT).collect();
    let mut jobs = Vec::new();
    for number in &numbers {
        let (client, made) = (&clients[number % clients.len()], submission(*number));
        let mut job = world.job(client, &made).await;
        job.latency = Latency::Aggregated {
            max_wait: Duration::constant(10 * MINUTE),
            min_batch: Count::constant(1),
        };
        jobs.push(world.submit(client, job, &made).await);
    }
    let open = world.market.open_lots("dutch").await.unwrap();
    assert_eq!(open.iter().map(|lot| lot.count.get()).collect::<Vec<_>>(), [COUNT as u64]);

    let first = world.lock(&failing, &open[0]).await.unwrap();
    world.pass(20 * MINUTE).await;
    world.do_all_due().await;
    let lot = world.lock(&rescuer, &world.market.lot(first.lot).await.unwrap()).await.unwrap();
    assert_eq!(lot.jobs, jobs);
    for (number, job) in numbers.iter().zip(&jobs) {
        let input = Subject::Input { job: *job };
        let refused = world.market.input(&world.query(&failing, input).await).await.unwrap_err();
        assert!(matches!(refused, MarketError::Refused(Refusal::NotYours { .. })), "{refused}");
        let given = world.market.input(&world.query(&rescuer, input).await).await.unwrap();
        assert_eq!(given, submission(*number).bytes);
    }

    let settled = world.deliver(&rescuer, &lot, &folded(&numbers, &rescuer)).await.unwrap();
    assert_eq!(
        (settled.phase, settled.provider),
        (LotPhase::Settled, Some(rescuer.public().owner()))
    );

    let mut receipts = Vec::new();
    for job in &jobs {
        receipts.push(Receipt::from_bytes(&world.market.receipt(*job).await.unwrap()).unwrap());
    }
    receipts_hold_each_for_its_own(&receipts, rescuer.public().owner());
    money_is_where_it_should_be(&world, &clients, &jobs, (&failing, &rescuer), lot.price.get())
        .await;
}

/// Checks the receipts offline, with the keys that come with the software.
fn receipts_hold_each_for_its_own(receipts: &[Receipt], payee: Hash) {
    let policy =
        Policy { keys: vec![RootKey::pinned(AggregateProfile::Standard)], payee: Some(payee.0) };
    let check = |receipt: &Receipt, number: usize, policy: &Policy| {
        verify(receipt, &transcript_of(number), &request_of(number), policy)
    };
    for (number, receipt) in receipts.iter().enumerate() {
        let accepted = check(receipt, number, &policy).unwrap();
        assert_eq!(accepted.counted.count, COUNT as u64);
        for (other, of_other) in receipts.iter().enumerate().filter(|(other, _)| *other != number) {
            // A receipt with the path of another leaf does not hold, even if that leaf answers the
            // same request in the same session.
            let astray = Receipt { path: of_other.path.clone(), ..receipt.clone() };
            assert!(check(&astray, number, &policy).is_err(), "{number} on the way of {other}");
            if request_of(other).to_json() != request_of(number).to_json() {
                assert!(check(receipt, other, &policy).is_err(), "{number} for {other}");
            }
        }
        let of_another = Receipt { payee: [7; 32], ..receipt.clone() };
        assert!(check(&of_another, number, &Policy { payee: None, ..policy.clone() }).is_err());
        assert!(
            check(receipt, number, &Policy { payee: Some([7; 32]), ..policy.clone() }).is_err()
        );
    }
}

async fn money_is_where_it_should_be(
    world: &World,
    clients: &[SecretKey],
    jobs: &[Hash],
    (failing, rescuer): (&SecretKey, &SecretKey),
    price: u64,
) {
    let mut paid = 0;
    for job in jobs {
        let status = world.market.status(*job).await.unwrap();
        assert_eq!(status.state, JobState::Settled);
        paid += status.paid.unwrap().get();
    }
    assert_eq!(paid, price);
    let mut spent = 0;
    for client in clients {
        spent += CLIENT - world.balance(client).await;
    }
    assert_eq!(spent, price);
    // The maximum of nine thousand is below the minimum collateral, so the minimum is what is lost.
    let slash = world.market.rules().slash.minimum_collateral.get();
    let fee = world.market.rules().fee.of(amount(price)).get();
    assert_eq!(world.balance(failing).await, PROVIDER - slash);
    assert_eq!(world.balance(rescuer).await, PROVIDER + price - fee + slash / 2);
    let money = world.market.totals().await.unwrap().money;
    assert_eq!((money["burned"], money["fees"]), ((slash / 2).cast_signed(), fee.cast_signed()));
    let held = ["escrow", "collateral", "rescue", "standby"].map(|kind| money.get(kind).copied());
    assert_eq!(held, [None; 4], "nothing is held any more");
    world.check().await;
}
