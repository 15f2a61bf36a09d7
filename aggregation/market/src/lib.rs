//! The node of a market: takes jobs, sells lots of them to providers, pays whoever delivers their aggregate, and gives out receipts.
//!
//! By which rules is in `velum-market-rules`, what is said is in `velum-market-model`. Here is what keeps both: state in SQL, blobs by their hash, a pool that verifies, a clock, and HTTP.
//! A node keeps nothing of its own, so that more of them can stand behind one name.
//!
//! | module | what lives there |
//! |---|---|
//! | [`Market`] | what a market can be asked to do |
//! | [`proofs`] | presentations and aggregates: the one place that knows them |
//! | `state` | rows, and nothing that decides |
//! | [`http`] | the API, as `docs/market-api.yaml` describes it |

#![warn(missing_docs, unreachable_pub)]

mod code;
mod error;
pub mod http;
mod market;
pub mod proofs;
mod state;

pub use code::Code;
pub use error::MarketError;
pub use market::{Market, Options, Place};
