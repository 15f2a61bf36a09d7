//! The book: quotes against lots.

use velum_market_model::*;
use velum_market_rules::auction::limit::{Ask, Book, waiting_for};
use velum_market_rules::*;

use crate::world::{MARKET, MINUTE, NOON, World, hash, key, owner};

fn now() -> Time {
    Time::constant(NOON)
}

fn quote(provider: u8, price: u64, capacity: u64) -> Quote {
    Quote {
        market: MARKET,
        profile: Profile::Standard,
        price: Amount::constant(price),
        capacity: Count::constant(capacity),
        discount: Parts::percent(10),
        expires: Time::constant(NOON + 60 * MINUTE),
        provider: key(provider),
    }
}

fn ask(provider: u8, price: u64, capacity: u64, placed: u64) -> Ask {
    Ask::new(&quote(provider, price, capacity), hash(provider), MARKET, Time::constant(placed))
        .unwrap()
}

fn limit(world: &mut World, jobs: usize, maximum: u64) -> Lot {
    world.lot(jobs, |job| {
        (job.offer.order, job.offer.maximum) = (Order::Limit, Amount::constant(maximum));
        job.offer.ramp.duration = Duration::ZERO;
    })
}

fn providers(book: &Book, lot: &Lot) -> Vec<(Hash, u64)> {
    book.fitting(lot, now()).map(|(ask, price)| (ask.provider, price.get())).collect()
}

#[test]
fn quotes_stand_by_price_and_then_by_time() {
    let mut world = World::new(|_| ());
    let lot = limit(&mut world, 2, 500);
    let mut book = Book::default();
    for ask in [
        ask(10, 300, 9, NOON),
        ask(11, 200, 9, NOON),
        ask(12, 200, 9, NOON - 1),
        ask(13, 501, 9, NOON),
    ] {
        book.place(ask);
    }
    assert_eq!(providers(&book, &lot), [(owner(12), 400), (owner(11), 400), (owner(10), 600)]);
    book.withdraw(&hash(12)).unwrap();
    assert_eq!(book.withdraw(&hash(12)), None);
    assert_eq!(providers(&book, &lot)[0].0, owner(11));
}

#[test]
fn a_quote_fits_by_profile_capacity_time_and_limit() {
    let mut world = World::new(|_| ());
    let lot = limit(&mut world, 2, 500);
    let fits = |ask: Ask| ask.price_of(&lot, now()).map(Amount::get);
    assert_eq!(fits(ask(10, 500, 2, NOON)), Some(1000));
    assert_eq!(fits(ask(10, 501, 2, NOON)), None);
    assert_eq!(fits(ask(10, 500, 1, NOON)), None);
    assert_eq!(fits(ask(10, 1, 2, NOON)), Some(200), "clients offer their minima in any case");
    assert_eq!(fits(Ask { profile: Profile::Proven100, ..ask(10, 500, 2, NOON) }), None);
    assert_eq!(fits(Ask { expires: now(), ..ask(10, 500, 2, NOON) }), None);
    let over = Quote { expires: now(), ..quote(10, 500, 2) };
    assert!(matches!(Ask::new(&over, hash(10), MARKET, now()), Err(Refusal::Quote { .. })));
}

#[test]
fn capacity_is_used_up() {
    let mut world = World::new(|_| ());
    let lot = limit(&mut world, 2, 500);
    let left = ask(10, 500, 5, NOON).without(&lot).unwrap();
    assert_eq!(left.left.get(), 3);
    assert_eq!(left.without(&lot).unwrap().left.get(), 1);
    assert_eq!(ask(10, 500, 2, NOON).without(&lot), None);
}

#[test]
fn a_quote_that_comes_takes_the_highest_limit_at_its_price() {
    let mut world = World::new(|_| ());
    let lots = [limit(&mut world, 4, 500), limit(&mut world, 2, 600), limit(&mut world, 1, 400)];
    let (lot, price) = waiting_for(&ask(10, 300, 9, NOON), &lots, now()).unwrap();
    assert_eq!((lot.id, price.get()), (lots[1].id, 1200));
    let (lot, price) = waiting_for(&ask(10, 300, 1, NOON), &lots, now()).unwrap();
    assert_eq!((lot.id, price.get()), (lots[2].id, 400));
    assert!(waiting_for(&ask(10, 601, 9, NOON), &lots, now()).is_none());
    world.now += 1;
    let later = limit(&mut world, 2, 600);
    let lots = [later, lots[1].clone()];
    let (lot, _) = waiting_for(&ask(10, 300, 9, NOON), &lots, now()).unwrap();
    assert_eq!(lot.id, lots[1].id, "the one that waits longer");
}

#[test]
fn a_limit_may_fall_with_time() {
    let mut world = World::new(|_| ());
    let lot = world.lot(1, |job| {
        (job.offer.order, job.offer.ramp.price) = (Order::Limit, PriceMove::Falls);
    });
    let price = |milliseconds| lot.price(Time::constant(NOON + milliseconds)).get();
    assert_eq!([0, 150_000, 300_000, 900_000].map(price), [900, 500, 100, 100]);
    let ask = ask(10, 500, 1, NOON);
    assert!(ask.price_of(&lot, Time::constant(NOON + 150_000)).is_some());
    assert!(ask.price_of(&lot, Time::constant(NOON + 151_000)).is_none());
}

#[test]
fn a_lot_is_taken_within_its_limit() {
    let mut world = World::new(|_| ());
    let mut lot = limit(&mut world, 2, 500);
    let take = |world: &mut World, lot: &mut Lot, price| {
        let provider = world.admitted(10, lot);
        world.step(lot, Event::Take { provider, price: Amount::constant(price) })
    };
    for price in [199, 1001] {
        assert!(
            matches!(take(&mut world, &mut lot, price), Err(Refusal::PriceOutside { .. })),
            "{price}"
        );
    }
    assert_eq!(world.lock(&mut lot, 10), Err(Refusal::OtherAuction));
    take(&mut world, &mut lot, 1000).unwrap();
    assert_eq!(lot.leased().unwrap().price.get(), 1000);
    let mut lot = world.lot(1, |_| ());
    assert_eq!(
        take(&mut world, &mut lot, 100),
        Err(Refusal::OtherAuction),
        "a Dutch one is locked"
    );
}

#[test]
fn a_price_moves_until_its_ramp_has_ended() {
    let mut world = World::new(|_| ());
    for order in [PriceMove::Rises, PriceMove::Falls] {
        let lot =
            world.lot(2, |job| (job.offer.order, job.offer.ramp.price) = (Order::Limit, order));
        let moves = |minutes| lot.price_moves(Time::constant(NOON + minutes * MINUTE));
        assert_eq!([0, 4, 5, 30].map(moves), [true, true, false, false]);
    }
    let flat = world.lot(1, |job| {
        (job.offer.order, job.offer.maximum) = (Order::Limit, job.offer.minimum);
    });
    assert!(!flat.price_moves(now()));
}
