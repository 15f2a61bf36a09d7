//! Clients: how many jobs come at which time, and what they offer.

use velum_market_model::{
    Amount, Count, Duration, Hash, IdempotencyKey, Job, Key, Latency, Offer, Order, PriceMove,
    Profile, ProofReference, ProofSystem, ProofSystemName, Ramp, SizeClass, Time,
};

use crate::Scenario;
use crate::random::Random;

/// A minute in milliseconds.
pub(crate) const MINUTE: f64 = 60_000.0;
pub(crate) const DAY: f64 = 24.0 * 60.0 * MINUTE;

/// The only market in the simulation.
pub(crate) const MARKET: Hash = Hash([0x3a; 32]);

/// The number of clients.
pub(crate) const CLIENTS: usize = 200;

/// By which part of the average more jobs come at noon, and fewer at midnight.
const RHYTHM: f64 = 0.6;

/// The time to the next job.
pub(crate) fn until_next(random: &mut Random, scenario: &Scenario, since_midnight: f64) -> f64 {
    let rhythm = 1.0 - RHYTHM * (std::f64::consts::TAU * since_midnight / DAY).cos();
    random.until_next(scenario.jobs as f64 / DAY * rhythm)
}

/// The key of a client.
pub(crate) fn key(client: usize) -> Key {
    let mut public = [0xc1; 32];
    public[..8].copy_from_slice(&(client as u64).to_be_bytes());
    Key::Ed25519(public)
}

/// A job that comes now.
pub(crate) fn job(random: &mut Random, scenario: &Scenario, now: Time) -> Job {
    let milliseconds =
        |minutes: f64| Duration::new((minutes * MINUTE) as u64).unwrap_or(Duration::MOST);
    let latency = if random.happens(0.02) {
        Latency::Single
    } else {
        let max_wait = milliseconds([2.0, 5.0, 15.0][random.below(3)]);
        Latency::Aggregated { max_wait, min_batch: Count::constant(1) }
    };
    let amount = |amount: f64| Amount::new(amount as u64).unwrap_or(Amount::MOST);
    let offer = Offer {
        order: order(random, scenario.orders),
        minimum: amount(random.between(60.0, 120.0)),
        maximum: amount(random.between(500.0, 1100.0)),
        ramp: Ramp {
            start: now,
            duration: milliseconds(scenario.ramp_minutes),
            price: PriceMove::Rises,
        },
        lock_by: now.after(milliseconds(60.0)),
        deliver_by: now.after(milliseconds(240.0)),
        collateral: Amount::ZERO,
    };
    Job {
        market: MARKET,
        proof: ProofReference { sha256: Hash(random.bytes()), length: Count::constant(310_330) },
        proof_system: ProofSystem {
            name: text("velum aggregatable 6", ProofSystemName::try_from),
            keys: Hash([0; 32]),
        },
        size_class: SizeClass::Standard,
        statement: Hash::default(),
        offer,
        profile: Profile::Standard,
        latency,
        standing_order: None,
        idempotency_key: text("a simulated job, once", IdempotencyKey::try_from),
        submitter: key(random.below(CLIENTS)),
    }
}

fn text<T, E: std::fmt::Debug>(text: &str, parse: impl Fn(String) -> Result<T, E>) -> T {
    parse(text.to_owned()).expect("the text is short and ASCII")
}

fn order(random: &mut Random, weights: [u32; 3]) -> Order {
    let mut drawn = random.between(0.0, f64::from(weights.iter().sum::<u32>()));
    for (order, weight) in [Order::Dutch, Order::Sealed, Order::Limit].into_iter().zip(weights) {
        drawn -= f64::from(weight);
        if drawn < 0.0 {
            return order;
        }
    }
    Order::Dutch
}
