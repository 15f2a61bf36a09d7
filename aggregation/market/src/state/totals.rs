//! Totals that are updated whenever rows change, so that a glance at the market counts no whole
//! table.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row};
use velum_market_sql::sqlx;

use super::Result;

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Jobs by state.
    Jobs,
    /// Lots by phase.
    Lots,
    /// Money by kind of account.
    Money,
}

impl Of {
    const fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Lots => "lots",
            Self::Money => "money",
        }
    }
}

/// Adds to a total.
pub(super) async fn add(
    connection: &mut AnyConnection,
    of: Of,
    name: &str,
    more: i64,
) -> Result<()> {
    sqlx::query(
        "insert into total (what, name, total) values ($1, $2, $3)
         on conflict (what, name) do update set total = total.total + excluded.total",
    )
    .bind(of.name())
    .bind(name.to_owned())
    .bind(more)
    .execute(connection)
    .await?;
    Ok(())
}

/// All totals of a kind that are not zero, by their names.
pub(crate) async fn all(connection: &mut AnyConnection, of: Of) -> Result<BTreeMap<String, i64>> {
    let sql = "select name, total from total where what = $1 and total <> 0";
    let rows = sqlx::query(sql).bind(of.name()).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("total")?))).collect()
}
