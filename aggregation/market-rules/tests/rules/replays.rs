//! What was signed once and comes again, or elsewhere.

use velum_market_model::*;
use velum_market_rules::auction::limit::Ask;
use velum_market_rules::*;

use crate::world::{MARKET, World, hash, key};

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
        Standing::buy(&order, hash(60), (quote, hash(50), quote.capacity), MARKET, now, &world.rules)
            .map(|_| ())
    };
    assert_eq!(buy(&here, MARKET), Ok(()));
    assert_eq!(buy(&here, ELSEWHERE), Err(other_market(ELSEWHERE)));
    assert_eq!(buy(&elsewhere, MARKET), Err(other_market(ELSEWHERE)));
}
