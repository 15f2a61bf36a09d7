//! Bodies of requests, read up to a limit and within a time.

use std::time::Duration;

use axum::body::Body;
use base64ct::{Base64, Encoding};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use velum_credentials::limits::SUBMISSION_BYTES;
use velum_market_model::canonical::MOST_BYTES;
use velum_market_model::{Message, Signed, read_unsigned};

use crate::MarketError;

/// How long a body may take. A slower sender holds a connection that others could have.
const TIME: Duration = Duration::from_secs(30);

/// The most bytes of a body that is a message alone.
const MESSAGE: usize = MOST_BYTES;

/// The most bytes of a body that has a submission or an aggregate in base64, beside a message.
const WITH_BLOB: usize = MOST_BYTES + SUBMISSION_BYTES.div_ceil(3) * 4 + 1024;

/// The most bytes of a body that are read, whether or not they are kept.
const MOST_READ: usize = 16 << 20;

/// Reads a body that is one signed message.
pub(super) async fn signed<M: Message>(body: Body) -> Result<Signed<M>, MarketError> {
    Ok(Signed::read(&read(body, MESSAGE).await?)?)
}

/// Reads a body that is one unsigned message.
pub(super) async fn unsigned<M: Message>(body: Body) -> Result<M, MarketError> {
    Ok(read_unsigned(&read(body, MESSAGE).await?)?)
}

/// Reads a body with a signed message, and bytes in base64.
pub(super) async fn with_blob<M: Message, T: DeserializeOwned>(
    body: Body,
    parts: impl Fn(T) -> (Box<RawValue>, String),
) -> Result<(Signed<M>, Bytes), MarketError> {
    let body = read(body, WITH_BLOB).await?;
    let (message, blob) = parts(
        serde_json::from_slice(&body).map_err(|error| MarketError::Malformed(error.to_string()))?,
    );
    let message = Signed::read(message.get().as_bytes())?;
    let blob = Base64::decode_vec(&blob)
        .map_err(|_| MarketError::Malformed("the bytes are not base64 with padding".to_owned()))?;
    if blob.len() > SUBMISSION_BYTES {
        return Err(MarketError::TooLarge { most: SUBMISSION_BYTES });
    }
    Ok((message, blob.into()))
}

async fn read(body: Body, most: usize) -> Result<Bytes, MarketError> {
    match tokio::time::timeout(TIME, up_to(body, most)).await {
        Err(_) => Err(MarketError::TooSlow),
        Ok(read) => read,
    }
}

/// Reads a body, and keeps no more of it than it may have. A longer body is read on for a while,
/// because a sender does not listen before it has sent everything.
async fn up_to(mut body: Body, most: usize) -> Result<Bytes, MarketError> {
    let (mut kept, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| MarketError::Malformed(error.to_string()))?;
        let Ok(part) = frame.into_data() else { continue };
        length = length.saturating_add(part.len());
        if length <= most {
            kept.extend_from_slice(&part);
        } else if length > MOST_READ {
            break;
        }
    }
    if length > most { Err(MarketError::TooLarge { most }) } else { Ok(kept.into()) }
}
