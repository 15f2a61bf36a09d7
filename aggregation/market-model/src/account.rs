//! What owners of accounts say about their money and their quotes, and what they ask to read.

use serde::{Deserialize, Serialize};

use crate::{Amount, Hash, IdempotencyKey, Key, Message, ModelError, Time};

/// Moves money into the market, out of it, or between balance and stake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyOrder {
    /// The market, named by the owner of its node's key, as accounts are.
    pub market: Hash,
    /// Where the money moves.
    pub action: MoneyAction,
    /// The amount.
    pub amount: Amount,
    /// Identifies one order, however often it is sent.
    pub idempotency_key: IdempotencyKey,
    /// The owner of the money.
    pub owner: Key,
}

/// Where money moves.
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

/// Takes a quote back. What was bought ahead from it and not drawn is refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The id of the quote.
    pub quote: Hash,
    /// The provider of the quote.
    pub provider: Key,
}

/// Asks for data that is not public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The market, named by the owner of its node's key, as accounts are.
    pub market: Hash,
    /// What is asked for.
    pub subject: Subject,
    /// When the query was made. It is answered for one minute.
    pub at: Time,
    /// The key that asks.
    pub asker: Key,
}

/// What a query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Subject {
    /// What the asker has.
    Account,
    /// The submission of one job of a lot, which the holder of the lot's lease may read.
    Input {
        /// The id of the job.
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
