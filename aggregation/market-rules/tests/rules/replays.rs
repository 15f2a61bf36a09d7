//! Signed messages that come a second time, or to another market.

use velum_market_model::*;
use velum_market_rules::auction::limit::Ask;
use velum_market_rules::*;

use crate::world::{MARKET, World, hash, key, owner};

/// Another market, where the same keys have accounts.
const ELSEWHERE: Hash = Hash([0x3b; 32]);

fn other_market(named: Hash) -> Refusal {
    Refusal::OtherMarket { named, this: MARKET }
}

#[test]
fn a_job_for_one_market_is_no_job_for_another() {
    let mut world = World::new(|_| ());
    assert!(world.entry(|_| ()).is_ok());
    assert_eq!(world.entry(|job| job.market = ELSEWHERE), Err(other_market(ELSEWHERE)));
    let (here, _) = world.job(|_| ());
    let elsewhere = Job { market: ELSEWHERE, ..here.clone() };
    assert_ne!(
        id(&here).unwrap(),
        id(&elsewhere).unwrap(),
        "so a lot, a lock and a cancellation are of one market"
    );
}

#[test]
fn a_quote_and_a_standing_order_for_one_market_are_none_for_another() {
    let world = World::new(|_| ());
    let now = Time::constant(world.now);
    let of_market = |market| Quote {
        market,
        profile: Profile::Standard,
        price: Amount::constant(400),
        capacity: Count::constant(8),
        discount: Parts::default(),
        expires: now.after(Duration::constant(1000)),
        provider: key(10),
    };
    let (here, elsewhere) = (of_market(MARKET), of_market(ELSEWHERE));
    assert!(Ask::new(&here, hash(50), MARKET, now).is_ok());
    assert_eq!(Ask::new(&elsewhere, hash(50), MARKET, now), Err(other_market(ELSEWHERE)));
    let buy = |quote: &Quote, market| {
        let order = StandingOrder {
            market,
            quote: hash(50),
            count: Count::constant(5),
            price: Amount::constant(400),
            from: now,
            until: quote.expires,
            idempotency_key: IdempotencyKey::try_from("standing order 1".to_owned()).unwrap(),
            client: key(1),
        };
        Standing::buy(
            &order,
            hash(60),
            (quote, hash(50), quote.capacity),
            MARKET,
            now,
            &world.rules,
        )
        .map(|_| ())
    };
    assert_eq!(buy(&here, MARKET), Ok(()));
    assert_eq!(buy(&here, ELSEWHERE), Err(other_market(ELSEWHERE)));
    assert_eq!(buy(&elsewhere, MARKET), Err(other_market(ELSEWHERE)));
}

fn seen(id: Hash, owner: Hash, until: Time) -> SeenMessage {
    SeenMessage { id, owner, until }
}

#[test]
fn a_message_that_was_taken_is_not_taken_again_until_it_has_expired() {
    let world = World::new(|_| ());
    let now = Time::constant(world.now);
    let quote = seen(hash(50), owner(10), now.after(Duration::constant(1000)));
    let later = |milliseconds| now.after(Duration::constant(milliseconds));
    let mut remembered = Seen::default();
    remembered.take(quote, now, &world.rules).unwrap();
    // The provider has taken the quote back, and someone who has seen it sends it again.
    let again = remembered.take(quote, later(1000), &world.rules);
    assert_eq!(again, Err(Refusal::TakenBefore { id: hash(50) }));
    assert_eq!(remembered.take(SeenMessage { id: hash(51), ..quote }, now, &world.rules), Ok(()));
    let json = serde_json::to_string(&remembered).unwrap();
    assert_eq!(serde_json::from_str::<Seen>(&json).unwrap(), remembered);
    remembered.forget(later(1000));
    assert_ne!(remembered, Seen::default());
    remembered.forget(later(1001));
    assert_eq!(remembered, Seen::default());
}

#[test]
fn a_bid_is_for_one_auction_though_the_next_one_has_the_same_epoch() {
    let mut world = World::new(|_| ());
    let mut lot = world.lot(1, |job| job.offer.order = Order::Sealed);
    let (mut remembered, id) = (Seen::default(), hash(60));
    let mut bid = |world: &mut World, lot: &mut Lot| {
        let message = seen(id, owner(10), lot.deliver_by);
        remembered.take(message, Time::constant(world.now), &world.rules)?;
        let provider = world.admitted(10, lot);
        world.step(lot, Event::Commit { provider, commitment: hash(61) })
    };
    bid(&mut world, &mut lot).unwrap();
    let epoch = lot.epoch;
    for event in [Event::Fix, Event::Award] {
        world.now += world.rules.sealed.commit.get();
        world.step(&mut lot, event).unwrap();
    }
    assert_eq!((&lot.phase, lot.epoch), (&Phase::Open, epoch));
    assert_eq!(bid(&mut world, &mut lot), Err(Refusal::TakenBefore { id }));
    // The lot by itself would have taken the bidder's collateral a second time.
    let provider = world.admitted(10, &lot);
    assert!(world.step(&mut lot, Event::Commit { provider, commitment: hash(61) }).is_ok());
}

#[test]
fn a_job_that_was_cancelled_before_it_came_is_not_taken_while_it_could_be_locked() {
    let mut world = World::new(|_| ());
    let horizon = world.rules.seen.horizon;
    let now = Time::constant(world.now);
    let (_, job) = world.job(|job| job.submitter = key(1));
    let mut remembered = Seen::default();
    let (first, last) = (now.after(Duration::constant(1)), now.after(horizon));
    // A cancellation by any other owner does not keep the job from being accepted.
    remembered.cancel(seen(job, owner(2), last), now, &world.rules).unwrap();
    assert_eq!(remembered.check_job(job, owner(1), now), Ok(()));
    remembered.cancel(seen(job, owner(1), last), now, &world.rules).unwrap();
    let refused = Err(Refusal::CancelledBefore { job });
    assert_eq!(remembered.check_job(job, owner(1), now), refused);
    assert_eq!(remembered.check_job(job, owner(1), last), refused);
    // Another cancellation of the same job with an earlier time shortens nothing.
    remembered.cancel(seen(job, owner(1), first), now, &world.rules).unwrap();
    assert_eq!(remembered.check_job(job, owner(1), last), refused);
    assert_eq!(remembered.check_job(job, owner(1), last.after(Duration::constant(1))), Ok(()));
    // The market does not accept a job that could be locked later, and does not keep its
    // cancellation.
    let with = |lock_by: Time| {
        move |job: &mut Job| {
            (job.offer.lock_by, job.offer.deliver_by) = (lock_by, lock_by.after(horizon));
        }
    };
    assert!(world.entry(with(last)).is_ok());
    let lock_by = last.after(Duration::constant(1));
    let too_far = Refusal::TooFar { lock_by, most: horizon };
    assert_eq!(world.entry(with(lock_by)), Err(too_far.clone()));
    assert_eq!(remembered.cancel(seen(job, owner(3), lock_by), now, &world.rules), Err(too_far));
}

#[test]
fn so_many_messages_of_one_key_are_remembered_and_no_more() {
    let most = Count::constant(2);
    let world = World::new(|settings| settings.seen.most = most);
    let now = Time::constant(world.now);
    let mut remembered = Seen::default();
    remembered.take(seen(hash(50), owner(1), now), now, &world.rules).unwrap();
    remembered.cancel(seen(hash(51), owner(1), now), now, &world.rules).unwrap();
    let refused = Err(Refusal::TooManySeen { most });
    assert_eq!(remembered.cancel(seen(hash(52), owner(1), now), now, &world.rules), refused);
    assert_eq!(remembered.take(seen(hash(53), owner(1), now), now, &world.rules), refused);
    assert_eq!(
        remembered.cancel(seen(hash(51), owner(1), now), now, &world.rules),
        Ok(()),
        "the same again"
    );
    assert_eq!(
        remembered.cancel(seen(hash(52), owner(2), now), now, &world.rules),
        Ok(()),
        "another's"
    );
    let later = now.after(Duration::constant(1));
    assert_eq!(remembered.count(owner(1), now), 2);
    assert_eq!(
        remembered.cancel(seen(hash(52), owner(1), later), later, &world.rules),
        Ok(()),
        "one has expired"
    );
}
