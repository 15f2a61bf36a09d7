//! The book: who may quote, which quotes are looked at, and who serves capacity that was sold
//! ahead.

use velum_market::MarketError;
use velum_market_client::api::{LotPhase, LotStatus};
use velum_market_model::*;
use velum_market_rules::Refusal;
use velum_market_rules::auction::limit::Ask;
use velum_market_sql::Kind;

use crate::world::{MINUTE, World, amount, folded, key, submission};

stories!(
    a_quote_takes_stake,
    a_quote_takes_a_place_on_the_list,
    a_provider_has_one_quote_of_a_profile,
    quotes_that_fit_nothing_hide_no_other,
    capacity_that_is_sold_out_is_served_by_its_seller,
    a_lot_of_drawn_jobs_is_anyones_after_a_while,
);

async fn quote_of(world: &World, provider: &SecretKey, price: u64, capacity: u64) -> Signed<Quote> {
    let quote = Quote {
        market: world.market.id(),
        profile: Profile::Standard,
        price: amount(price),
        capacity: Count::constant(capacity),
        discount: Parts::percent(10),
        expires: world.market.now().await.unwrap().after(Duration::constant(60 * MINUTE)),
        provider: provider.public(),
    };
    Signed::sign(quote, provider).unwrap()
}

pub async fn quote(
    world: &World,
    provider: &SecretKey,
    price: u64,
    capacity: u64,
) -> Result<Option<Ask>, MarketError> {
    world.market.quote(&quote_of(world, provider, price, capacity).await).await
}

async fn revoke(world: &World, provider: &SecretKey, quote: Hash) {
    let revocation = Revocation { quote, provider: provider.public() };
    world.market.revoke(&Signed::sign(revocation, provider).unwrap()).await.unwrap();
}

async fn book(world: &World) -> Vec<(Hash, u64)> {
    let book = world.market.overview().await.unwrap().book;
    book.into_iter().map(|ask| (ask.provider, ask.left.get())).collect()
}

async fn a_quote_takes_stake(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let provider = key(2);
    world.money(&provider, MoneyAction::Deposit, 10_000_000).await;
    let refused = quote(&world, &provider, 100, 8).await.unwrap_err();
    assert!(matches!(refused, MarketError::Refused(Refusal::Stake { .. })), "{refused}");
    world.money(&provider, MoneyAction::Stake, 999_999).await;
    assert!(quote(&world, &provider, 100, 8).await.is_err());
    world.money(&provider, MoneyAction::Stake, 1).await;
    assert!(quote(&world, &provider, 100, 8).await.unwrap().is_some());
    assert_eq!(book(&world).await, [(provider.public().owner(), 8)]);
    world.check().await;
}

async fn a_quote_takes_a_place_on_the_list(database: Kind) {
    let listed = key(2).public().owner();
    let world =
        World::with(database, |_| (), |options| options.allow_list = Some([listed].into())).await;
    let (provider, other) = (world.provider(2).await, world.provider(3).await);
    let refused = quote(&world, &other, 100, 8).await.unwrap_err();
    assert!(matches!(refused, MarketError::NotListed), "{refused}");
    assert!(quote(&world, &provider, 100, 8).await.unwrap().is_some());
}

async fn a_provider_has_one_quote_of_a_profile(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let provider = world.provider(2).await;
    let first = quote_of(&world, &provider, 100, 8).await;
    let placed = world.market.quote(&first).await.unwrap().unwrap();
    let stands = |error: MarketError| match error {
        MarketError::Refused(Refusal::QuoteStands { quote }) => assert_eq!(quote, placed.id),
        error => panic!("{error}"),
    };
    stands(quote(&world, &provider, 90, 8).await.unwrap_err());
    assert_eq!(
        world.market.quote(&first).await.unwrap(),
        Some(placed.clone()),
        "the same again is the same"
    );
    let of_other = Quote { profile: Profile::Proven100, ..first.message().clone() };
    assert!(world.market.quote(&Signed::sign(of_other, &provider).unwrap()).await.is_ok());

    revoke(&world, &provider, placed.id).await;
    let replayed = world.market.quote(&first).await.unwrap_err();
    assert!(matches!(replayed, MarketError::Refused(Refusal::TakenBefore { .. })), "{replayed}");
    quote(&world, &provider, 90, 8).await.unwrap();
    assert!(quote(&world, &provider, 80, 8).await.is_err());
    // A quote that has expired stands in nobody's way, although it is not forgotten yet.
    world.pass(61 * MINUTE).await;
    quote(&world, &provider, 80, 8).await.unwrap();
    world.check().await;
}

/// Puts quotes of others into the database that are cheaper than any other quote, and so many that
/// no further quotes are looked at.
async fn crowd(world: &World, of: Hash, changes: &str) {
    for number in 0..300 {
        world
            .sql(format!(
                "insert into ask (id, provider, profile, price, remaining, placed, expires, message)
                 select '{number:0>64}', provider, profile, 1, remaining, placed, expires, message from ask where id = '{of}'"
            ))
            .await;
    }
    world.sql(format!("update ask set {changes} where id <> '{of}'")).await;
}

async fn quotes_that_fit_nothing_hide_no_other(database: Kind) {
    // The last crowd is of someone who no longer stakes anything.
    let crowds = [
        "expires = 1".to_owned(),
        "remaining = 0".to_owned(),
        format!("provider = '{:0>64}'", "bad"),
    ];
    for (number, changes) in crowds.into_iter().enumerate() {
        let world = World::new(database, |_| ()).await;
        let (client, provider) = (world.client(1).await, world.provider(2).await);
        let ask = quote(&world, &provider, 100, 8).await.unwrap().unwrap();
        crowd(&world, ask.id, &changes).await;
        let lot = world.lot(&client, number, Order::Limit).await;
        assert_eq!((lot.phase, lot.provider), (LotPhase::Locked, Some(ask.provider)), "{changes}");
        world.check().await;
    }
}

/// A client's order for all of a provider's capacity.
pub async fn bought(world: &World, client: &SecretKey, ask: &Ask) -> Hash {
    let now = world.market.now().await.unwrap();
    let order = StandingOrder {
        market: world.market.id(),
        quote: ask.id,
        count: ask.left,
        price: ask.price,
        from: now,
        until: now.after(Duration::constant(30 * MINUTE)),
        idempotency_key: "a standing order".to_owned().try_into().unwrap(),
        client: client.public(),
    };
    world.market.buy(&Signed::sign(order, client).unwrap()).await.unwrap().id
}

/// The lot of one job that is drawn from an order.
async fn drawn(world: &World, client: &SecretKey, order: Hash, number: usize) -> LotStatus {
    let made = submission(number);
    let mut job = world.job(client, &made).await;
    (job.offer.order, job.standing_order) = (Order::Limit, Some(order));
    world.lot_of(world.submit(client, job, &made).await).await
}

async fn capacity_that_is_sold_out_is_served_by_its_seller(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, seller, other) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let ask = quote(&world, &seller, 300, 2).await.unwrap().unwrap();
    let order = bought(&world, &client, &ask).await;
    assert_eq!(book(&world).await, [], "nothing is left of it for others");
    quote(&world, &other, 100, 8).await.unwrap();
    let paid_before = world.balance(&client).await;

    let lot = drawn(&world, &client, order, 0).await;
    assert_eq!((lot.phase, lot.provider), (LotPhase::Locked, Some(seller.public().owner())));
    assert_eq!(lot.price, amount(300));
    world.deliver(&seller, &lot, &folded(&[0], &seller)).await.unwrap();
    assert_eq!(world.balance(&client).await, paid_before, "the order has paid");

    // New capacity is not a part of what was sold.
    quote(&world, &seller, 300, 5).await.unwrap();
    let lot = drawn(&world, &client, order, 1).await;
    assert_eq!(lot.provider, Some(seller.public().owner()));
    assert!(book(&world).await.contains(&(seller.public().owner(), 5)));
    assert_eq!(world.market.standing(order).await.unwrap().left, Count::ZERO);
    world.check().await;
}

async fn a_lot_of_drawn_jobs_is_anyones_after_a_while(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (client, seller, other) =
        (world.client(1).await, world.provider(2).await, world.provider(3).await);
    let ask = quote(&world, &seller, 300, 2).await.unwrap().unwrap();
    let order = bought(&world, &client, &ask).await;
    quote(&world, &other, 100, 8).await.unwrap();
    // The seller has nothing to put up as collateral.
    world.money(&seller, MoneyAction::Withdraw, world.balance(&seller).await).await;
    let lot = drawn(&world, &client, order, 0).await;
    world.market.look_into_book().await.unwrap();
    assert_eq!(world.market.lot(lot.lot).await.unwrap().phase, LotPhase::Open);
    world.pass(2 * MINUTE).await;
    world.market.look_into_book().await.unwrap();
    let taken = world.market.lot(lot.lot).await.unwrap();
    assert_eq!((taken.phase, taken.provider), (LotPhase::Locked, Some(other.public().owner())));
    world.check().await;
}
