//! Leases and bids while nodes come and go: nobody loses anything for time in which no node was there.

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
    // Before the node has looked at anything by itself.
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
    // All of its collateral, of which the rate takes the whole.
    assert_eq!(before - world.balance(&provider).await, lot.collateral.get());
    world.check().await;
}
