//! Blind credit: the keys that issue it, and the tokens that were redeemed.

use sqlx::{AnyConnection, Row};
use velum_market_model::{Amount, Count, Hash};
use velum_market_sql::{DatabaseError, sqlx};

use super::{Change, Result, amount, hash_if_any};

/// The signed key of an epoch, if it was published.
pub(crate) async fn key(connection: &mut AnyConnection, epoch: Count) -> Result<Option<String>> {
    let sql = "select message from credit_key where epoch = $1";
    Ok(sqlx::query_scalar(sql).bind(epoch.get() as i64).fetch_optional(connection).await?)
}

/// Records the signed key of an epoch.
pub(crate) async fn publish(change: &mut Change, epoch: Count, message: String) -> Result<()> {
    sqlx::query("insert into credit_key (epoch, message) values ($1, $2)")
        .bind(epoch.get() as i64)
        .bind(message)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The message that redeemed a token, if one did.
pub(crate) async fn redeemed_by(
    connection: &mut AnyConnection,
    epoch: Count,
    nonce: Hash,
) -> Result<Option<Hash>> {
    let row = sqlx::query("select redemption from spent where epoch = $1 and nonce = $2")
        .bind(epoch.get() as i64)
        .bind(nonce.to_string())
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(None), |row| hash_if_any(&row, "redemption"))
}

/// Records that a token was redeemed.
pub(crate) async fn spend(
    change: &mut Change,
    epoch: Count,
    nonce: Hash,
    redemption: Hash,
) -> Result<()> {
    sqlx::query("insert into spent (epoch, nonce, redemption) values ($1, $2, $3)")
        .bind(epoch.get() as i64)
        .bind(nonce.to_string())
        .bind(redemption.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Records that an owner was paid by blind credit, and so submits one job.
pub(crate) async fn use_once(change: &mut Change, owner: Hash) -> Result<()> {
    sqlx::query("insert into one_time (owner) values ($1) on conflict (owner) do nothing")
        .bind(owner.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Whether an owner was paid by blind credit.
pub(crate) async fn is_used_once(connection: &mut AnyConnection, owner: Hash) -> Result<bool> {
    let number: i64 = sqlx::query_scalar("select count(*) from one_time where owner = $1")
        .bind(owner.to_string())
        .fetch_one(connection)
        .await?;
    Ok(number > 0)
}

/// The credit that is still held of epochs before this one.
pub(crate) async fn held_before(
    connection: &mut AnyConnection,
    epoch: Count,
) -> Result<Vec<(Count, Amount)>> {
    let sql = "select substr(name, 8) as epoch, balance from account where kind = 'credit'";
    let mut held = Vec::new();
    for row in sqlx::query(sql).fetch_all(connection).await? {
        let text: String = row.try_get("epoch")?;
        let number: u64 =
            text.parse().map_err(|error| DatabaseError::corrupt("account.name", error))?;
        let of =
            Count::new(number).map_err(|error| DatabaseError::corrupt("account.name", error))?;
        if of < epoch {
            held.push((of, amount(&row, "balance")?));
        }
    }
    Ok(held)
}

/// Forgets the tokens of epochs up to this one. Nobody can redeem them any more.
pub(crate) async fn forget(change: &mut Change, until: Count) -> Result<()> {
    sqlx::query("delete from spent where epoch <= $1")
        .bind(until.get() as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}
