//! Bodies of requests, read up to a limit and within a time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use base64ct::{Base64, Encoding};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use velum_credentials::limits::SUBMISSION_BYTES;
use velum_market_model::canonical::MOST_BYTES;
use velum_market_model::{Message, Signed};

use crate::MarketError;

/// How long a body may take. Who sends slower holds a connection that others could have.
const TIME: Duration = Duration::from_secs(30);

/// The most bytes of a body that is a message alone.
const MESSAGE: usize = MOST_BYTES;

/// The most bytes of a body with a submission or an aggregate in base64, beside a message.
const WITH_BLOB: usize = MOST_BYTES + SUBMISSION_BYTES.div_ceil(3) * 4 + 1024;

/// A body that is one signed message.
pub(super) async fn signed<M: Message>(body: Body) -> Result<Signed<M>, MarketError> {
    Ok(Signed::read(&read(body, MESSAGE).await?)?)
}

/// A body that is a JSON value of this API.
pub(super) async fn json<T: DeserializeOwned>(body: Body) -> Result<T, MarketError> {
    serde_json::from_slice(&read(body, MESSAGE).await?)
        .map_err(|error| MarketError::Malformed(error.to_string()))
}

/// A body with a signed message, and bytes in base64.
pub(super) async fn with_blob<M: Message, T: DeserializeOwned>(
    body: Body,
    parts: impl Fn(T) -> (Box<RawValue>, String),
) -> Result<(Signed<M>, Bytes), MarketError> {
    let body = read(body, WITH_BLOB).await?;
    let (message, blob) =
        parts(serde_json::from_slice(&body).map_err(|error| MarketError::Malformed(error.to_string()))?);
    let message = Signed::read(message.get().as_bytes())?;
    let blob = Base64::decode_vec(&blob)
        .map_err(|_| MarketError::Malformed("the bytes are no base64 with padding".to_owned()))?;
    if blob.len() > SUBMISSION_BYTES {
        return Err(MarketError::TooLarge { most: SUBMISSION_BYTES });
    }
    Ok((message, blob.into()))
}

async fn read(body: Body, most: usize) -> Result<Bytes, MarketError> {
    match tokio::time::timeout(TIME, to_bytes(body, most)).await {
        Err(_) => Err(MarketError::TooSlow),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let is_long = std::error::Error::source(&error)
                .is_some_and(|error| error.is::<http_body_util::LengthLimitError>());
            Err(if is_long {
                MarketError::TooLarge { most }
            } else {
                MarketError::Malformed(error.to_string())
            })
        }
    }
}
