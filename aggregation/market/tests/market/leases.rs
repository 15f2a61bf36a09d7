//! Leases and bids while nodes come and go: nobody loses anything for a time in which no node was
//! there.

use velum_market::MarketError;
use velum_market_client::api::LotPhase;
use velum_market_model::*;
use velum_market_rules::Refusal;
use velum_market_sql::Kind;

use crate::world::{MINUTE, World, amount, bid, folded, reveal};

stories!(
    an_outage_lengthens_leases_before_any_is_broken,
    a_request_after_an_outage_finds_it_recorded,
    a_lease_that_is_missed_is_slashed_once,
    bids_that_are_fixed_late_are_opened_from_then_on,
    bids_are_taken_after_an_outage_in_which_nobody_could_bid,
    bidders_lose_nothing_for_an_outage_in_which_they_could_not_open_bids,
    no_bid_is_taken_after_its_time_though_none_is_fixed,
);

/// Longer than any lease here.
const LONG: u64 = 60 * MINUTE;

async fn an_outage_lengthens_leases_before_any_is_broken(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let lot = world.lot(&client, 0, Order::Dutch).await;
    let locked = world.lock(&provider, &lot).await.unwrap();
    let (ends, before) = (locked.lease_ends.unwrap(), world.balance(&provider).await);

    world.pass_without_a_node(LONG).await;
    world.do_all_due().await;
    let after = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((after.phase, world.balance(&provider).await), (LotPhase::Locked, before));
    assert!(after.lease_ends.unwrap() >= ends.after(Duration::constant(LONG)));

    let settled = world.deliver(&provider, &locked, &folded(&[0], &provider)).await.unwrap();
    assert_eq!(settled.phase, LotPhase::Settled);
    world.check().await;
}

async fn a_request_after_an_outage_finds_it_recorded(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let lot = world.lot(&client, 0, Order::Dutch).await;
    let locked = world.lock(&provider, &lot).await.unwrap();
    world.pass_without_a_node(LONG).await;
    // The node has not looked at anything by itself yet.
    let settled = world.deliver(&provider, &locked, &folded(&[0], &provider)).await.unwrap();
    assert_eq!(settled.phase, LotPhase::Settled);
    world.check().await;
}

async fn a_lease_that_is_missed_is_slashed_once(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let before = world.balance(&provider).await;
    let lot = world.lot(&client, 0, Order::Dutch).await;
    world.lock(&provider, &lot).await.unwrap();
    world.pass(LONG).await;
    let other = world.another().await;
    let (one, two) = tokio::join!(world.market.do_due(), other.do_due());
    assert!(one.unwrap() | two.unwrap());
    world.do_all_due().await;
    let after = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((after.phase, after.epoch), (LotPhase::Open, Count::constant(1)));
    // The provider loses all of its collateral, because the rate takes the whole of it.
    assert_eq!(before - world.balance(&provider).await, lot.collateral.get());
    world.check().await;
}

async fn bids_that_are_fixed_late_are_opened_from_then_on(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, cheap, dear) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let before = [world.balance(&cheap).await, world.balance(&dear).await];
    let lot = world.lot(&client, 0, Order::Sealed).await;
    bid(&world, &cheap, &lot, 300).await.unwrap();
    bid(&world, &dear, &lot, 400).await.unwrap();

    // Each silence is too short to be an outage, but together they would use up the time to open
    // bids.
    for _ in 0..8 {
        world.pass_without_a_node(10_000).await;
        world.money(&client, MoneyAction::Deposit, 1).await;
    }
    world.do_all_due().await;
    let fixed = world.market.lot(lot.lot).await.unwrap();
    assert!(fixed.bids.as_ref().unwrap().root.is_some(), "{fixed:?}");
    reveal(&world, &cheap, &lot, 300).await.unwrap();
    reveal(&world, &dear, &lot, 400).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let awarded = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((awarded.provider, awarded.price), (Some(cheap.public().owner()), amount(400)));
    world.deliver(&cheap, &awarded, &folded(&[0], &cheap)).await.unwrap();
    // The price less the fee, and nothing for the bidder that stood by.
    assert_eq!(world.balance(&cheap).await, before[0] + 396);
    assert_eq!(world.balance(&dear).await, before[1]);
    world.check().await;
}

async fn bids_are_taken_after_an_outage_in_which_nobody_could_bid(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, early, cheap) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let lot = world.lot(&client, 0, Order::Sealed).await;
    bid(&world, &early, &lot, 400).await.unwrap();
    let ended = lot.bids.as_ref().unwrap().commits_end;
    world.pass_without_a_node(20 * MINUTE).await;
    world.do_all_due().await;
    let after = world.market.lot(lot.lot).await.unwrap().bids.unwrap();
    assert!(after.commits_end >= ended.after(Duration::constant(20 * MINUTE)), "{after:?}");
    assert_eq!(after.root, None, "they are not fixed before their time is over");
    bid(&world, &cheap, &lot, 300).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    reveal(&world, &early, &lot, 400).await.unwrap();
    reveal(&world, &cheap, &lot, 300).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let awarded = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((awarded.provider, awarded.price), (Some(cheap.public().owner()), amount(400)));
    world.check().await;
}

async fn bidders_lose_nothing_for_an_outage_in_which_they_could_not_open_bids(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let lot = world.lot(&client, 0, Order::Sealed).await;
    bid(&world, &provider, &lot, 300).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    world.pass_without_a_node(20 * MINUTE).await;
    world.do_all_due().await;
    let after = world.market.lot(lot.lot).await.unwrap();
    let ends = after.bids.as_ref().unwrap().reveals_end;
    assert!(ends > world.market.now().await.unwrap(), "{after:?}");
    reveal(&world, &provider, &lot, 300).await.unwrap();
    world.pass(MINUTE / 2).await;
    world.do_all_due().await;
    let awarded = world.market.lot(lot.lot).await.unwrap();
    assert_eq!(awarded.provider, Some(provider.public().owner()));
    world.check().await;
}

async fn no_bid_is_taken_after_its_time_though_none_is_fixed(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, early, late) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let lot = world.lot(&client, 0, Order::Sealed).await;
    bid(&world, &early, &lot, 300).await.unwrap();
    let before = world.balance(&late).await;
    world.pass(MINUTE / 2).await;
    let refused = bid(&world, &late, &lot, 200).await.unwrap_err();
    assert!(matches!(refused, MarketError::Refused(Refusal::OtherTime { .. })), "{refused}");
    let too_soon = reveal(&world, &early, &lot, 300).await.unwrap_err();
    assert!(matches!(too_soon, MarketError::Refused(Refusal::Fixed(_))), "{too_soon}");
    world.do_all_due().await;
    let refused = bid(&world, &late, &lot, 200).await.unwrap_err();
    assert!(matches!(refused, MarketError::Refused(Refusal::Fixed(_))), "{refused}");
    assert_eq!(world.balance(&late).await, before);
    reveal(&world, &early, &lot, 300).await.unwrap();
    world.check().await;
}
