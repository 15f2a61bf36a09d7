//! Capacity that is bought ahead.

use velum_market_model::*;
use velum_market_rules::*;

use crate::world::{MARKET, MINUTE, NOON, World, hash, key, owner};

const CLIENT: u8 = 1;
const SELLER: u8 = 10;

fn time(minutes: u64) -> Time {
    Time::constant(NOON + minutes * MINUTE)
}

fn quote() -> Quote {
    Quote {
        market: MARKET,
        profile: Profile::Standard,
        price: Amount::constant(400),
        capacity: Count::constant(8),
        discount: Parts::percent(10),
        expires: time(120),
        provider: key(SELLER),
    }
}

fn order() -> StandingOrder {
    StandingOrder {
        market: MARKET,
        quote: hash(50),
        count: Count::constant(5),
        price: Amount::constant(360),
        from: time(0),
        until: time(60),
        idempotency_key: IdempotencyKey::try_from("standing order 1".to_owned()).unwrap(),
        client: key(CLIENT),
    }
}

fn buy(world: &World, order: &StandingOrder) -> Result<(Standing, Transfers), Refusal> {
    let quote = quote();
    Standing::buy(
        order,
        hash(60),
        (&quote, hash(50), quote.capacity),
        MARKET,
        Time::constant(world.now),
        &world.rules,
    )
}

fn bought(world: &mut World) -> Standing {
    world.fund(owner(CLIENT));
    let (standing, transfers) = buy(world, &order()).unwrap();
    world.ledger.apply(&transfers).unwrap();
    standing
}

fn drawn(world: &mut World, standing: &Standing) -> (Standing, Entry) {
    let entry = world.entry(of_order).unwrap();
    let (standing, entry, transfers) = standing.draw(entry, Time::constant(world.now)).unwrap();
    world.ledger.apply(&transfers).unwrap();
    (standing, entry)
}

fn of_order(job: &mut Job) {
    (job.offer.order, job.standing_order) = (Order::Limit, Some(hash(60)));
}

#[test]
fn capacity_is_bought_at_a_discount_and_paid_ahead() {
    let mut world = World::new(|_| ());
    let standing = bought(&mut world);
    assert_eq!((standing.seller, standing.left.get()), (owner(SELLER), 5));
    assert_eq!(world.held(Account::Escrow(hash(60))), 5 * 360);
    let with = |change: &dyn Fn(&mut StandingOrder)| {
        let mut order = order();
        change(&mut order);
        buy(&world, &order).map(|_| ())
    };
    assert!(with(&|order| order.count = Count::constant(8)).is_ok());
    assert!(with(&|order| order.until = time(120)).is_ok());
    let wrongs: [&dyn Fn(&mut StandingOrder); 5] = [
        &|order| order.price = Amount::constant(359),
        &|order| order.count = Count::constant(9),
        &|order| order.until = time(121),
        &|order| order.until = time(0),
        &|order| order.quote = hash(51),
    ];
    for wrong in wrongs {
        assert!(matches!(with(wrong), Err(Refusal::Quote { .. })));
    }
}

#[test]
fn a_standing_order_is_at_the_floor_or_above() {
    let world = World::new(|settings| settings.admission.price_floor = Amount::constant(361));
    assert!(matches!(buy(&world, &order()), Err(Refusal::BelowFloor { .. })));
    let world = World::new(|settings| settings.admission.price_floor = Amount::constant(360));
    assert!(buy(&world, &order()).is_ok());
}

#[test]
fn a_drawn_job_asks_for_no_collateral_that_its_seller_might_not_have() {
    let mut world = World::new(|_| ());
    let standing = bought(&mut world);
    let entry = world.entry(|job| {
        of_order(job);
        job.offer.collateral = Amount::constant(1 << 50);
    });
    let (_, drawn, _) = standing.draw(entry.unwrap(), time(1)).unwrap();
    assert_eq!(drawn.collateral, Amount::ZERO);
}

#[test]
fn a_job_is_drawn_by_the_client_in_the_orders_time_while_something_is_left() {
    let mut world = World::new(|_| ());
    let mut standing = bought(&mut world);
    let entry = world.entry(of_order).unwrap();
    let draw = |entry: &Entry, minutes| standing.draw(entry.clone(), time(minutes)).map(|_| ());
    assert_eq!(draw(&entry, 59), Ok(()));
    assert!(matches!(draw(&entry, 60), Err(Refusal::NothingToDraw { .. })));
    let others = world.entry(|job| {
        of_order(job);
        job.submitter = key(2);
    });
    assert_eq!(draw(&others.unwrap(), 1), Err(Refusal::NotYours { what: "the standing order" }));
    let plain = world.entry(|job| job.offer.order = Order::Limit).unwrap();
    assert_eq!(draw(&plain, 1), Err(Refusal::OtherBatch));
    let other = world.entry(|job| {
        of_order(job);
        job.profile = Profile::Proven100;
    });
    assert_eq!(draw(&other.unwrap(), 1), Err(Refusal::OtherProfile { profile: Profile::Standard }));
    for left in (0..5).rev() {
        let (after, entry) = drawn(&mut world, &standing);
        assert_eq!((after.left.get(), world.held(Account::Escrow(entry.job))), (left, 360));
        standing = after;
    }
    assert!(matches!(standing.draw(entry, time(1)), Err(Refusal::NothingToDraw { .. })));
}

#[test]
fn a_drawn_job_is_the_sellers_first_and_cannot_be_cancelled() {
    let mut world = World::new(|_| ());
    let standing = bought(&mut world);
    let (standing, entry) = drawn(&mut world, &standing);
    let job = entry.job;
    let batch = Batch::new(entry.key).with(entry).unwrap();
    assert_eq!(batch.without(job, owner(CLIENT)), Err(Refusal::Drawn { job }));
    world.later(10);
    let (_, lot) = batch.close(Time::constant(world.now), &world.rules).unwrap();
    let mut lot = standing.reserve(lot);
    let take = |world: &mut World, lot: &mut Lot, provider| {
        let provider = world.admitted(provider, lot);
        world.step(lot, Event::Take { provider, price: Amount::constant(360) })
    };
    let until = Time::constant(world.now).after(world.rules.standing.exclusive);
    let mut others = lot.clone();
    assert_eq!(take(&mut world, &mut others, 11), Err(Refusal::SellersAlone { until }));
    let mut other = world.clone();
    other.now = until.get();
    assert!(take(&mut other, &mut others, 11).is_ok(), "after a while it is anyone's");
    take(&mut world, &mut lot, SELLER).unwrap();
    let before = world.balance(SELLER);
    world.deliver(&mut lot, SELLER, 1).unwrap();
    assert_eq!(world.balance(SELLER) - before, 360 - 3 + lot.collateral.get());
}

#[test]
fn what_is_unused_is_divided_at_the_end() {
    let mut world = World::new(|settings| settings.standing.forfeited = Parts::percent(25));
    let standing = bought(&mut world);
    let (standing, _) = drawn(&mut world, &standing);
    let (seller, client) = (world.balance(SELLER), world.balance(CLIENT));
    assert_eq!(standing.end(time(59), &world.rules), Err(Refusal::NotEnding { until: time(60) }));
    let (ended, transfers) = standing.end(time(60), &world.rules).unwrap();
    world.ledger.apply(&transfers).unwrap();
    assert_eq!(world.balance(SELLER) - seller, 4 * 360 / 4);
    assert_eq!(world.balance(CLIENT) - client, 4 * 360 * 3 / 4);
    assert_eq!(world.held(Account::Escrow(hash(60))), 0);
    assert_eq!(ended.end(time(61), &world.rules), Err(Refusal::NotEnding { until: time(60) }));
}

#[test]
fn a_seller_that_withdraws_gets_nothing() {
    let mut world = World::new(|_| ());
    let standing = bought(&mut world);
    let before = world.balance(CLIENT);
    assert_eq!(standing.withdraw(owner(CLIENT)), Err(Refusal::NotYours { what: "the quote" }));
    let (ended, transfers) = standing.withdraw(owner(SELLER)).unwrap();
    world.ledger.apply(&transfers).unwrap();
    assert_eq!(world.balance(CLIENT) - before, 5 * 360);
    assert!(ended.withdraw(owner(SELLER)).is_err());
}
