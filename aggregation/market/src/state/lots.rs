//! Lots.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use velum_market_model::{Count, Hash, Message, Profile, Signed, Time};
use velum_market_rules::auction::Auction;
use velum_market_rules::{Lot, Phase};
use velum_market_sql::{DatabaseError, sqlx};

use super::totals::{self, Of};
use super::{Change, Result, hash, hash_if_any, json, read, word};

/// A lot as it stands, and what its delivery has left.
pub(crate) struct LotRow {
    pub(crate) lot: Lot,
    /// The blob of its aggregate.
    pub(crate) aggregate: Option<Hash>,
}

/// Writes a lot, whether or not it is there already, with the time when it is next due and the time
/// when the book is next searched for it.
pub(crate) async fn save(
    change: &mut Change,
    lot: &Lot,
    due_at: Option<Time>,
    match_at: Option<Time>,
) -> Result<()> {
    let now = change.now().get() as i64;
    let ended = lot.is_over().then_some(now);
    let provider = match &lot.phase {
        Phase::Settled { provider, .. } => Some(provider.to_string()),
        Phase::Locked(lease) => Some(lease.provider.to_string()),
        Phase::Open | Phase::Expired { .. } => None,
    };
    let before: Option<String> = sqlx::query_scalar("select phase from lot where id = $1")
        .bind(lot.id.to_string())
        .fetch_optional(change.connection())
        .await?;
    if let Some(before) = before {
        totals::add(change.connection(), Of::Lots, &before, -1).await?;
    }
    totals::add(change.connection(), Of::Lots, phase_name(&lot.phase), 1).await?;
    sqlx::query(
        "insert into lot (id, phase, auction, profile, count, opened, due_at, match_at, body, provider, ended)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (id) do update set phase = excluded.phase, due_at = excluded.due_at, match_at = excluded.match_at,
             body = excluded.body, provider = excluded.provider, ended = excluded.ended",
    )
    .bind(lot.id.to_string())
    .bind(phase_name(&lot.phase))
    .bind(auction_name(&lot.auction))
    .bind(word(&lot.profile)?)
    .bind(lot.count().get() as i64)
    .bind(now)
    .bind(due_at.map(|at| at.get() as i64))
    .bind(match_at.map(|at| at.get() as i64))
    .bind(json(lot)?)
    .bind(provider)
    .bind(ended)
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Records the blob of a lot's aggregate.
pub(crate) async fn deliver(change: &mut Change, lot: Hash, aggregate: Hash) -> Result<()> {
    sqlx::query("update lot set aggregate = $1 where id = $2")
        .bind(aggregate.to_string())
        .bind(lot.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut AnyConnection, id: Hash) -> Result<Option<LotRow>> {
    let sql = "select body, aggregate from lot where id = $1";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(of_row).transpose()
}

/// The lots that are due by a time, the earliest first.
pub(crate) async fn due(connection: &mut AnyConnection, now: Time, most: i64) -> Result<Vec<Hash>> {
    let sql =
        "select id from lot where due_at is not null and due_at <= $1 order by due_at limit $2";
    let rows = sqlx::query(sql).bind(now.get() as i64).bind(most).fetch_all(connection).await?;
    rows.iter().map(|row| hash(row, "id")).collect()
}

/// The lots for which the book is to be searched by a time, the longest waiting first.
pub(crate) async fn to_match(
    connection: &mut AnyConnection,
    now: Time,
    most: i64,
) -> Result<Vec<Hash>> {
    let sql = "select id from lot where match_at is not null and match_at <= $1 order by match_at limit $2";
    let rows = sqlx::query(sql).bind(now.get() as i64).bind(most).fetch_all(connection).await?;
    rows.iter().map(|row| hash(row, "id")).collect()
}

/// Records when the book is searched again for a lot.
pub(crate) async fn match_at(change: &mut Change, lot: Hash, at: Option<Time>) -> Result<()> {
    sqlx::query("update lot set match_at = $1 where id = $2")
        .bind(at.map(|at| at.get() as i64))
        .bind(lot.to_string())
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Makes a lot due no earlier than a time, whatever its body says, unless it is no longer due.
pub(crate) async fn put_off(change: &mut Change, lot: Hash, until: Time) -> Result<()> {
    let now = change.now();
    sqlx::query("update lot set due_at = $1 where id = $2 and due_at <= $3")
        .bind(until.get() as i64)
        .bind(lot.to_string())
        .bind(now.get() as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Searches the book for a lot no earlier than a time, unless that is no longer due.
pub(crate) async fn put_off_match(change: &mut Change, lot: Hash, until: Time) -> Result<()> {
    let now = change.now();
    sqlx::query("update lot set match_at = $1 where id = $2 and match_at <= $3")
        .bind(until.get() as i64)
        .bind(lot.to_string())
        .bind(now.get() as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The open lots of an auction, the oldest first.
pub(crate) async fn open(
    connection: &mut AnyConnection,
    auction: &'static str,
    profile: Option<Profile>,
    most_count: Count,
    most: i64,
) -> Result<Vec<Lot>> {
    let sql = "select body from lot where phase = 'open' and auction = $1 and ($2 = '' or profile = $2) and count <= $3
               order by opened, id limit $4";
    let profile = profile.map(|profile| word(&profile)).transpose()?.unwrap_or_default();
    let rows = sqlx::query(sql)
        .bind(auction)
        .bind(profile)
        .bind(most_count.get() as i64)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| read(row, "body")).collect()
}

/// The open lots of an auction, the oldest first, that opened after a lot that was listed before.
/// It does not matter what has become of that lot.
///
/// Returns `None` if the auction has no such lot.
pub(crate) async fn page(
    connection: &mut AnyConnection,
    auction: &'static str,
    after: Option<Hash>,
    most: i64,
) -> Result<Option<Vec<Lot>>> {
    let mut from = (i64::MIN, String::new());
    if let Some(after) = after {
        let sql = "select opened from lot where id = $1 and auction = $2";
        let opened: Option<i64> = sqlx::query_scalar(sql)
            .bind(after.to_string())
            .bind(auction)
            .fetch_optional(&mut *connection)
            .await?;
        let Some(opened) = opened else { return Ok(None) };
        from = (opened, after.to_string());
    }
    let sql =
        "select body from lot where phase = 'open' and auction = $1 and (opened, id) > ($2, $3)
               order by opened, id limit $4";
    let rows = sqlx::query(sql)
        .bind(auction)
        .bind(from.0)
        .bind(from.1)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| read(row, "body")).collect::<Result<_>>().map(Some)
}

/// The lots that are not over, the newest first, and then the last ones that are.
pub(crate) async fn recent(connection: &mut AnyConnection, most: i64) -> Result<Vec<LotRow>> {
    let live = "select body, aggregate from lot where ended is null order by opened desc limit $1";
    let mut rows = sqlx::query(live).bind(most).fetch_all(&mut *connection).await?;
    let ended =
        "select body, aggregate from lot where ended is not null order by ended desc limit $1";
    rows.extend(sqlx::query(ended).bind(most).fetch_all(connection).await?);
    rows.iter().map(of_row).collect()
}

/// The lots that a provider holds because it has not delivered them yet.
pub(crate) async fn held_by(connection: &mut AnyConnection, provider: Hash) -> Result<Vec<Lot>> {
    let sql = "select body from lot where phase = 'locked' and provider = $1 order by opened, id";
    let rows = sqlx::query(sql).bind(provider.to_string()).fetch_all(connection).await?;
    rows.iter().map(|row| read(row, "body")).collect()
}

/// Adds a message that the node signed to the messages about a lot. Returns the hash of the
/// message.
pub(crate) async fn say<M: Message + Serialize>(
    change: &mut Change,
    lot: Hash,
    message: &Signed<M>,
) -> Result<Hash> {
    let text =
        message.json().map_err(|error| DatabaseError::corrupt("a message about a lot", error))?;
    sqlx::query(
        "insert into said (lot, number, kind, message)
         select $1, coalesce(max(number), 0) + 1, $2, $3 from said where lot = $1",
    )
    .bind(lot.to_string())
    .bind(M::KIND)
    .bind(text.clone())
    .execute(change.connection())
    .await?;
    Ok(Hash::of(&[text.as_bytes()]))
}

/// What the node said about a lot, in order: the kinds and the signed messages.
pub(crate) async fn said(
    connection: &mut AnyConnection,
    lot: Hash,
) -> Result<Vec<(String, String)>> {
    let sql = "select kind, message from said where lot = $1 order by number";
    let rows = sqlx::query(sql).bind(lot.to_string()).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("kind")?, row.try_get("message")?))).collect()
}

pub(crate) const fn phase_name(phase: &Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Locked(_) => "locked",
        Phase::Settled { .. } => "settled",
        Phase::Expired { .. } => "expired",
    }
}

pub(crate) const fn auction_name(auction: &Auction) -> &'static str {
    match auction {
        Auction::Dutch { .. } => "dutch",
        Auction::Sealed(_) => "sealed",
        Auction::Limit { .. } => "limit",
    }
}

fn of_row(row: &AnyRow) -> Result<LotRow> {
    Ok(LotRow { lot: read(row, "body")?, aggregate: hash_if_any(row, "aggregate")? })
}
