//! What the path, query and connection of a request say.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use velum_market_model::Hash;

use super::Api;
use crate::{Market, MarketError};

/// The address at the other end of a request's connection.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The market, as seen from the place that the request comes from.
pub(super) struct Asking(pub(super) Market);

impl FromRequestParts<Api> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let address = forwarded(&parts.headers, api.proxies).or(peer);
        Ok(Self(
            address.map_or_else(
                || api.market.clone(),
                |address| api.market.asked_from(address.into()),
            ),
        ))
    }
}

/// The address from which the first of this many proxies was called. What this proxy added stands
/// before what the proxies behind it added. Anything before that may have been written by anybody.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut addresses =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    let address = addresses.nth(proxies.checked_sub(1)?)?.trim();
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The id in a path.
pub(super) struct Id(pub(super) Hash);

/// The members of a query.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = MarketError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, MarketError> {
        let malformed = |why: String| MarketError::Malformed(format!("the id in the path: {why}"));
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| malformed(rejection.body_text()))?;
        Ok(Self(Hash::try_from(text).map_err(|error| malformed(error.to_string()))?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = MarketError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MarketError> {
        let Query(asked) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            MarketError::Malformed(format!("the query: {}", rejection.body_text()))
        })?;
        Ok(Self(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_proxies_add_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9, 198.51.100.7".parse().unwrap());
        headers.append("x-forwarded-for", "2001:db8::1".parse().unwrap());
        let address = |proxies| forwarded(&headers, proxies).map(|address| address.to_string());
        assert_eq!(address(0), None);
        assert_eq!(address(1).as_deref(), Some("2001:db8::1"));
        assert_eq!(address(2).as_deref(), Some("198.51.100.7"));
        assert_eq!(address(4), None);
        assert_eq!(forwarded(&HeaderMap::new(), 1), None);
        headers.append("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(forwarded(&headers, 1), None);
    }
}
