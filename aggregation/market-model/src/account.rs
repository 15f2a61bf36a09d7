//! What owners of accounts say about their money, their quotes, and what they would read.

use serde::{Deserialize, Serialize};

use crate::{Amount, Hash, IdempotencyKey, Key, Message, ModelError, Time};

/// Moves money into the market, out of it, or between balance and stake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyOrder {
    /// The market, by its node's key, as accounts name it.
    pub market: Hash,
    /// From where to where.
    pub action: MoneyAction,
    /// How much.
    pub amount: Amount,
    /// One order, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// Whose money it is.
    pub owner: Key,
}

/// From where to where money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MoneyAction {
    /// From outside to the balance.
    Deposit,
    /// From the balance to outside.
    Withdraw,
    /// From the balance to the stake.
    Stake,
    /// From the stake to the balance.
    Unstake,
}

/// Takes a quote back. What was bought ahead of it and not drawn is refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The id of the quote.
    pub quote: Hash,
    /// The quote's.
    pub provider: Key,
}

/// Asks for what is not everybody's to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The market, by its node's key, as accounts name it.
    pub market: Hash,
    /// What is asked for.
    pub subject: Subject,
    /// When it was asked. It is answered for a minute.
    pub at: Time,
    /// Who asks.
    pub asker: Key,
}

/// What a query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Subject {
    /// What the asker has.
    Account,
    /// The submission of one job of a lot, which whoever holds the lot's lease may read.
    Input {
        /// The job's id.
        job: Hash,
    },
}

impl Message for MoneyOrder {
    const KIND: &'static str = "money order";

    fn author(&self) -> &Key {
        &self.owner
    }

    fn check(&self) -> Result<(), ModelError> {
        if self.amount == Amount::ZERO {
            return Err(ModelError::Member {
                kind: Self::KIND,
                member: "amount",
                why: "it has to be above zero",
            });
        }
        Ok(())
    }
}

impl Message for Revocation {
    const KIND: &'static str = "revocation";

    fn author(&self) -> &Key {
        &self.provider
    }
}

impl Message for Query {
    const KIND: &'static str = "query";

    fn author(&self) -> &Key {
        &self.asker
    }
}
