//! Messages that are accepted only once.

use sqlx::AnyConnection;
use velum_market_model::Hash;
use velum_market_model::Time;
use velum_market_rules::{Seen, SeenMessage, Unstaking};
use velum_market_sql::sqlx;

use super::{Change, Result, hash, json, read, time};

/// What is remembered of an owner's message. It is empty if the message has not come.
pub(crate) async fn of_message(
    connection: &mut AnyConnection,
    owner: Hash,
    id: Hash,
) -> Result<Seen> {
    let row = sqlx::query("select until from seen where owner = $1 and id = $2")
        .bind(owner.to_string())
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    let message = row.map(|row| Ok(SeenMessage { id, owner, until: time(&row, "until")? }));
    Ok(Seen::from(message.into_iter().collect::<Result<Vec<_>>>()?))
}

/// What is remembered of an owner's messages.
pub(crate) async fn of_owner(connection: &mut AnyConnection, owner: Hash) -> Result<Seen> {
    let rows = sqlx::query("select id, until from seen where owner = $1")
        .bind(owner.to_string())
        .fetch_all(connection)
        .await?;
    let message = |row| Ok(SeenMessage { id: hash(row, "id")?, owner, until: time(row, "until")? });
    Ok(Seen::from(rows.iter().map(message).collect::<Result<Vec<_>>>()?))
}

/// Records that a message is remembered. If it is recorded already, the later end counts.
pub(crate) async fn remember(change: &mut Change, message: SeenMessage) -> Result<()> {
    let SeenMessage { id, owner, until } = message;
    sqlx::query(
        "insert into seen (id, owner, until) values ($1, $2, $3)
         on conflict (owner, id) do update set until = excluded.until where excluded.until > seen.until",
    )
    .bind(id.to_string())
    .bind(owner.to_string())
    .bind(until.get() as i64)
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Forgets messages that would not be accepted any more.
pub(crate) async fn forget(change: &mut Change) -> Result<()> {
    let now = change.now().get() as i64;
    sqlx::query("delete from seen where until < $1").bind(now).execute(change.connection()).await?;
    Ok(())
}

/// The order of money that an owner's idempotency key stands for.
pub(crate) async fn money_order(
    connection: &mut AnyConnection,
    owner: Hash,
    key: &str,
) -> Result<Option<Hash>> {
    let sql = "select id from money_order where owner = $1 and idempotency_key = $2";
    let row = sqlx::query(sql).bind(owner.to_string()).bind(key).fetch_optional(connection).await?;
    row.map(|row| hash(&row, "id")).transpose()
}

/// Records an order of money that was carried out.
pub(crate) async fn ordered(change: &mut Change, owner: Hash, key: &str, id: Hash) -> Result<()> {
    sqlx::query("insert into money_order (owner, idempotency_key, id) values ($1, $2, $3)")
        .bind(owner.to_string())
        .bind(key)
        .bind(id.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Records stake that is on its way back, under the number of its entry in the log.
pub(crate) async fn unstake(change: &mut Change, unstaking: &Unstaking, entry: u64) -> Result<()> {
    sqlx::query("insert into unstaking (owner, entry, free_from, body) values ($1, $2, $3, $4)")
        .bind(unstaking.owner.to_string())
        .bind(entry as i64)
        .bind(unstaking.free_from.get() as i64)
        .bind(json(unstaking)?)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Removes and returns stake that is free by a time, or some of it.
pub(crate) async fn unstaked(change: &mut Change, now: Time, most: i64) -> Result<Vec<Unstaking>> {
    let sql = "select owner, entry, body from unstaking where free_from <= $1 order by free_from limit $2";
    let rows =
        sqlx::query(sql).bind(now.get() as i64).bind(most).fetch_all(change.connection()).await?;
    let mut free = Vec::new();
    for row in &rows {
        free.push(read(row, "body")?);
        sqlx::query("delete from unstaking where owner = $1 and entry = $2")
            .bind(hash(row, "owner")?.to_string())
            .bind(super::unsigned(row, "entry")? as i64)
            .execute(change.connection())
            .await?;
    }
    Ok(free)
}
