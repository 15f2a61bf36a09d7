//! The log, its signed end, and whether the money is right.

use serde::Serialize;
use velum_market_model::{Head, LogEntry, Signed};

use super::lots::last;
use super::{Market, Result};
use crate::state::{ledger, log};

/// The most entries in one answer.
const PAGE: i64 = 1000;

/// Whether the ledger is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Whether the sum of all accounts is zero, and each account holds what its transfers leave.
    pub balanced: bool,
    /// The sum of all accounts.
    pub sum: i64,
    /// An account that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
}

impl Market {
    /// The signed end of the log.
    ///
    /// # Errors
    /// Returns [`crate::MarketError::Database`].
    pub async fn head(&self) -> Result<Signed<Head>> {
        let (number, hash, at) = last(self.read().await?.connection()).await?;
        Ok(Signed::sign(Head { number, hash, at, node: self.0.public }, &self.0.key)?)
    }

    /// The log's entries after a number, a thousand at most.
    ///
    /// # Errors
    /// Returns [`crate::MarketError::Database`].
    pub async fn log(&self, after: u64) -> Result<Vec<LogEntry>> {
        Ok(log::after(self.read().await?.connection(), after, PAGE).await?)
    }

    /// Checks every account against every transfer.
    ///
    /// # Errors
    /// Returns [`crate::MarketError::Database`].
    pub async fn balance(&self) -> Result<Balance> {
        let audit = ledger::check(self.read().await?.connection()).await?;
        let balanced = audit.sum == 0 && audit.wrong.is_none();
        Ok(Balance { balanced, sum: audit.sum, wrong: audit.wrong })
    }
}
