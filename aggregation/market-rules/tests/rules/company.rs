//! What one job can do to the others of its lot: attacks by who joins a batch.

use velum_market_model::*;
use velum_market_rules::*;

use crate::world::World;

/// What the jobs of a lot pay that is locked so many milliseconds from now.
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
    let ramp = |milliseconds| move |job: &mut Job| job.offer.ramp.duration = Duration::constant(milliseconds);
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
        job.offer.ramp.start = job.offer.ramp.start.after(Duration::constant(399_000));
        job.offer.ramp.duration = Duration::constant(1000);
    };
    let lot = world.lot_of(&[&honest, &honest, &late]);
    assert_eq!(paid(world.clone(), lot.clone(), 200_000), [500, 500, 100]);
    assert_eq!(paid(world, lot, 399_500), [899, 899, 500]);
}
