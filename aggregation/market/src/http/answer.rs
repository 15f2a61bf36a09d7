//! Answers to requests.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use velum_market_client::api::Problem;
use velum_market_model::{Message, Signed};

use crate::{Code, MarketError};

/// An answer in JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => typed("application/json", bytes),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            problem(Code::Internal, "an answer could not be written".to_owned())
        }
    }
}

/// An answer that is a signed message, in its canonical form.
pub(super) fn signed<M: Message>(message: &Signed<M>) -> Result<Response, MarketError> {
    Ok(typed("application/json", message.json()?.into_bytes()))
}

/// An answer of bytes with a content type.
pub(super) fn typed(content_type: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, bytes).into_response()
}

/// A problem with the HTTP request itself, about which the market was not asked.
pub(super) fn problem(code: Code, detail: String) -> Response {
    let title = code.title().to_owned();
    from_problem(
        &Problem {
            status: code.status(),
            title,
            detail,
            code: code.as_str().to_owned(),
            place: None,
        },
        None,
    )
}

fn from_problem(problem: &Problem, retry_after: Option<u32>) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = (status, typed("application/problem+json", body)).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110, section 11.6.1.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

impl IntoResponse for MarketError {
    fn into_response(self) -> Response {
        if self.code().status() >= 500 {
            tracing::error!(error = %self, code = self.code().as_str(), "a request failed");
        }
        from_problem(&self.problem(), self.retry_after())
    }
}
