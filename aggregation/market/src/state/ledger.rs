//! Accounts and transfers.

use std::collections::BTreeSet;

use sqlx::AnyConnection;
use velum_market_model::{Amount, Hash};
use velum_market_rules::{Account, Ledger, Refusal, Transfers};
use velum_market_sql::{DatabaseError, sqlx};

use super::totals::{self, Of};
use super::{Change, Result, amount, hash, word};

/// The name of an account in a column.
pub(crate) fn account_name(account: &Account) -> String {
    let kind = kind(account);
    match account {
        Account::Outside | Account::Fees | Account::Burned => kind.to_owned(),
        Account::Balance(of)
        | Account::Stake(of)
        | Account::Unstaking(of)
        | Account::Escrow(of)
        | Account::Collateral(of)
        | Account::Rescue(of) => format!("{kind}:{of}"),
        Account::Credit(epoch) => format!("{kind}:{epoch}"),
        Account::Standby { lot, bidder } => format!("{kind}:{lot}:{bidder}"),
    }
}

/// The kind of an account, as totals name it.
const fn kind(account: &Account) -> &'static str {
    match account {
        Account::Outside => "outside",
        Account::Balance(_) => "balance",
        Account::Stake(_) => "stake",
        Account::Unstaking(_) => "unstaking",
        Account::Escrow(_) => "escrow",
        Account::Standby { .. } => "standby",
        Account::Collateral(_) => "collateral",
        Account::Rescue(_) => "rescue",
        Account::Credit(_) => "credit",
        Account::Fees => "fees",
        Account::Burned => "burned",
    }
}

/// Makes transfers, for the next entry of the log, or refuses them all.
pub(crate) async fn apply(
    change: &mut Change,
    transfers: &Transfers,
) -> Result<std::result::Result<(), Refusal>> {
    let touched: BTreeSet<Account> = transfers
        .as_slice()
        .iter()
        .flat_map(|transfer| [transfer.debit, transfer.credit])
        .collect();
    let mut before = Vec::with_capacity(touched.len());
    for account in &touched {
        before.push((*account, balance(change.connection(), account).await?));
    }
    let mut ledger = Ledger::from(before.clone());
    if let Err(refusal) = ledger.apply(transfers) {
        return Ok(Err(refusal));
    }
    for (account, balance) in before {
        let after = ledger.balance(account);
        if after != balance {
            write(change.connection(), &account, after).await?;
            totals::add(change.connection(), Of::Money, kind(&account), after - balance).await?;
        }
    }
    let entry = change.number as i64 + 1;
    for transfer in transfers.as_slice() {
        sqlx::query("insert into transfer (entry, place, debit, credit, amount, cause) values ($1, $2, $3, $4, $5, $6)")
            .bind(entry)
            .bind(change.transfers)
            .bind(account_name(&transfer.debit))
            .bind(account_name(&transfer.credit))
            .bind(transfer.amount.get() as i64)
            .bind(word(&transfer.cause)?)
            .execute(change.transaction.connection())
            .await?;
        change.transfers += 1;
    }
    Ok(Ok(()))
}

/// The balance of an account.
pub(crate) async fn balance(connection: &mut AnyConnection, account: &Account) -> Result<i64> {
    let balance = sqlx::query_scalar("select balance from account where name = $1")
        .bind(account_name(account))
        .fetch_optional(connection)
        .await?;
    Ok(balance.unwrap_or(0))
}

/// The balance of an account that cannot be below zero.
pub(crate) async fn held(connection: &mut AnyConnection, account: &Account) -> Result<Amount> {
    let balance = balance(connection, account).await?;
    let held =
        u64::try_from(balance).map_err(|error| DatabaseError::corrupt("account.balance", error))?;
    Amount::new(held).map_err(|error| DatabaseError::corrupt("account.balance", error))
}

/// What all providers stake together.
pub(crate) async fn total_stake(connection: &mut AnyConnection) -> Result<Amount> {
    let total: i64 = sqlx::query_scalar(
        "select cast(coalesce(sum(balance), 0) as bigint) from account where kind = 'stake'",
    )
    .fetch_one(connection)
    .await?;
    let total =
        u64::try_from(total).map_err(|error| DatabaseError::corrupt("account.balance", error))?;
    Ok(Amount::new(total).unwrap_or(Amount::MOST))
}

/// Checks every account against its transfers.
pub(crate) async fn check(connection: &mut AnyConnection) -> Result<Audit> {
    let sum: i64 =
        sqlx::query_scalar("select cast(coalesce(sum(balance), 0) as bigint) from account")
            .fetch_one(&mut *connection)
            .await?;
    let wrong: Option<String> = sqlx::query_scalar(
        "select name from (
             select name, sum(amount) as moved from (
                 select credit as name, amount from transfer
                 union all select debit as name, -amount from transfer
                 union all select name, -balance as amount from account
             ) as moves group by name
         ) as sums where moved <> 0 limit 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(Audit { sum, wrong })
}

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Audit {
    /// The sum of all balances, which has to be zero.
    pub(crate) sum: i64,
    /// An account that does not hold what its transfers leave.
    pub(crate) wrong: Option<String>,
}

/// The owners with the largest stakes, and their stakes.
pub(crate) async fn stakes(
    connection: &mut AnyConnection,
    most: i64,
) -> Result<Vec<(Hash, Amount)>> {
    let sql = "select substr(name, 7) as owner, balance from account
               where kind = 'stake' order by balance desc, name limit $1";
    let rows = sqlx::query(sql).bind(most).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((hash(row, "owner")?, amount(row, "balance")?))).collect()
}

/// What an owner has free, and what it has staked.
pub(crate) async fn of_owner(
    connection: &mut AnyConnection,
    owner: Hash,
) -> Result<(Amount, Amount)> {
    let free = held(connection, &Account::Balance(owner)).await?;
    Ok((free, held(connection, &Account::Stake(owner)).await?))
}

async fn write(connection: &mut AnyConnection, account: &Account, balance: i64) -> Result<()> {
    let name = account_name(account);
    if balance == 0 {
        sqlx::query("delete from account where name = $1").bind(name).execute(connection).await?;
    } else {
        sqlx::query(
            "insert into account (name, kind, balance) values ($1, $2, $3)
             on conflict (name) do update set balance = excluded.balance",
        )
        .bind(name)
        .bind(kind(account))
        .bind(balance)
        .execute(connection)
        .await?;
    }
    Ok(())
}
