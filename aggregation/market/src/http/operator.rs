//! What the operator looks at, and the log, which everyone may read.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;
use velum_market_client::api::LogPage;
use velum_market_model::{Count, Hash};

use super::parts::Asked;
use super::{Api, answer};
use crate::MarketError;

type Answer = Result<Response, MarketError>;

/// The entry after which a page of the log begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    #[serde(default)]
    after: Count,
}

pub(super) async fn log(
    State(Api { market, .. }): State<Api>,
    Asked(From { after }): Asked<From>,
) -> Answer {
    Ok(answer::json(&LogPage { entries: market.log(after.get()).await? }))
}

pub(super) async fn head(State(Api { market, .. }): State<Api>) -> Answer {
    answer::signed(&market.head().await?)
}

pub(super) async fn overview(State(api): State<Api>, headers: HeaderMap) -> Answer {
    check(&api, &headers)?;
    Ok(answer::json(&api.market.overview().await?))
}

pub(super) async fn balance(State(api): State<Api>, headers: HeaderMap) -> Answer {
    check(&api, &headers)?;
    Ok(answer::json(&api.market.balance().await?))
}

/// Checks that a request has the operator's token. Hashes are compared, so that the time of the
/// comparison reveals nothing about the token.
fn check(api: &Api, headers: &HeaderMap) -> Result<(), MarketError> {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let is_operator = sent.is_some_and(|sent| Some(Hash::of(&[sent.as_bytes()])) == api.token);
    if is_operator { Ok(()) } else { Err(MarketError::Operator) }
}
