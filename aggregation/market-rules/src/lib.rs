//! The rules of a market where presentations are folded into aggregates: what may happen next, and which money moves when it does.
//!
//! Everything here is a function of a state, an event, the time and the [`Rules`], which gives the next state and the [`Transfers`] that go with it, or a
//! [`Refusal`]. There is no clock, no input or output, no chance and no floating point. A node loads a state and the accounts that it touches, applies
//! both results in one transaction, and so does a simulation; [`transact`] is that for a lot and a [`Ledger`].
//!
//! A job goes the way `batch` -> `lot` -> settled or expired: jobs of one kind collect in a [`Batch`], which closes to a [`Lot`], which one provider wins in an
//! [`auction`], holds on a lease, and delivers. A provider that does not loses collateral by [`slash`].

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
