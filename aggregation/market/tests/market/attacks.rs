//! Attacks on deliveries and on signed messages, with real proofs.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use tower::ServiceExt;
use velum_market::MarketError;
use velum_market::http::Api;
use velum_market_client::api::{JobState, LotPhase, LotStatus};
use velum_market_model::*;
use velum_market_rules::Refusal;
use velum_market_sql::Kind;

use crate::world::{MINUTE, World, amount, delivery_of, folded, key, lock_of, submission};

stories!(
    a_delivery_that_is_sent_several_times_at_once_is_paid_once_and_answered_each_time,
    a_bad_proof_that_is_sent_several_times_at_once_is_slashed_once,
    what_is_forged_is_refused,
    a_delivery_after_its_lease_is_fenced,
    anothers_aggregate_pays_nobody,
    another_cannot_have_a_provider_slashed,
    a_proof_that_is_kept_back_costs_its_provider_and_pays_its_rescuer,
    a_lease_counts_to_its_last_moment_whether_anyone_has_noticed_or_not,
);

/// What providers of the world have before they lock anything.
const WEALTH: u64 = 8_000_000;

fn refusal<T: std::fmt::Debug>(result: Result<T, MarketError>) -> Refusal {
    match result {
        Err(MarketError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// A world with a lot that provider 2 has locked.
async fn locked(database: Kind) -> (World, SecretKey, LotStatus) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let lot = world.lot(&client, 0, Order::Dutch).await;
    let locked = world.lock(&provider, &lot).await.unwrap();
    (world, provider, locked)
}

/// What a provider is paid for a lot.
fn earned(world: &World, lot: &LotStatus) -> u64 {
    lot.price.get() - world.market.rules().fee.of(lot.price).get()
}

async fn a_delivery_that_is_sent_several_times_at_once_is_paid_once_and_answered_each_time(
    database: Kind,
) {
    let (world, provider, lot) = locked(database).await;
    let other = world.another().await;
    let proof = folded(&[0], &provider);
    let delivery = delivery_of(&provider, &lot, &proof);
    let send = |market: &velum_market::Market| {
        let (market, delivery, proof) = (market.clone(), delivery.clone(), proof.clone());
        tokio::spawn(async move { market.deliver(&delivery, proof.into()).await })
    };
    let sent: Vec<_> = (0..4).flat_map(|_| [send(&world.market), send(&other)]).collect();
    for sent in sent {
        let answer = sent.await.unwrap().unwrap();
        assert_eq!((answer.phase, answer.provider), (LotPhase::Settled, lot.provider));
    }
    assert_eq!(world.balance(&provider).await, WEALTH + earned(&world, &lot));
    world.check().await;
}

/// An aggregate with one byte changed.
fn spoilt(proof: &[u8]) -> Vec<u8> {
    let mut spoilt = proof.to_vec();
    let middle = spoilt.len() / 2;
    spoilt[middle] ^= 1;
    spoilt
}

async fn a_bad_proof_that_is_sent_several_times_at_once_is_slashed_once(database: Kind) {
    let (world, provider, lot) = locked(database).await;
    let bad = spoilt(&folded(&[0], &provider));
    let delivery = delivery_of(&provider, &lot, &bad);
    let send = || {
        let (market, delivery, bad) = (world.market.clone(), delivery.clone(), bad.clone());
        tokio::spawn(async move { market.deliver(&delivery, bad.into()).await })
    };
    let sent: Vec<_> = (0..6).map(|_| send()).collect();
    for sent in sent {
        let error = sent.await.unwrap().unwrap_err();
        // A copy that comes when the lease has ended is refused for that reason. No copy gets any
        // other answer.
        assert!(
            matches!(
                error,
                MarketError::Proof(_) | MarketError::Refused(Refusal::NotLocked { .. })
            ),
            "{error}"
        );
    }
    let after = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((after.phase, after.epoch), (LotPhase::Open, lot.epoch));
    assert_eq!(world.balance(&provider).await, WEALTH - lot.collateral.get());
    let reputation = world.market.reputation(provider.public().owner()).await.unwrap();
    assert_eq!(reputation.message().failed, Count::constant(1));
    world.check().await;
}

/// The status and the code of the answer to a request.
async fn code(world: &World, path: &str, body: &Value) -> (u16, String) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    let answer =
        Api::new(world.market.clone(), None).router().oneshot(request.unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body: Value =
        serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn value<M: Message>(signed: &Signed<M>) -> Value {
    serde_json::from_str(&signed.json().unwrap()).unwrap()
}

async fn what_is_forged_is_refused(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider, thief) = (world.client(1).await, world.provider(2).await, key(9));
    let made = submission(0);
    let job = world.job(&client, &made).await;
    let lot = world.lot(&client, 1, Order::Dutch).await;
    let proof = folded(&[0], &provider);
    let money = MoneyOrder {
        market: world.market.id(),
        action: MoneyAction::Withdraw,
        amount: amount(5),
        idempotency_key: "an order of money".to_owned().try_into().unwrap(),
        owner: client.public(),
    };
    let submitted =
        |job: Value| json!({ "job": job, "submission": Base64::encode_string(&made.bytes) });
    let delivered = |delivery: Value| json!({ "delivery": delivery, "aggregate": Base64::encode_string(&proof) });
    type Wrap<'a> = &'a dyn Fn(Value) -> Value;
    let of_lot = |what: &str| format!("/v1/lots/{}/{what}", lot.lot);
    let sent: [(String, Value, Wrap<'_>); 4] = [
        ("/v1/jobs".to_owned(), value(&Signed::sign(job, &client).unwrap()), &submitted),
        ("/v1/money".to_owned(), value(&Signed::sign(money, &client).unwrap()), &|order| order),
        (of_lot("lock"), value(&lock_of(&provider, &lot)), &|lock| lock),
        (of_lot("delivery"), value(&delivery_of(&provider, &lot, &proof)), &delivered),
    ];
    let elsewhere = value(&world.query(&thief, Subject::Account).await);
    let before = world.market.head().await.unwrap();
    let forged = |change: &dyn Fn(&mut Value)| {
        sent.iter()
            .map(|(path, signed, wrap)| {
                let mut signed = signed.clone();
                change(&mut signed);
                (path, wrap(signed))
            })
            .collect::<Vec<_>>()
    };
    let forgeries: [&dyn Fn(&mut Value); 3] = [
        // A signature of the thief's own, under the other's key.
        &|signed| signed["signature"] = elsewhere["signature"].clone(),
        // A signature under the thief's key, in the other's name.
        &|signed| {
            signed["signature"] = elsewhere["signature"].clone();
            signed["key"] = elsewhere["key"].clone();
        },
        // A signed message with something else in it.
        &|signed| {
            let changed = signed["message"].as_object_mut().unwrap();
            for (member, with) in [
                ("at_least", json!(7)),
                ("epoch", json!(7)),
                ("amount", json!(7)),
                ("size_class", json!("large")),
            ] {
                if let Some(there) = changed.get_mut(member) {
                    *there = with;
                }
            }
        },
    ];
    for forgery in forgeries {
        for (path, body) in forged(forgery) {
            assert_eq!(
                code(&world, path, &body).await,
                (403, "signature_invalid".to_owned()),
                "{path}"
            );
        }
    }
    assert_eq!(world.market.head().await.unwrap(), before, "nothing has happened");
    // Unforged, they are accepted, except for the delivery, which is for no lease.
    for ((path, body), expected) in forged(&|_| ()).into_iter().zip([200, 200, 200, 409]) {
        assert_eq!(code(&world, path, &body).await.0, expected, "{path}");
    }
    world.check().await;
}

async fn a_delivery_after_its_lease_is_fenced(database: Kind) {
    let (world, late, first) = locked(database).await;
    let rescuer = world.provider(3).await;
    let (proof, delivery) = (folded(&[0], &late), delivery_of(&late, &first, &folded(&[0], &late)));
    world.pass(10 * MINUTE).await;
    world.do_all_due().await;
    let failed = world.balance(&late).await;
    assert_eq!(failed, WEALTH - first.collateral.get());
    let lot = world.lock(&rescuer, &world.market.lot(first.lot).await.unwrap()).await.unwrap();
    let not_yours = Refusal::NotYours { what: "the lease" };
    assert_eq!(refusal(world.market.deliver(&delivery, proof.clone().into()).await), not_yours);
    // Nor is it accepted under the other's lease.
    assert_eq!(refusal(world.deliver(&late, &lot, &proof).await), not_yours);
    assert_eq!(world.balance(&late).await, failed);

    // The rescuer's own delivery is paid, and only under the rescuer's own lease.
    let of_rescuer = folded(&[0], &rescuer);
    let fenced = refusal(world.deliver(&rescuer, &first, &of_rescuer).await);
    assert_eq!(fenced, Refusal::Fenced { named: first.epoch, current: lot.epoch });
    world.deliver(&rescuer, &lot, &of_rescuer).await.unwrap();
    assert_eq!(refusal(world.market.deliver(&delivery, proof.into()).await), Refusal::Settled);
    assert_eq!(world.balance(&late).await, failed);
    world.check().await;
}

async fn anothers_aggregate_pays_nobody(database: Kind) {
    let (world, thief, lot) = locked(database).await;
    // The aggregate is of the very same presentations, but counted for the provider whose work it
    // was.
    let stolen = folded(&[0], &key(3));
    let error = world.deliver(&thief, &lot, &stolen).await.unwrap_err();
    assert!(matches!(error, MarketError::Proof(_)), "{error}");
    assert_eq!(world.market.lot(lot.lot).await.unwrap().phase, LotPhase::Open);
    assert_eq!(world.balance(&thief).await, WEALTH - lot.collateral.get());
    world.check().await;
}

async fn another_cannot_have_a_provider_slashed(database: Kind) {
    let (world, provider, lot) = locked(database).await;
    let enemy = world.provider(3).await;
    let bad = spoilt(&folded(&[0], &provider));
    let refused = refusal(world.deliver(&enemy, &lot, &bad).await);
    assert_eq!(refused, Refusal::NotYours { what: "the lease" });
    // Nor by sending other bytes than those that were signed for.
    let delivery = delivery_of(&provider, &lot, &folded(&[0], &provider));
    let error = world.market.deliver(&delivery, bad.into()).await.unwrap_err();
    assert!(matches!(error, MarketError::Proof(_)), "{error}");
    assert_eq!(world.market.lot(lot.lot).await.unwrap().phase, LotPhase::Locked);
    let proof = folded(&[0], &provider);
    world.market.deliver(&delivery, proof.into()).await.unwrap();
    assert_eq!(world.balance(&provider).await, WEALTH + earned(&world, &lot));
    world.check().await;
}

async fn a_proof_that_is_kept_back_costs_its_provider_and_pays_its_rescuer(database: Kind) {
    let (world, slow, first) = locked(database).await;
    let rescuer = world.provider(3).await;
    // Until the lease has ended, nobody can have the lot in its place.
    let early = world.lock(&rescuer, &first).await;
    assert!(matches!(refusal(early), Refusal::NotOpen { .. }));
    world.pass(10 * MINUTE).await;
    world.do_all_due().await;
    let lot = world.lock(&rescuer, &world.market.lot(first.lot).await.unwrap()).await.unwrap();
    world.deliver(&rescuer, &lot, &folded(&[0], &rescuer)).await.unwrap();
    let (slash, half) = (first.collateral.get(), first.collateral.get() / 2);
    assert_eq!(world.balance(&slow).await, WEALTH - slash);
    assert_eq!(world.balance(&rescuer).await, WEALTH + earned(&world, &lot) + half);
    assert_eq!(world.market.totals().await.unwrap().money["burned"], half.cast_signed());
    let status = world.market.status(lot.jobs[0]).await.unwrap();
    assert_eq!((status.state, status.paid), (JobState::Settled, Some(lot.price)));
    world.check().await;
}

async fn a_lease_counts_to_its_last_moment_whether_anyone_has_noticed_or_not(database: Kind) {
    for (after, is_paid) in [(0, true), (1, false)] {
        let (world, provider, lot) = locked(database).await;
        let proof = folded(&[0], &provider);
        world.pass_until(lot.lease_ends.unwrap().after(Duration::constant(after))).await;
        let delivered = world.deliver(&provider, &lot, &proof).await;
        if is_paid {
            assert_eq!(delivered.unwrap().phase, LotPhase::Settled);
            let reputation = world.market.reputation(provider.public().owner()).await.unwrap();
            let reputation = reputation.message();
            assert_eq!((reputation.delivered, reputation.late), (Count::ZERO, Count::constant(1)));
        } else {
            assert!(matches!(refusal(delivered), Refusal::TooLate { .. }));
            assert_eq!(world.balance(&provider).await, WEALTH - lot.collateral.get());
        }
        world.check().await;
    }
}
