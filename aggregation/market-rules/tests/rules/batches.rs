//! Jobs that come, wait for company, and go.

use velum_market_model::*;
use velum_market_rules::*;

use crate::world::{MINUTE, NOON, World, key, owner};

fn time(minutes: u64) -> Time {
    Time::constant(NOON + minutes * MINUTE)
}

fn aggregated(minutes: u64, company: u64) -> Latency {
    Latency::Aggregated {
        max_wait: Duration::constant(minutes * MINUTE),
        min_batch: Count::constant(company),
    }
}

fn collected(world: &mut World, latencies: &[Latency]) -> Batch {
    let mut batch: Option<Batch> = None;
    for latency in latencies {
        let entry = world.entry(|job| job.latency = *latency).unwrap();
        batch = Some(batch.unwrap_or_else(|| Batch::new(entry.key)).with(entry).unwrap());
    }
    batch.unwrap()
}

#[test]
fn a_batch_closes_when_its_earliest_job_has_waited_enough() {
    let mut world = World::new(|_| ());
    let batch = collected(&mut world, &[aggregated(10, 8), aggregated(9, 8), aggregated(15, 8)]);
    assert_eq!(batch.closes_at(time(0)), Some(time(9)));
    assert_eq!(batch.close(time(8), &world.rules).unwrap_err(), Refusal::BatchOpen { at: time(9) });
    let (closed, lot) = batch.close(time(9), &world.rules).unwrap();
    assert_eq!((closed.lot, lot.count().get()), (Some(lot.id), 3));
    assert_eq!(
        closed.close(time(10), &world.rules).unwrap_err(),
        Refusal::BatchClosed { lot: lot.id }
    );
}

#[test]
fn a_batch_closes_when_its_jobs_have_the_company_that_they_ask_for() {
    let mut world = World::new(|settings| settings.batch.target = Count::constant(2));
    let asking = [3, 4, 3, 4].map(|company| aggregated(10, company));
    let batch = collected(&mut world, &asking[..3]);
    assert!(batch.close(time(0), &world.rules).is_err(), "three is rounded up to four");
    assert!(collected(&mut world, &asking).close(time(0), &world.rules).is_ok());
    let batch = collected(&mut world, &[aggregated(10, 1)]);
    assert!(batch.close(time(0), &world.rules).is_err(), "the market aims at two");
    assert!(
        collected(&mut world, &[aggregated(10, 1), aggregated(10, 2)])
            .close(time(0), &world.rules)
            .is_ok()
    );
    assert_eq!(Batch::new(batch.key).closes_at(time(0)), None);
    assert!(Batch::new(batch.key).close(time(100), &world.rules).is_err(), "nothing is no lot");
}

#[test]
fn a_batch_closes_when_half_of_the_time_to_lock_a_job_is_over() {
    let mut world = World::new(|_| ());
    let lease = world.rules.lease_of(64);
    let entry = world.entry(|job| job.offer.lock_by = time(20)).unwrap();
    assert_eq!(entry.close_by, time(10));
    let entry = world.entry(|job| job.offer.lock_by = time(19)).unwrap();
    assert_eq!(entry.close_by, time(0).after(Duration::constant(19 * MINUTE / 2)));
    let deliver_by = time(8).after(lease);
    let entry = world
        .entry(|job| (job.offer.lock_by, job.offer.deliver_by) = (time(40), deliver_by))
        .unwrap();
    assert_eq!((entry.close_by, entry.lock_by), (time(4), time(8)), "so that a lease fits");
    let sealed = |job: &mut Job| (job.offer.order, job.offer.lock_by) = (Order::Sealed, time(5));
    assert_eq!(world.entry(sealed).unwrap().close_by, time(2), "a minute of auction");
}

#[test]
fn what_could_not_be_delivered_in_time_is_refused() {
    let mut world = World::new(|_| ());
    let lease = world.rules.lease_of(64);
    let at_last = Time::constant(NOON).after(lease);
    let with = |deliver_by: Time| {
        move |job: &mut Job| (job.offer.lock_by, job.offer.deliver_by) = (time(0), deliver_by)
    };
    assert_eq!(world.entry(with(at_last)).unwrap().close_by, time(0));
    let refused = world.entry(with(at_last.before(Duration::constant(1)))).unwrap_err();
    assert!(matches!(refused, Refusal::TooSoon { needed, .. } if needed == lease), "{refused}");
    let sealed = |job: &mut Job| (job.offer.order, job.offer.lock_by) = (Order::Sealed, time(1));
    assert!(world.entry(sealed).is_ok());
    world.now += 1;
    let sealed = |job: &mut Job| (job.offer.order, job.offer.lock_by) = (Order::Sealed, time(1));
    assert!(matches!(world.entry(sealed), Err(Refusal::TooSoon { .. })));
}

#[test]
fn a_single_job_is_a_batch_of_its_own_at_once() {
    let mut world = World::new(|_| ());
    let batch = collected(&mut world, &[Latency::Single]);
    let other = world.entry(|job| job.latency = Latency::Single).unwrap();
    assert_eq!(batch.with(other), Err(Refusal::BatchFull));
    let waiting = world.entry(|job| job.latency = aggregated(1, 1)).unwrap();
    assert_eq!(batch.with(waiting), Err(Refusal::OtherBatch));
    assert_eq!(batch.close(time(0), &world.rules).unwrap().1.count().get(), 1);
}

#[test]
fn a_job_is_cancelled_with_a_full_refund_until_its_batch_closes() {
    let mut world = World::new(|_| ());
    world.fund(owner(1));
    let before = world.ledger.clone();
    let entry = world.entry(|_| ()).unwrap();
    world.ledger.apply(&entry.paid_ahead()).unwrap();
    assert_eq!(world.held(Account::Escrow(entry.job)), 900);
    let batch = Batch::new(entry.key).with(entry.clone()).unwrap();
    assert_eq!(batch.without(entry.job, owner(2)), Err(Refusal::NotYours { what: "the job" }));
    assert_eq!(batch.without(owner(9), owner(1)), Err(Refusal::NoSuchJob { job: owner(9) }));
    let (closed, lot) = batch.close(time(10), &world.rules).unwrap();
    assert_eq!(closed.without(entry.job, owner(1)), Err(Refusal::BatchClosed { lot: lot.id }));
    let (batch, refund) = batch.without(entry.job, owner(1)).unwrap();
    world.ledger.apply(&refund).unwrap();
    assert_eq!((batch.entries.len(), &world.ledger), (0, &before));
}

#[test]
fn a_batch_takes_jobs_of_its_kind_once() {
    let mut world = World::new(|settings| {
        (settings.batch.target, settings.batch.most) = (Count::constant(2), Count::constant(2));
    });
    let entry = world.entry(|_| ()).unwrap();
    let batch = Batch::new(entry.key).with(entry.clone()).unwrap();
    assert_eq!(batch.with(entry.clone()), Err(Refusal::Repeated { job: entry.job }));
    for other in [
        world.entry(|job| job.profile = Profile::Proven100),
        world.entry(|job| job.offer.order = Order::Limit),
        world.entry(|job| job.standing_order = Some(owner(7))),
    ] {
        assert_eq!(batch.with(other.unwrap()), Err(Refusal::OtherBatch));
    }
    let second = world.entry(|_| ()).unwrap();
    let batch = batch.with(second).unwrap();
    assert_eq!(batch.with(world.entry(|_| ()).unwrap()), Err(Refusal::BatchFull));
    assert!(matches!(
        world.entry(|job| job.latency = aggregated(1, 3)),
        Err(Refusal::BatchTooLarge { .. })
    ));
    assert!(world.entry(|job| job.latency = aggregated(1, 2)).is_ok());
    let (_, lot) = batch.close(time(0), &world.rules).unwrap();
    let closed = Batch { lot: Some(lot.id), ..batch };
    assert_eq!(closed.with(entry), Err(Refusal::BatchClosed { lot: lot.id }));
}

#[test]
fn the_money_of_a_lot_stays_below_two_to_the_53() {
    let mut world = World::new(|_| ());
    let of = |maximum: u64| move |job: &mut Job| job.offer.maximum = Amount::constant(maximum);
    let first = world.entry(of(LIMIT / 2 - 1)).unwrap();
    let second = world.entry(of(LIMIT / 4)).unwrap();
    let batch = Batch::new(first.key).with(first).unwrap().with(second).unwrap();
    assert_eq!(batch.with(world.entry(of(LIMIT / 4 + 1)).unwrap()), Err(Refusal::BatchFull));
    assert!(batch.with(world.entry(of(LIMIT / 4)).unwrap()).is_ok());
}

#[test]
fn an_offer_is_at_the_floor_or_above() {
    let mut world = World::new(|settings| settings.admission.price_floor = Amount::constant(100));
    assert!(world.entry(|_| ()).is_ok());
    let refused = world.entry(|job| job.offer.minimum = Amount::constant(99)).unwrap_err();
    assert_eq!(
        refused,
        Refusal::BelowFloor { offered: Amount::constant(99), floor: Amount::constant(100) }
    );
}

#[test]
fn an_idempotency_key_stands_for_one_job() {
    let mut world = World::new(|_| ());
    let (job, first) = world.job(|_| ());
    assert_eq!(repeated(first, id(&job).unwrap()), Ok(()));
    let other = Job { submitter: key(1), statement: owner(5), ..job };
    assert_eq!(repeated(first, id(&other).unwrap()), Err(Refusal::OtherJob { job: first }));
}
