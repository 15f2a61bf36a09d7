//! What path and query of a request say.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use velum_market_model::Hash;

use crate::MarketError;

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
        let Query(asked) = Query::try_from_uri(&parts.uri)
            .map_err(|rejection| MarketError::Malformed(format!("the query: {}", rejection.body_text())))?;
        Ok(Self(asked))
    }
}
