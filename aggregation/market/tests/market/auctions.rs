//! Auctions under attack by what is sent twice, at once, too late or too low.

use velum_market::MarketError;
use velum_market_client::api::{LotPhase, LotStatus};
use velum_market_model::*;
use velum_market_rules::Refusal;
use velum_market_sql::Kind;

use crate::world::{MINUTE, World, amount, bid, bid_of, folded, lock_of, reveal, submission};

stories!(
    of_two_that_lock_at_once_one_has_the_lot,
    a_lock_that_is_replayed_locks_nothing,
    a_bid_that_is_replayed_binds_nothing,
    nobody_bids_or_changes_a_bid_once_bids_are_opened,
    a_bid_is_opened_by_its_bidder_alone,
    nobody_offers_or_bids_below_the_floor,
    one_operator_as_many_has_no_larger_share,
);

fn refusal<T: std::fmt::Debug>(result: Result<T, MarketError>) -> Refusal {
    match result {
        Err(MarketError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn of_two_that_lock_at_once_one_has_the_lot(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let other = world.another().await;
    let (client, one, two) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let lot = world.lot(&client, 0, Order::Dutch).await;
    let (by_one, by_two) = (lock_of(&one, &lot), lock_of(&two, &lot));
    let locks = tokio::join!(
        world.market.lock(&by_one),
        other.lock(&by_two),
        other.lock(&by_one),
        world.market.lock(&by_two)
    );
    let locks = [(&one, locks.0), (&two, locks.1), (&one, locks.2), (&two, locks.3)];
    let held = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((held.phase, held.epoch), (LotPhase::Locked, Count::constant(1)));
    for (provider, locked) in locks {
        let owner = provider.public().owner();
        if held.provider == Some(owner) {
            assert_eq!(locked.unwrap().provider, held.provider);
            assert_eq!(world.balance(provider).await, 8_000_000 - lot.collateral.get());
        } else {
            assert!(matches!(refusal(locked), Refusal::Fenced { .. }));
            assert_eq!(world.balance(provider).await, 8_000_000);
        }
    }
    world.check().await;
}

async fn a_lock_that_is_replayed_locks_nothing(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let lot = world.lot(&client, 0, Order::Dutch).await;
    let lock = lock_of(&provider, &lot);
    world.market.lock(&lock).await.unwrap();
    world.pass(10 * MINUTE).await;
    world.do_all_due().await;
    let before = world.balance(&provider).await;
    assert!(matches!(refusal(world.market.lock(&lock).await), Refusal::Fenced { .. }));
    // Nor does a lock that its provider signs for the new auction.
    let open = world.market.lot(lot.lot).await.unwrap();
    assert_eq!(refusal(world.lock(&provider, &open).await), Refusal::FailedBefore);
    assert_eq!(world.balance(&provider).await, before);
    world.check().await;
}

/// The next auction of a lot after one in which nobody opened a bid.
async fn next_auction(world: &World, lot: &LotStatus) -> LotStatus {
    for _ in 0..2 {
        world.pass(MINUTE / 2).await;
        world.do_all_due().await;
    }
    world.market.lot(lot.lot).await.unwrap()
}

async fn a_bid_that_is_replayed_binds_nothing(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let lot = world.lot(&client, 0, Order::Sealed).await;
    let signed = bid_of(&provider, &lot, 300);
    for _ in 0..2 {
        world.market.bid(&signed).await.unwrap();
    }
    assert_eq!(world.balance(&provider).await, 8_000_000 - lot.collateral.get(), "twice is once");
    let next = next_auction(&world, &lot).await;
    assert_eq!((next.phase, next.epoch), (LotPhase::Open, lot.epoch));
    let before = world.balance(&provider).await;
    assert_eq!(
        before,
        8_000_000 - lot.collateral.get() / 4,
        "a bid that was not opened costs a quarter"
    );
    assert!(matches!(refusal(world.market.bid(&signed).await), Refusal::TakenBefore { .. }));
    assert_eq!(world.balance(&provider).await, before);
    world.check().await;
}

async fn nobody_bids_or_changes_a_bid_once_bids_are_opened(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, honest, sly) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let lot = world.lot(&client, 0, Order::Sealed).await;
    bid(&world, &honest, &lot, 500).await.unwrap();
    bid(&world, &sly, &lot, 900).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let root = world.market.lot(lot.lot).await.unwrap().bids.unwrap().root;
    reveal(&world, &honest, &lot, 500).await.unwrap();
    // The other's price is known to whoever has seen it on its way.
    let late = world.provider(4).await;
    assert!(matches!(refusal(bid(&world, &late, &lot, 499).await), Refusal::Fixed(_)));
    assert!(matches!(refusal(bid(&world, &sly, &lot, 499).await), Refusal::Fixed(_)));
    assert_eq!(refusal(reveal(&world, &sly, &lot, 499).await), Refusal::OpensNoBid);
    reveal(&world, &sly, &lot, 900).await.unwrap();
    let after = world.market.lot(lot.lot).await.unwrap().bids.unwrap();
    assert_eq!((after.root, after.count), (root, Count::constant(2)));
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let awarded = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((awarded.provider, awarded.price), (Some(honest.public().owner()), amount(900)));
    assert_eq!(
        refusal(reveal(&world, &sly, &lot, 900).await),
        Refusal::Fenced { named: lot.epoch, current: awarded.epoch }
    );
    world.deliver(&honest, &awarded, &folded(&[0], &honest)).await.unwrap();
    assert_eq!(world.balance(&sly).await, 8_000_000);
    world.check().await;
}

async fn a_bid_is_opened_by_its_bidder_alone(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, honest, sly) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let lot = world.lot(&client, 0, Order::Sealed).await;
    let signed = bid_of(&honest, &lot, 500);
    world.market.bid(&signed).await.unwrap();
    // A copy of another's commitment, opened with what opens the original.
    let copied = Bid { provider: sly.public(), ..*signed.message() };
    world.market.bid(&Signed::sign(copied, &sly).unwrap()).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let nonce = honest.public().owner();
    let opened = Reveal {
        lot: lot.lot,
        epoch: lot.epoch,
        price: amount(500),
        nonce,
        provider: sly.public(),
    };
    let opened = world.market.reveal(&Signed::sign(opened, &sly).unwrap()).await;
    assert_eq!(refusal(opened), Refusal::OpensNoBid);
    reveal(&world, &honest, &lot, 500).await.unwrap();
    world.check().await;
}

async fn nobody_offers_or_bids_below_the_floor(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let made = submission(0);
    let floor = world.market.rules().admission.price_floor;
    let mut job = world.job(&client, &made).await;
    (job.offer.minimum, job.offer.order) = (floor.saturating_sub(amount(1)), Order::Sealed);
    let signed = Signed::sign(job.clone(), &client).unwrap();
    let low =
        world.market.submit(&signed, made.bytes.clone().into()).await.map(|status| status.state);
    assert!(matches!(refusal(low), Refusal::BelowFloor { .. }));
    assert_eq!(world.balance(&client).await, 1_000_000);

    job.offer.minimum = floor;
    let lot = world.lot_of(world.submit(&client, job, &made).await).await;
    // The price that is committed to is not seen. The price that is opened is seen.
    bid(&world, &provider, &lot, floor.get() - 1).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let opened = reveal(&world, &provider, &lot, floor.get() - 1).await;
    assert!(matches!(refusal(opened), Refusal::PriceOutside { .. }));
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    assert_eq!(world.market.lot(lot.lot).await.unwrap().phase, LotPhase::Open);
    assert_eq!(world.balance(&provider).await, 8_000_000 - lot.collateral.get() / 4);
    world.check().await;
}

/// How many of six lots an operator locks that divides its stake among this many names, beside
/// another operator with the same stake.
async fn locked_by(database: Kind, names: u64) -> usize {
    /// The stake of the operator in all.
    const STAKE: u64 = 4_000_000;
    let world = World::new(database, |settings| {
        (settings.admission.quiet, settings.admission.stake_multiple) =
            (Count::constant(8), Parts::WHOLE);
    })
    .await;
    let client = world.client(1).await;
    let other = crate::world::key(100);
    world.money(&other, MoneyAction::Deposit, STAKE).await;
    world.money(&other, MoneyAction::Stake, STAKE).await;
    let mut providers = Vec::new();
    for name in 0..names {
        let key = crate::world::key(50 + u8::try_from(name).unwrap());
        world.money(&key, MoneyAction::Deposit, 10_000_000).await;
        world.money(&key, MoneyAction::Stake, STAKE / names).await;
        providers.push(key);
    }
    let mut locked = 0;
    for number in 0..6 {
        let lot = world.lot(&client, number, Order::Dutch).await;
        for provider in &providers {
            match world.lock(provider, &lot).await {
                Ok(_) => {
                    locked += 1;
                    break;
                }
                refused => assert!(matches!(refusal(refused), Refusal::Share { .. })),
            }
        }
    }
    world.check().await;
    locked
}

async fn one_operator_as_many_has_no_larger_share(database: Kind) {
    // Half of the stake allows half of the presentations, which count as no fewer than eight.
    for names in [1, 2, 4] {
        assert_eq!(locked_by(database, names).await, 4, "{names}");
    }
}
