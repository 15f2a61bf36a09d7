//! The messages of a market where presentations are folded into aggregates: what they say, the one form each has, and what is signed.
//!
//! A signed message is JSON, `{ "message": {...}, "key": {...}, "signature": hex }`. The signature is over a tag that names kind and version, and the
//! canonical JSON of the message ([`canonical`]). Its id is SHA-256 of the same bytes, so that an id tells a message of one kind, whoever signed it how often.
//!
//! A message is for one market. Jobs, standing orders, quotes and orders of money and credit name it. All others name a job, or a lot, whose id is made of its jobs' ids; or a quote; or the
//! node says them.
//!
//! Whoever has seen a message can send it again, so a node remembers the ids of what it has taken for as long as it could be taken: quotes until they expire, standing
//! orders until their end, bids until their lot's `deliver_by`, jobs until their `lock_by`, and the ids of jobs that were cancelled before they came. Locks, reveals and
//! deliveries name an epoch, and are nothing after it. `velum_market_rules::Seen` is that memory.
//!
//! This crate knows no clock, no rules and no money: those are in `velum-market-rules`.

#![warn(missing_docs, unreachable_pub)]

mod account;
pub mod canonical;
mod credit;
mod error;
mod hash;
mod job;
mod key;
mod log;
mod message;
mod node;
mod provider;
mod quantity;
mod text;

pub use account::{MoneyAction, MoneyOrder, Query, Revocation, Subject};
pub use credit::{
    CreditKey, CreditOrder, Element, Issued, MOST_TOKENS, Redemption, Scalar, SpentToken,
};
pub use error::ModelError;
pub use hash::{Hash, HexError};
pub use job::{
    Cancel, Dispute, Grievance, Job, Latency, Offer, Order, PriceMove, Profile, ProofReference,
    ProofSystem, Ramp, SizeClass, StandingOrder,
};
pub use key::{Algorithm, Key, SecretKey, Signature};
pub use log::{Acceptance, Head, LogEntry, LogKind, chained};
pub use message::{Message, Signed, id, read_unsigned, signed_bytes};
pub use node::{Lease, Match, Outcome, Paid, ReceiptReference, Reputation, Settlement};
pub use provider::{Bid, Delivery, Lock, Quote, Reveal, sealed_price};
pub use quantity::{Amount, Count, Duration, LIMIT, Parts, QuantityError, Time};
pub use text::{IdempotencyKey, ProofSystemName, TextError};
