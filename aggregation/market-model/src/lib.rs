//! The messages of a market in which presentations are folded into aggregates: what they say, the
//! one form that each of them has, and what is signed.
//!
//! A signed message is JSON of the form `{ "message": {...}, "key": {...}, "signature": hex }`. The
//! signature covers a tag that names the kind and the version, and the canonical JSON of the
//! message ([`canonical`]). The id of a message is SHA-256 of the same bytes. So an id identifies a
//! message of one kind, whoever signed it and however often.
//!
//! The picture shows the messages by their authors, and what is made of a message.
//!
//! ```text
//! author      module     messages
//! client      job        Job, Cancel, StandingOrder, Dispute (also of providers)
//! provider    provider   Quote, Lock, Bid, Reveal, Delivery
//! provider    account    Revocation
//! any owner   account    MoneyOrder, Query
//! any owner   credit     CreditOrder, Redemption
//! node        credit     CreditKey
//! node        node       Match, Lease, ReceiptReference, Settlement, Reputation
//! node        log        Head, Acceptance
//!                          |
//!                          |  Message: KIND, author, check
//!                          v
//! message     signed_bytes: "velum market v1 KIND", 00, canonical JSON  --SHA-256-->  id
//!                          |
//!                          |  Signed::sign, with the author's SecretKey
//!                          v
//!             Signed { message, key, signature }  <--json, read-->  JSON
//!                          read checks form (canonical), members, author and signature
//! ```
//!
//! A message is for one market. Jobs, standing orders, quotes, queries, redemptions, and orders of
//! money and credit name the market. Every other message names a job, a quote, or a lot, whose id
//! is derived from the ids of its jobs, or the node itself makes the statement.
//!
//! Anyone who has seen a message can send it again. So a node remembers the ids of the messages
//! that it has accepted for as long as they could be accepted:
//!
//! - quotes until they expire,
//! - standing orders until their end,
//! - bids until their lot's `deliver_by`,
//! - jobs until their `lock_by`, and
//! - the ids of jobs that were cancelled before they came.
//!
//! Locks, reveals and deliveries name an epoch, and have no effect after it. Orders of money and
//! credit count once by their idempotency keys, and tokens of blind credit by their nonces.
//! `velum_market_rules::Seen` is the memory for messages that a node does not keep anyway.
//!
//! The crate has three layers. `quantity`, `text`, `hash`, `key` and `canonical` define the values
//! and their one form. `message` signs and reads messages. `job`, `provider`, `account`, `credit`,
//! `node` and `log` define the messages by who signs them.
//!
//! This crate knows no clock, no rules and no money. Those are in `velum-market-rules`.

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
