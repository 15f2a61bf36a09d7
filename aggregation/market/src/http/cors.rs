//! Which pages of other origins may call this API in their visitors' browsers (the Fetch standard,
//! section 3.3).
//!
//! What a browser sends along by itself, such as cookies, means nothing here: whoever changes
//! something signs it, and everything else is public. So pages of every origin may call the API,
//! unless an operator allows only some origins. This restricts pages, and no other programs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// The pages that may call the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Pages of every origin.
    #[default]
    Any,
    /// Pages of these origins, each written as browsers write it: `https://wallet.example`.
    Only(Arc<BTreeSet<String>>),
}

impl Origins {
    /// The layer that tells browsers so.
    pub(super) fn layer(&self) -> CorsLayer {
        let origins = match self {
            Self::Any => AllowOrigin::any(),
            Self::Only(origins) => {
                let origins = origins.clone();
                AllowOrigin::predicate(move |origin: &HeaderValue, _| {
                    origin.to_str().is_ok_and(|origin| origins.contains(origin))
                })
            }
        };
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([header::CONTENT_TYPE])
            .expose_headers([header::RETRY_AFTER])
            .max_age(REMEMBERED)
    }
}
