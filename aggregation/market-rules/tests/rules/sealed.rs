//! Sealed auctions: bids that are committed, fixed, opened and awarded, and bidders that stand by.

use velum_market_model::*;
use velum_market_rules::auction::Auction;
use velum_market_rules::*;

use crate::world::{World, bad_proof, hash, owner};

fn sealed(world: &mut World) -> Lot {
    world.lot(4, |job| job.offer.order = Order::Sealed)
}

fn commit(
    world: &mut World,
    lot: &mut Lot,
    bidder: u8,
    price: u64,
) -> Result<Vec<Notice>, Refusal> {
    let provider = world.admitted(bidder, lot);
    let nonce = hash(bidder);
    let commitment =
        sealed_price(&lot.id, lot.epoch, &owner(bidder), Amount::constant(price), &nonce);
    world.step(lot, Event::Commit { provider, commitment })
}

fn reveal(
    world: &mut World,
    lot: &mut Lot,
    bidder: u8,
    price: u64,
) -> Result<Vec<Notice>, Refusal> {
    let reveal = Event::Reveal {
        bidder: owner(bidder),
        price: Amount::constant(price),
        nonce: hash(bidder),
    };
    world.step(lot, reveal)
}

fn next_part(world: &mut World) {
    world.now += world.rules.sealed.commit.get();
}

/// Runs an auction in which all bids are made, and all are opened except those of price zero.
fn awarded(world: &mut World, lot: &mut Lot, bids: &[(u8, u64)]) -> Vec<Notice> {
    for (bidder, price) in bids {
        commit(world, lot, *bidder, *price).unwrap();
    }
    next_part(world);
    world.step(lot, Event::Fix).unwrap();
    for (bidder, price) in bids.iter().filter(|bid| bid.1 > 0) {
        reveal(world, lot, *bidder, *price).unwrap();
    }
    next_part(world);
    world.step(lot, Event::Award).unwrap()
}

fn winner(lot: &Lot) -> (Hash, u64) {
    let lease = lot.leased().unwrap();
    (lease.provider, lease.price.get())
}

#[test]
fn the_lowest_bid_wins_and_is_paid_the_second_lowest() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    let notices = awarded(&mut world, &mut lot, &[(10, 900), (11, 700), (12, 800)]);
    assert_eq!((winner(&lot), notices), ((owner(11), 800), vec![Notice::Locked(owner(11))]));
    assert_eq!(world.held(Account::Collateral(lot.id)), lot.collateral.get());
}

#[test]
fn who_is_alone_is_paid_the_maximum() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    awarded(&mut world, &mut lot, &[(10, 900)]);
    assert_eq!(winner(&lot), (owner(10), lot.maximum.get()));
}

#[test]
fn of_two_equal_bids_the_earlier_wins() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    awarded(&mut world, &mut lot, &[(12, 700), (10, 700), (11, 900)]);
    assert_eq!(winner(&lot), (owner(12), 700));
}

#[test]
fn who_fails_is_followed_at_once_at_the_next_higher_price() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    awarded(&mut world, &mut lot, &[(10, 900), (11, 700), (12, 800)]);
    let standby = |bidder| Account::Standby { lot: lot.id, bidder: owner(bidder) };
    assert_eq!([10, 11, 12].map(|bidder| world.held(standby(bidder))), [10_000, 0, 10_000]);
    assert_eq!(lot.collateral.get(), 10_000);
    let notices = world.fail(&mut lot, 1, bad_proof(11)).unwrap();
    assert_eq!(notices, [Notice::Failed(owner(11)), Notice::Locked(owner(12))]);
    assert_eq!((winner(&lot), lot.epoch.get()), ((owner(12), 900), 2));
    assert_eq!(world.held(Account::Collateral(lot.id)), 10_000);
    world.fail(&mut lot, 2, bad_proof(12)).unwrap();
    assert_eq!(winner(&lot), (owner(10), lot.maximum.get()));
    world.fail(&mut lot, 3, bad_proof(10)).unwrap();
    assert_eq!(lot.phase, Phase::Open, "a new auction only when nobody stands by");
    awarded(&mut world, &mut lot, &[(13, 600)]);
    world.deliver(&mut lot, 13, 4).unwrap();
}

#[test]
fn who_stands_by_is_free_when_the_lot_is_delivered() {
    let mut world = World::new(|settings| settings.sealed.standbys = Count::constant(1));
    let mut lot = sealed(&mut world);
    let bids = [(10, 900), (11, 700), (12, 800), (13, 850)];
    awarded(&mut world, &mut lot, &bids);
    let standby = |bidder| Account::Standby { lot: lot.id, bidder: owner(bidder) };
    assert_eq!([10, 11, 12, 13].map(|bidder| world.held(standby(bidder))), [0, 0, 10_000, 0]);
    let before = world.balance(12);
    world.deliver(&mut lot, 11, 1).unwrap();
    assert_eq!(world.balance(12) - before, 10_000);
}

#[test]
fn a_bid_that_is_not_opened_loses_a_part() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    world.fund(owner(10));
    let before = world.balance(10);
    let notices = awarded(&mut world, &mut lot, &[(10, 0), (11, 700)]);
    assert_eq!(notices, [Notice::Locked(owner(11)), Notice::Unrevealed(owner(10))]);
    assert_eq!((before - world.balance(10), world.held(Account::Burned)), (2500, 2500));
    assert_eq!(winner(&lot), (owner(11), lot.maximum.get()));
}

#[test]
fn where_no_bid_is_opened_another_auction_begins() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    awarded(&mut world, &mut lot, &[(10, 0)]);
    assert_eq!((&lot.phase, lot.epoch.get()), (&Phase::Open, 0));
    awarded(&mut world, &mut lot, &[(10, 700)]);
    assert_eq!(winner(&lot).0, owner(10));
}

#[test]
fn bids_come_then_are_fixed_then_are_opened() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    commit(&mut world, &mut lot, 10, 700).unwrap();
    assert_eq!(commit(&mut world, &mut lot, 10, 600), Err(Refusal::BidTwice));
    assert!(matches!(reveal(&mut world, &mut lot, 10, 700), Err(Refusal::Fixed(_))));
    assert!(matches!(world.step(&mut lot, Event::Fix), Err(Refusal::OtherTime { .. })));
    world.now += world.rules.sealed.commit.get() - 1;
    commit(&mut world, &mut lot, 11, 800).unwrap();
    world.now += 1;
    assert!(matches!(commit(&mut world, &mut lot, 12, 600), Err(Refusal::OtherTime { .. })));
    assert!(matches!(world.step(&mut lot, Event::Award), Err(Refusal::Fixed(_))));
    world.step(&mut lot, Event::Fix).unwrap();
    assert!(matches!(world.step(&mut lot, Event::Fix), Err(Refusal::Fixed(_))));
    assert!(matches!(commit(&mut world, &mut lot, 12, 600), Err(Refusal::Fixed(_))));
    assert_eq!(reveal(&mut world, &mut lot, 10, 699), Err(Refusal::OpensNoBid));
    reveal(&mut world, &mut lot, 10, 700).unwrap();
    assert!(matches!(world.step(&mut lot, Event::Award), Err(Refusal::OtherTime { .. })));
    next_part(&mut world);
    assert!(matches!(reveal(&mut world, &mut lot, 11, 800), Err(Refusal::OtherTime { .. })));
    world.step(&mut lot, Event::Award).unwrap();
    assert_eq!(winner(&lot), (owner(10), lot.maximum.get()));
}

#[test]
fn bids_that_are_fixed_late_are_opened_from_then_on() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    let rules = world.rules.clone();
    commit(&mut world, &mut lot, 10, 700).unwrap();
    let before = world.balance(10);
    // This is longer than the time in which bids are opened.
    world.now += rules.sealed.commit.get() + 10 * rules.sealed.reveal.get();
    assert!(matches!(commit(&mut world, &mut lot, 11, 600), Err(Refusal::OtherTime { .. })));
    assert!(matches!(world.step(&mut lot, Event::Award), Err(Refusal::Fixed(_))));
    world.step(&mut lot, Event::Fix).unwrap();
    assert!(matches!(world.step(&mut lot, Event::Award), Err(Refusal::OtherTime { .. })));
    world.now += rules.sealed.reveal.get() - 1;
    reveal(&mut world, &mut lot, 10, 700).unwrap();
    world.now += 1;
    world.step(&mut lot, Event::Award).unwrap();
    assert_eq!((winner(&lot).0, world.balance(10)), (owner(10), before));
}

#[test]
fn an_outage_lengthens_the_time_in_which_bids_are_taken() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    commit(&mut world, &mut lot, 10, 700).unwrap();
    let (from, until) = (Time::constant(world.now + 1000), Time::constant(world.now + 5 * 60_000));
    world.now = until.get();
    assert!(matches!(commit(&mut world, &mut lot, 11, 600), Err(Refusal::OtherTime { .. })));
    world.excuses.push(Interval { from, until });
    assert!(matches!(world.step(&mut lot, Event::Fix), Err(Refusal::OtherTime { .. })));
    world.now += world.rules.sealed.commit.get() - 1001;
    commit(&mut world, &mut lot, 11, 600).unwrap();
    world.now += 1;
    assert!(matches!(commit(&mut world, &mut lot, 12, 500), Err(Refusal::OtherTime { .. })));
    world.step(&mut lot, Event::Fix).unwrap();
    // What excused a bidder does not excuse anyone from opening a bid in time.
    reveal(&mut world, &mut lot, 11, 600).unwrap();
    next_part(&mut world);
    world.step(&mut lot, Event::Award).unwrap();
    assert_eq!(winner(&lot), (owner(11), lot.maximum.get()));
}

#[test]
fn an_outage_lengthens_the_time_in_which_bids_are_opened() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    commit(&mut world, &mut lot, 10, 700).unwrap();
    next_part(&mut world);
    world.step(&mut lot, Event::Fix).unwrap();
    let (from, until) = (Time::constant(world.now + 1000), Time::constant(world.now + 5 * 60_000));
    world.now = until.get();
    assert!(matches!(reveal(&mut world, &mut lot, 10, 700), Err(Refusal::OtherTime { .. })));
    world.excuses.push(Interval { from, until });
    assert!(matches!(world.step(&mut lot, Event::Award), Err(Refusal::OtherTime { .. })));
    world.now += world.rules.sealed.reveal.get() - 1001;
    reveal(&mut world, &mut lot, 10, 700).unwrap();
    world.now += 1;
    world.step(&mut lot, Event::Award).unwrap();
    assert_eq!(winner(&lot).0, owner(10));
}

#[test]
fn the_root_is_over_all_bids_and_nothing_else() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    for bidder in [10, 11, 12] {
        commit(&mut world, &mut lot, bidder, 700).unwrap();
    }
    next_part(&mut world);
    world.step(&mut lot, Event::Fix).unwrap();
    let Auction::Sealed(auction) = &lot.auction else { panic!("{lot:?}") };
    let entries = auction.entries();
    assert_eq!(auction.root(), Some(root_of(&entries)));
    assert_eq!(root_on(&entries[2], &path_to(&entries, 2)), root_of(&entries));
    reveal(&mut world, &mut lot, 10, 700).unwrap();
    let Auction::Sealed(after) = &lot.auction else { panic!("{lot:?}") };
    assert_eq!(after.root(), Some(root_of(&entries)), "opening changes nothing of it");
}

#[test]
fn a_copied_commitment_opens_for_nobody_else() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    commit(&mut world, &mut lot, 10, 700).unwrap();
    let commitment = sealed_price(&lot.id, lot.epoch, &owner(10), Amount::constant(700), &hash(10));
    let provider = world.admitted(11, &lot);
    world.step(&mut lot, Event::Commit { provider, commitment }).unwrap();
    next_part(&mut world);
    world.step(&mut lot, Event::Fix).unwrap();
    let copied = Event::Reveal { bidder: owner(11), price: Amount::constant(700), nonce: hash(10) };
    assert_eq!(world.step(&mut lot, copied), Err(Refusal::OpensNoBid));
    assert!(reveal(&mut world, &mut lot, 10, 700).is_ok());
}

#[test]
fn a_bid_is_between_what_the_jobs_offer() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    for (bidder, price) in [(10, 399), (11, 400), (12, 3600), (13, 3601)] {
        commit(&mut world, &mut lot, bidder, price).unwrap();
    }
    next_part(&mut world);
    world.step(&mut lot, Event::Fix).unwrap();
    assert!(matches!(reveal(&mut world, &mut lot, 10, 399), Err(Refusal::PriceOutside { .. })));
    reveal(&mut world, &mut lot, 11, 400).unwrap();
    reveal(&mut world, &mut lot, 12, 3600).unwrap();
    assert!(matches!(reveal(&mut world, &mut lot, 13, 3601), Err(Refusal::PriceOutside { .. })));
}

#[test]
fn an_auction_takes_so_many_bids() {
    let mut world = World::new(|settings| settings.sealed.most_bids = Count::constant(2));
    let mut lot = sealed(&mut world);
    commit(&mut world, &mut lot, 10, 700).unwrap();
    commit(&mut world, &mut lot, 11, 700).unwrap();
    let most = Count::constant(2);
    assert_eq!(commit(&mut world, &mut lot, 12, 700), Err(Refusal::TooManyBids { most }));
}

#[test]
fn an_expired_auction_gives_bids_back() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    commit(&mut world, &mut lot, 10, 700).unwrap();
    let before = world.balance(10);
    world.after_lock(&lot);
    world.step(&mut lot, Event::Expire).unwrap();
    assert_eq!(world.balance(10) - before, 10_000);
}

#[test]
fn who_stands_by_is_free_when_it_is_too_late_for_a_lease() {
    let mut world = World::new(|_| ());
    let mut lot = sealed(&mut world);
    awarded(&mut world, &mut lot, &[(10, 900), (11, 700)]);
    lot.deliver_by = lot.leased().unwrap().deliver_by;
    let before = world.balance(10);
    world.after_lease(&lot);
    assert_eq!(world.fail(&mut lot, 1, Fault::Missed), Ok(vec![Notice::Failed(owner(11))]));
    assert_eq!(world.balance(10) - before, 10_000);
    world.step(&mut lot, Event::Expire).unwrap();
}

#[test]
fn other_auctions_take_no_bids_and_this_one_no_locks() {
    let mut world = World::new(|_| ());
    let (mut lot, mut dutch) = (sealed(&mut world), world.lot(1, |_| ()));
    assert_eq!(commit(&mut world, &mut dutch, 10, 700), Err(Refusal::OtherAuction));
    assert_eq!(world.step(&mut dutch, Event::Award), Err(Refusal::OtherAuction));
    assert_eq!(world.lock(&mut lot, 10), Err(Refusal::OtherAuction));
}

#[test]
fn two_bidders_that_are_one_gain_nothing_by_a_second_bid_or_by_failing_for_each_other() {
    const OTHER: u8 = 12;
    // What the operator of bidders 10 and 11 earns by its bids. A bid of 0 is not made. If `fails`
    // is set and one of the two wins, it fails, so that the other may follow.
    let earned = |bids: [u64; 2], other: u64, fails: bool| {
        let mut world = World::new(|settings| settings.fee = Parts::default());
        let mut lot = sealed(&mut world);
        [10, 11].into_iter().for_each(|bidder| world.fund(owner(bidder)));
        let all = [(10, bids[0]), (11, bids[1]), (OTHER, other)];
        let made: Vec<_> = all.into_iter().filter(|bid| bid.1 > 0).collect();
        awarded(&mut world, &mut lot, &made);
        let is_ours = |lot: &Lot| lot.leased().unwrap().provider != owner(OTHER);
        if fails && is_ours(&lot) {
            let provider = lot.leased().unwrap().provider;
            world.fail(&mut lot, 1, Fault::BadProof { provider }).unwrap();
        }
        if let Some(provider) = lot.leased().map(|lease| lease.provider) {
            let epoch = lot.epoch;
            world.step(&mut lot, Event::Deliver { provider, epoch }).unwrap();
        }
        (world.balance(10) + world.balance(11)).cast_signed()
    };
    let prices = [500, 900, 1400, 2000, 3600];
    for other in [0, 600, 1000, 3000] {
        for one in prices {
            let honest = earned([one, 0], other, false);
            for two in prices.into_iter().filter(|two| *two >= one) {
                assert!(earned([one, two], other, false) <= honest, "{one} {two} {other}");
                assert!(earned([one, two], other, true) <= honest, "{one} {two} {other}, failing");
            }
        }
    }
}
