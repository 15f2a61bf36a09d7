//! What one job can do to the other jobs of its lot: attacks by joining a batch.

use velum_market_model::*;
use velum_market_rules::*;

use crate::world::{MINUTE, NOON, World};

/// What the jobs of a lot pay if the lot is locked this many milliseconds from now.
fn paid(mut world: World, mut lot: Lot, milliseconds: u64) -> Vec<u64> {
    world.now += milliseconds;
    world.lock(&mut lot, 10).unwrap();
    world.deliver(&mut lot, 10, 1).unwrap();
    let Phase::Settled { paid, .. } = lot.phase else { panic!("{lot:?}") };
    paid.into_iter().map(Amount::get).collect()
}

#[test]
fn a_job_with_a_short_ramp_does_not_make_others_pay_more() {
    let mut world = World::new(|_| ());
    let ramp = |milliseconds| {
        move |job: &mut Job| job.offer.ramp.duration = Duration::constant(milliseconds)
    };
    let lot = world.lot_of(&[&ramp(400_000), &ramp(400_000), &ramp(300_000)]);
    assert_eq!(paid(world.clone(), lot.clone(), 0), [100, 100, 100]);
    assert_eq!(paid(world.clone(), lot.clone(), 300_000), [700, 700, 900]);
    assert_eq!(paid(world, lot, 400_000), [900, 900, 900]);
}

#[test]
fn a_job_whose_ramp_starts_late_does_not_keep_others_at_their_minima() {
    let mut world = World::new(|_| ());
    let honest = |job: &mut Job| job.offer.ramp.duration = Duration::constant(400_000);
    let late = |job: &mut Job| {
        honest(job);
        job.offer.ramp.start = job.offer.ramp.start.after(Duration::constant(20_000));
    };
    let lot = world.lot_of(&[&honest, &honest, &late]);
    assert_eq!(paid(world.clone(), lot.clone(), 20_000), [140, 140, 100]);
    assert_eq!(paid(world, lot, 200_000), [500, 500, 460]);
}

/// Jobs of two kinds come in turns, one each second, and collect in one batch for each kind or in
/// one for both. Returns when the batch of the first kind closes, and its lot.
fn first_kind(change: impl Fn(&mut Job)) -> (u64, Lot) {
    let mut world = World::new(|_| ());
    let mut batches: Vec<Batch> = Vec::new();
    for number in 0..20 {
        let entry = world
            .entry(|job| {
                if number % 2 == 1 {
                    change(job)
                }
            })
            .unwrap();
        match batches.iter_mut().find(|batch| batch.key == entry.key) {
            Some(batch) => *batch = batch.with(entry).unwrap(),
            None => batches.push(Batch::new(entry.key).with(entry).unwrap()),
        }
        world.now += 1000;
    }
    let batch = &batches[0];
    let at = batch.closes_at(Time::constant(world.now)).unwrap();
    (at.get() - NOON, batch.close(at, &world.rules).unwrap().1)
}

fn minutes(minutes: u64) -> Duration {
    Duration::constant(minutes * MINUTE)
}

#[test]
fn a_job_that_cannot_wait_does_not_close_the_batch_of_those_that_can() {
    let impatient = |job: &mut Job| {
        job.latency =
            Latency::Aggregated { max_wait: Duration::ZERO, min_batch: Count::constant(1) };
    };
    assert_eq!(first_kind(impatient).0, 10 * MINUTE);
}

#[test]
fn a_job_with_tight_deadlines_does_not_expire_the_lot_of_others() {
    let lease = World::new(|_| ()).rules.lease_of(64);
    let now = Time::constant(NOON).after(minutes(1));
    let (at, lot) = first_kind(|job| {
        (job.offer.lock_by, job.offer.deliver_by) =
            (now, now.after(lease).after(Duration::constant(1)));
    });
    assert_eq!((at, lot.last_lock()), (10 * MINUTE, Time::constant(NOON).after(minutes(60))));
    // The earliest delivery that is possible, so that nobody could rescue the lot.
    let (at, lot) = first_kind(|job| job.offer.deliver_by = job.offer.lock_by.after(lease));
    assert_eq!((at, lot.deliver_by), (10 * MINUTE, Time::constant(NOON).after(minutes(180))));
}

#[test]
fn a_job_that_asks_for_more_company_does_not_hold_up_others() {
    let mut world = World::new(|settings| settings.batch.target = Count::constant(2));
    let asking = |min_batch| {
        move |job: &mut Job| {
            job.latency = Latency::Aggregated {
                max_wait: minutes(10),
                min_batch: Count::constant(min_batch),
            };
        }
    };
    let [modest, demanding] = [asking(2), asking(100)].map(|change| world.entry(change).unwrap());
    let batch = Batch::new(modest.key).with(modest).unwrap();
    assert_eq!(batch.with(demanding), Err(Refusal::OtherBatch));
    let batch = batch.with(world.entry(asking(1)).unwrap()).unwrap();
    assert!(batch.close(Time::constant(world.now), &world.rules).is_ok());
}

#[test]
fn a_job_that_asks_for_much_collateral_does_not_keep_providers_from_others() {
    let (_, lot) = first_kind(|job| job.offer.collateral = Amount::constant(1 << 40));
    assert!(lot.collateral.get() < 100_000, "{}", lot.collateral);
}

#[test]
fn nobody_rides_along_at_the_cost_of_others() {
    let rides: [&dyn Fn(&mut Job); 3] = [
        &|job| job.offer.maximum = job.offer.minimum,
        &|job| job.offer.ramp.duration = minutes(50),
        &|job| {
            job.offer.ramp.start = job.offer.ramp.start.after(minutes(14));
            job.offer.ramp.duration = minutes(5);
        },
    ];
    for (number, ride) in rides.into_iter().enumerate() {
        let (at, lot) = first_kind(ride);
        let prices =
            (lot.count().get(), lot.price(Time::constant(NOON + at).after(minutes(4))).get());
        assert_eq!(prices, (10, 10 * (100 + 800 * 4 / 5)), "{number}");
    }
}

#[test]
fn who_joins_a_batch_late_has_a_quarter_of_its_time_left() {
    // The worst that a job of the same class can do: it came first, has half as much time, and
    // waits for half of that.
    let mut world = World::new(|_| ());
    let time = Duration::constant(1 << 22);
    let with = |lock: Duration| {
        move |job: &mut Job| {
            (job.offer.lock_by, job.offer.deliver_by) =
                (job.offer.ramp.start.after(lock), job.offer.ramp.start.after(minutes(600)));
            job.latency =
                Latency::Aggregated { max_wait: minutes(60), min_batch: Count::constant(1) };
        }
    };
    let first = world.entry(with(time)).unwrap();
    world.now = first.close_by.get();
    let late = world.entry(with(Duration::constant(2 * time.get() - 1))).unwrap();
    assert_eq!(late.lock_by.since(Time::constant(world.now)).get(), 2 * time.get() - 1);
    let batch = Batch::new(first.key).with(first).unwrap().with(late).unwrap();
    let (_, lot) = batch.close(Time::constant(world.now), &world.rules).unwrap();
    assert_eq!(lot.last_lock().since(Time::constant(world.now)).get(), time.get() / 2);
    let longer = world.entry(with(Duration::constant(2 * time.get()))).unwrap();
    assert_eq!(batch.with(longer), Err(Refusal::OtherBatch));
}
