//! The rules of a market in which presentations are folded into aggregates: what may happen next,
//! and which money moves when it does.
//!
//! Every rule is a function of a state, an event, the time and the [`Rules`]. It returns the next
//! state with the [`Transfers`] that belong to it, or a [`Refusal`]. The crate knows the messages
//! of `velum-market-model` and nothing else: it has no clock, no input or output, no randomness and
//! no floating point. A node loads a state and the accounts that it touches, and applies both
//! results in one transaction. A simulation does the same on a virtual clock. [`transact`] does it
//! for a lot and a [`Ledger`].
//!
//! The picture shows a job on its way to a lot, and a lot on its way to its end.
//!
//! ```text
//! Job --Entry::new--> Entry --Batch::with--> Batch of a BatchKey --Batch::close--> Lot, Open
//!                                                                                    |
//! Lot::step(Event, Clock, Rules) -> Step { lot, transfers, notices } or Refusal      |
//!                                                                                    v
//! Open    Lock (Dutch), Take (book) -------------------------------------------> Locked
//!         Commit, ... Fix, Reveal, ... Award (sealed): the lowest bidder ------> Locked
//!                                                      no winner --------------> Open
//!         Expire --------------------------------------------------------------> Expired
//! Locked  Deliver -------------------------------------------------------------> Settled
//!         Fail, with slash if it is the provider's fault:
//!              the next bidder that stands by ---------------------------------> Locked
//!              otherwise ------------------------------------------------------> Open
//!
//! admission::admit(Provider, Lot, Rules) -> Admitted, which Lock, Take and Commit need
//! transfers --> Ledger::apply     notices --> counts over a window --> admission::Provider
//! ```
//!
//! Jobs of one kind collect in a [`Batch`], which closes to a [`Lot`]. One provider wins the lot in
//! an [`auction`], holds it on a lease, and delivers it. A provider that does not deliver loses
//! collateral by [`slash`].
//!
//! The modules fall into four groups:
//!
//! - `rules`, `ledger`, `gateway`, `event` and `refusal` define the constants, the money, the
//!   events and the errors.
//! - `admission`, `staking` and `window` decide which provider may take how much.
//! - `class` and `batch` collect jobs. `lot`, `auction`, `lease` and `slash` take a lot from its
//!   auction to its end.
//! - `split`, `commitments`, `standing`, `credit` and `seen` hold the shares of a price, the root
//!   over sealed bids, capacity bought ahead, blind credit and remembered messages.

#![warn(missing_docs, unreachable_pub)]

pub mod admission;
pub mod auction;
mod batch;
mod class;
mod commitments;
pub mod credit;
mod event;
mod gateway;
mod lease;
mod ledger;
mod lot;
mod refusal;
mod rules;
mod seen;
pub mod slash;
mod split;
mod staking;
mod standing;
#[cfg(test)]
mod testing;
mod window;

pub use batch::{Batch, BatchKey, Entry, repeated};
pub use class::{Class, RampClass};
pub use commitments::{PathStep, path_to, root_of, root_on};
pub use event::{Clock, Event, Fault, Notice};
pub use gateway::{DemoMoney, Gateway};
pub use lease::{Interval, LotLease, lengthened};
pub use ledger::{Account, Cause, Ledger, Transfer, Transfers};
pub use lot::{Lot, Phase, Step, transact};
pub use refusal::{FixedError, Refusal};
pub use rules::{
    AdmissionRules, BatchRules, LeaseRules, Rules, RulesError, SealedRules, SeenRules, Settings,
    SlashRules, StandingRules,
};
pub use seen::{Seen, SeenMessage};
pub use split::split;
pub use staking::{Unstaking, stake};
pub use standing::Standing;
pub use window::Window;
