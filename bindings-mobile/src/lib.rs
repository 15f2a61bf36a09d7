//! Velum as a native library for wallets in Kotlin and Swift. The crate is a thin layer over
//! `velum-wallet`. UniFFI generates the bindings from this crate.
//!
//! The crate knows no platform. Long work runs on threads of its own and never on the caller's
//! threads. A call that waits for a person waits for code of the app, such as a [`DeviceSigner`] or
//! a [`Sealer`]. Every failure is a [`VelumError`], including a panic.
//!
//! The picture shows on which threads the exported calls run, and which code of the app they call.
//!
//! ```text
//! call                          runs on                            code of the app
//! inspect, explain, ...         the caller's thread, milliseconds
//! verify                        one thread for all its calls
//! Wallet::make_keys             wallet
//! Wallet::prepare               CHECKS, wallet
//! Wallet::present               CHECKS, wallet                     DeviceSigner
//! ProofPool::fill               CHECKS, filling, wallet            Sealer
//! ProofPool::present            CHECKS, pool, wallet               DeviceSigner, Sealer
//! ProofPool::count, sweep, ...  pool
//! hand_off, MarketClient,       CHECKS; between answers of the     MarketHost, HandOffKeeper,
//!   CreditPurse                   app, the caller's threads          PurseStore
//!
//! CHECKS: one thread for all        wallet: the threads of a Wallet, which prove
//! pool, filling: a thread each of a ProofPool; filling waits for proofs of its Wallet
//!
//! Executor::run(Watch, work): queue --> one thread, one job at a time --> pool, if it proves
//!    |  Watch: a Cancellation stops the job, a ProgressListener follows it
//!    v
//! velum-wallet: Question, Wallet, ProofPool, Challenge     market: velum-market-client
//! ```
//!
//! Everything that is exported is listed below. `error` has the errors and their codes.
//! `functions`, `facts` and `inspection` have the functions that need no wallet and the records
//! that they return. `wallet`, `pool` and `signer` are what a holder uses, with `memory`, `sealer`
//! and `watch` for memory budgets, the app's own sealers, progress and cancellation. `executor` has
//! the threads. `market` hands presentations to markets.

#![warn(missing_docs, unnameable_types, unreachable_pub)]

mod error;
mod executor;
mod facts;
mod functions;
mod inspection;
#[cfg(feature = "market")]
mod market;
mod memory;
mod pool;
mod sealer;
mod signer;
mod wallet;
mod watch;

pub use error::{ErrorCode, Problem, VelumError};
pub use facts::{
    CalendarDate, Condition, ElementName, Explanation, Fact, Learnt, PredicateOutcome, SizeClass,
    Suite, Value, Verified,
};
pub use functions::{device_authentication_bytes, explain, inspect, verify, with_device_signature};
pub use inspection::{
    Check, CheckOutcome, DeviceAuthentication, DocumentSigner, Element, InspectedDocument,
    Inspection, Provability,
};
#[cfg(feature = "market")]
pub use market::{
    AggregateProfile, ChosenMarket, Company, CreditHolding, CreditPurse, Estimate, HandOffKeeper,
    HandOffOptions, HandOffProgress, HandOffStep, HandedOff, JobState, JobStatus, MarketAccount,
    MarketClient, MarketHost, MarketHostError, MarketInfo, MarketInput, MarketOffer, MarketOrder,
    MarketRequest, MarketResponse, PurseStore, ReceiptVerdict, hand_off, may_hand_off, owner_of,
    resume_hand_off,
};
pub use memory::Memory;
pub use pool::{DropReason, DroppedProof, FillOptions, PoolOptions, PoolPresentation, ProofPool};
pub use sealer::{Sealer, SealerError};
pub use signer::{DeviceSigner, DeviceSignerError};
pub use wallet::{
    Clock, KeyOptions, PrepareOptions, PreparedProof, PresentOptions, Wallet, WalletOptions,
};
pub use watch::{Cancellation, ProgressListener, Stage};

uniffi::setup_scaffolding!("velum");
