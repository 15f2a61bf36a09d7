//! The fuzz targets of the main workspace: everything that takes bytes from others, apart from the
//! proofs of aggregates.
//!
//! * `documents`: documents, requests, sessions and certificates.
//! * `presentations`: presentations, prepared proofs, and files of aggregates.
//! * `wallet`: what a wallet keeps.
//! * `bridges`: what crosses to Kotlin, Swift and JavaScript.
//! * `market`: what a market is sent and what it answers.

mod bridges;
mod documents;
mod market;
mod presentations;
mod wallet;

use velum_fuzz_harness::Target;

/// All targets, from documents to the market.
pub const TARGETS: &[Target] = &[
    documents::DEVICE_RESPONSE,
    documents::ISSUER_SIGNED,
    documents::MSO,
    documents::REQUEST,
    documents::SESSION_TRANSCRIPT,
    documents::HANDOVER,
    documents::CERTIFICATE,
    presentations::PRESENTATION,
    presentations::VERIFY,
    presentations::PREPARED,
    presentations::AGGREGATE_FILES,
    wallet::POOL,
    wallet::JSON,
    bridges::MOBILE,
    bridges::WEB,
    market::MESSAGE,
    market::ANSWER,
    market::PURSE,
];
