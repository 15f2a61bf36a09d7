//! Quotes in the book, and capacity that was bought ahead.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use velum_market_model::{Amount, Count, Hash, Profile, Quote, Signed, Time};
use velum_market_rules::Standing;
use velum_market_rules::auction::limit::Ask;
use velum_market_sql::{DatabaseError, sqlx};

use super::{Change, Result, amount, count, hash, json, read, read_word, time, word};

/// A quote in the book, and the message that it came by.
pub(crate) struct AskRow {
    pub(crate) ask: Ask,
    pub(crate) quote: Quote,
}

/// Writes a quote that is not in the book yet.
pub(crate) async fn place(change: &mut Change, ask: &Ask, quote: &Signed<Quote>) -> Result<()> {
    let message = quote.json().map_err(|error| DatabaseError::corrupt("the quote", error))?;
    sqlx::query(
        "insert into ask (id, provider, profile, price, remaining, placed, expires, message)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(ask.id.to_string())
    .bind(ask.provider.to_string())
    .bind(word(&ask.profile)?)
    .bind(ask.price.get() as i64)
    .bind(ask.left.get() as i64)
    .bind(ask.placed.get() as i64)
    .bind(ask.expires.get() as i64)
    .bind(message)
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Records what is left of a quote. If nothing is left, takes it out of the book.
pub(crate) async fn leave(change: &mut Change, id: Hash, left: Option<u64>) -> Result<()> {
    match left {
        Some(left) => {
            sqlx::query("update ask set remaining = $1 where id = $2")
                .bind(left as i64)
                .bind(id.to_string())
                .execute(change.connection())
                .await?;
        }
        None => {
            sqlx::query("delete from ask where id = $1")
                .bind(id.to_string())
                .execute(change.connection())
                .await?;
        }
    }
    Ok(())
}

const COLUMNS: &str = "id, provider, profile, price, remaining, placed, expires, message";

pub(crate) async fn find(connection: &mut AnyConnection, id: Hash) -> Result<Option<AskRow>> {
    let sql = sqlx::AssertSqlSafe(format!("select {COLUMNS} from ask where id = $1"));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(of_row).transpose()
}

/// The quotes of a profile that have not expired, the best first.
pub(crate) async fn book(
    connection: &mut AnyConnection,
    profile: Profile,
    now: Time,
    most: i64,
) -> Result<Vec<AskRow>> {
    let sql = sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from ask where profile = $1 and expires > $2 order by price, placed, id limit $3"
    ));
    let rows = sqlx::query(sql)
        .bind(word(&profile)?)
        .bind(now.get() as i64)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.iter().map(of_row).collect()
}

/// The requirements that a quote has to meet for a lot.
pub(crate) struct Wanted {
    pub(crate) profile: Profile,
    /// The number of presentations.
    pub(crate) count: Count,
    /// The highest price for all of them together.
    pub(crate) limit: Amount,
    /// The money that the provider has to have free.
    pub(crate) collateral: Amount,
    /// The money that the provider has to stake.
    pub(crate) stake: Amount,
}

/// The quotes that meet the requirements, the best first. Other quotes are left out here, so that
/// they cannot hide a quote that fits.
pub(crate) async fn fitting(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    now: Time,
    most: i64,
) -> Result<Vec<AskRow>> {
    // No product reaches 2^63: a price is below 2^53, and no lot has more than 1024 presentations.
    let sql = sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from ask
         where profile = $1 and expires > $2 and remaining >= $3 and price * $3 <= $4
           and exists (select 1 from account where name = 'balance:' || ask.provider and balance >= $5)
           and exists (select 1 from account where name = 'stake:' || ask.provider and balance >= $6)
         order by price, placed, id limit $7"
    ));
    let rows = sqlx::query(sql)
        .bind(word(&wanted.profile)?)
        .bind(now.get() as i64)
        .bind(wanted.count.get() as i64)
        .bind(wanted.limit.get() as i64)
        .bind(wanted.collateral.get() as i64)
        .bind(wanted.stake.get() as i64)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.iter().map(of_row).collect()
}

/// The quote of a provider for a profile that stands in the book, if there is one.
pub(crate) async fn standing_there(
    connection: &mut AnyConnection,
    provider: Hash,
    profile: Profile,
    now: Time,
) -> Result<Option<Hash>> {
    let sql = "select id from ask where provider = $1 and profile = $2 and expires > $3 limit 1";
    let row = sqlx::query(sql)
        .bind(provider.to_string())
        .bind(word(&profile)?)
        .bind(now.get() as i64)
        .fetch_optional(connection)
        .await?;
    row.map(|row| hash(&row, "id")).transpose()
}

/// Takes expired quotes out of the book.
pub(crate) async fn expire(change: &mut Change) -> Result<()> {
    let now = change.now().get() as i64;
    sqlx::query("delete from ask where expires <= $1")
        .bind(now)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Writes a standing order.
pub(crate) async fn save_standing(
    change: &mut Change,
    standing: &Standing,
    quote: Hash,
) -> Result<()> {
    sqlx::query(
        "insert into standing (id, client, quote, until, ended, body) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set ended = excluded.ended, body = excluded.body",
    )
    .bind(standing.id.to_string())
    .bind(standing.client.to_string())
    .bind(quote.to_string())
    .bind(standing.until.get() as i64)
    .bind(i64::from(standing.ended))
    .bind(json(standing)?)
    .execute(change.connection())
    .await?;
    Ok(())
}

pub(crate) async fn find_standing(
    connection: &mut AnyConnection,
    id: Hash,
) -> Result<Option<(Standing, Hash)>> {
    let sql = "select body, quote from standing where id = $1";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(connection).await?;
    row.map(|row| Ok((read(&row, "body")?, hash(&row, "quote")?))).transpose()
}

/// The standing orders whose time is over and whose rest is not divided yet.
pub(crate) async fn due_standing(
    connection: &mut AnyConnection,
    now: Time,
    most: i64,
) -> Result<Vec<Hash>> {
    let sql = "select id from standing where ended = 0 and until <= $1 order by until limit $2";
    let rows = sqlx::query(sql).bind(now.get() as i64).bind(most).fetch_all(connection).await?;
    rows.iter().map(|row| hash(row, "id")).collect()
}

/// Makes a standing order due no earlier than a time. The end that its body states stays as it is.
pub(crate) async fn put_off_standing(change: &mut Change, order: Hash, until: Time) -> Result<()> {
    let now = change.now();
    sqlx::query("update standing set until = $1 where id = $2 and until <= $3")
        .bind(until.get() as i64)
        .bind(order.to_string())
        .bind(now.get() as i64)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The standing orders of a quote that have not ended.
pub(crate) async fn standing_of(
    connection: &mut AnyConnection,
    quote: Hash,
) -> Result<Vec<Standing>> {
    let sql = "select body from standing where ended = 0 and quote = $1";
    let rows = sqlx::query(sql).bind(quote.to_string()).fetch_all(connection).await?;
    rows.iter().map(|row| read(row, "body")).collect()
}

/// The standing orders of a client that have not ended.
pub(crate) async fn standing_for(
    connection: &mut AnyConnection,
    client: Hash,
) -> Result<Vec<Standing>> {
    let sql = "select body from standing where ended = 0 and client = $1";
    let rows = sqlx::query(sql).bind(client.to_string()).fetch_all(connection).await?;
    rows.iter().map(|row| read(row, "body")).collect()
}

fn of_row(row: &AnyRow) -> Result<AskRow> {
    let quote: SentQuote = read(row, "message")?;
    let ask = Ask {
        id: hash(row, "id")?,
        provider: hash(row, "provider")?,
        profile: read_word(row, "profile")?,
        price: amount(row, "price")?,
        left: count(row, "remaining")?,
        placed: time(row, "placed")?,
        expires: time(row, "expires")?,
    };
    Ok(AskRow { ask, quote: quote.message })
}

/// The form in which the message of a quote in the book is read. Its signature was verified when it
/// came.
#[derive(serde::Deserialize)]
struct SentQuote {
    message: Quote,
}
