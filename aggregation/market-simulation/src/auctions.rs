//! What providers do about open lots: they lock them, bid for them, and quote for them.

use velum_market_model::{Amount, Count, Duration, Hash, Order, Profile, Time, sealed_price};
use velum_market_rules::auction::limit::{Ask, waiting_for};
use velum_market_rules::{Event, Phase};

use crate::market::{Market, Moment};
use crate::providers::Conduct;

/// The most bidders of a sealed auction.
const BIDDERS: usize = 16;

/// How often providers look at a Dutch price while it rises.
const LOOKS: u64 = 60;

impl Market<'_> {
    /// Starts the auction of a lot.
    pub(crate) fn open(&mut self, lot: u64) {
        if self.expired(lot) {
            return;
        }
        match self.lots[&lot].order {
            Order::Sealed => self.take_bids(lot),
            Order::Dutch => self.look(lot),
            Order::Limit => {
                self.waiting.insert(lot);
                self.look(lot);
            }
        }
    }

    /// Expires the lot if it is too late for every provider. Returns whether the lot is over.
    fn expired(&mut self, lot: u64) -> bool {
        self.step(lot, &Event::Expire).is_ok()
    }

    /// Lets providers look at a lot, and schedules the next look.
    pub(crate) fn look(&mut self, lot: u64) {
        let is_open = self.lots.get(&lot).is_some_and(|running| running.lot.phase == Phase::Open);
        if !is_open || self.expired(lot) {
            return;
        }
        let order = self.lots[&lot].order;
        let is_taken = if order == Order::Dutch { self.lock(lot) } else { self.match_book(lot) };
        if !is_taken {
            let running = &self.lots[&lot];
            let longest = running.lot.jobs.iter().map(|entry| entry.ramp.get()).max().unwrap_or(0);
            let ramp = longest / LOOKS;
            let wait = if order == Order::Dutch { ramp.clamp(1000, 15_000) } else { 15_000 };
            let last = running.lot.last_lock().after(Duration::constant(1));
            self.at(self.now.after(Duration::constant(wait)).min(last), Moment::Look(lot));
        }
    }

    /// Lets the cheapest provider that is free and admitted lock a Dutch lot, once the price
    /// reaches what it asks for.
    fn lock(&mut self, lot: u64) -> bool {
        let running = &self.lots[&lot].lot;
        // The provider that delivers the lot also gets what was taken from those that failed it.
        let price = running.price(self.now).get() + running.rescue.get();
        let (count, lease) = (running.count().get(), running.lease.get());
        let mut tries: Vec<usize> = Vec::new();
        for (ask, provider) in &self.free {
            if ask * count > price {
                break;
            }
            if self.is_willing(*provider, count, lease) {
                tries.push(*provider);
            }
        }
        tries.into_iter().any(|place| {
            let Ok(provider) = self.admit(place, lot) else { return false };
            self.step(lot, &Event::Lock { provider, at_least: Amount::ZERO }).is_ok()
        })
    }

    fn is_willing(&self, provider: usize, count: u64, lease: u64) -> bool {
        let provider = &self.providers[provider];
        provider.conduct != Conduct::Honest || provider.is_fast_enough(count, lease)
    }

    /// Places the quote of a free provider, which takes a waiting lot if there is one that fits.
    pub(crate) fn quote(&mut self, place: usize) {
        let provider = &self.providers[place];
        let ask = Ask {
            id: provider.owner,
            provider: provider.owner,
            profile: Profile::Standard,
            price: Amount::constant(provider.ask.max(1)),
            left: Count::constant(1024),
            placed: self.now,
            expires: Time::MOST,
        };
        let lots: Vec<_> =
            self.waiting.iter().filter_map(|lot| Some((*lot, &self.lots.get(lot)?.lot))).collect();
        let open = lots.iter().map(|(_, lot)| *lot).filter(|lot| lot.phase == Phase::Open);
        let best = waiting_for(&ask, open, self.now);
        let best = best.and_then(|(best, price)| {
            Some((lots.iter().find(|(_, lot)| lot.id == best.id)?.0, price))
        });
        self.book.place(ask);
        if let Some((lot, price)) = best {
            let running = &self.lots[&lot].lot;
            if self.is_willing(place, running.count().get(), running.lease.get()) {
                self.take(lot, place, price);
            }
        }
    }

    fn take(&mut self, lot: u64, place: usize, price: Amount) -> bool {
        let Ok(provider) = self.admit(place, lot) else { return false };
        self.step(lot, &Event::Take { provider, price }).is_ok()
    }

    /// Lets the best quote whose provider is admitted take the lot.
    fn match_book(&mut self, lot: u64) -> bool {
        let running = &self.lots[&lot].lot;
        let (count, lease) = (running.count().get(), running.lease.get());
        let fitting = self.book.fitting(running, self.now);
        let places = fitting.filter_map(|(ask, price)| {
            let place = self.place_of(&ask.provider)?;
            self.is_willing(place, count, lease).then_some((place, price))
        });
        let places: Vec<_> = places.collect();
        places.into_iter().any(|(place, price)| self.take(lot, place, price))
    }

    /// Lets free providers bid their cost, which is the best bid for a provider that is paid the
    /// second-lowest price.
    fn take_bids(&mut self, lot: u64) {
        let running = &self.lots[&lot].lot;
        let (id, epoch, count, lease) =
            (running.id, running.epoch, running.count().get(), running.lease.get());
        let (minimum, maximum, rescue) =
            (running.minimum.get(), running.maximum.get(), running.rescue.get());
        let mut free: Vec<usize> = self.free.iter().map(|(_, provider)| *provider).collect();
        for bid in 0..BIDDERS.min(free.len()) {
            let other = bid + self.random.below(free.len() - bid);
            free.swap(bid, other);
        }
        for place in free.into_iter().take(BIDDERS) {
            let provider = &self.providers[place];
            let (owner, conduct) = (provider.owner, provider.conduct);
            let cost = if matches!(conduct, Conduct::LowBall | Conduct::Failing) {
                0.0
            } else {
                provider.cost
            };
            let price = ((cost * count as f64) as u64).saturating_sub(rescue).max(minimum);
            if price > maximum || !self.is_willing(place, count, lease) {
                continue;
            }
            let (price, nonce) = (Amount::constant(price), Hash(self.random.bytes()));
            let Ok(provider) = self.admit(place, lot) else { continue };
            let commitment = sealed_price(&id, epoch, &owner, price, &nonce);
            if self.step(lot, &Event::Commit { provider, commitment }).is_ok() {
                let provider = &mut self.providers[place];
                provider.held += 1;
                provider.held_value += maximum;
                self.refresh(place);
                if let Some(running) = self.lots.get_mut(&lot) {
                    running.bids.push((place, price, nonce));
                }
            }
        }
        self.after(self.scenario.rules.sealed.commit.get(), Moment::Opening(lot));
    }

    pub(crate) fn open_bids(&mut self, lot: u64) {
        // Bids are always fixed and opened at their time, so none of this is refused.
        let _ = self.step(lot, &Event::Fix);
        for (place, price, nonce) in self.lots[&lot].bids.clone() {
            // Some providers forget to open their bid.
            if !self.random.happens(0.002) {
                let _ = self.step(
                    lot,
                    &Event::Reveal { bidder: self.providers[place].owner, price, nonce },
                );
            }
        }
        self.after(self.scenario.rules.sealed.reveal.get(), Moment::Award(lot));
    }

    pub(crate) fn award(&mut self, lot: u64) {
        let Some(running) = self.lots.get_mut(&lot) else { return };
        let maximum = running.lot.maximum;
        let bids = std::mem::take(&mut running.bids);
        // The award comes at its time, so it is not refused.
        let _ = self.step(lot, &Event::Award);
        for (place, _, _) in bids {
            self.release_value(place, maximum);
            self.release(place);
        }
        if self.lots[&lot].lot.phase == Phase::Open {
            self.open(lot);
        }
    }
}
