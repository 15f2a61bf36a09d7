//! Which pages of other origins may ask this API in their visitors' browsers (the Fetch standard, section 3.3).
//!
//! What a browser sends along by itself, such as cookies, means nothing here: whoever changes something signs it, and the rest is public. So pages of every origin may ask, unless an operator wants some alone.
//! That keeps no program from asking, only pages.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// Pages that may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Those of every origin.
    #[default]
    Any,
    /// Those of these origins, each as browsers write it: `https://wallet.example`.
    Only(Arc<BTreeSet<String>>),
}

impl Origins {
    /// What tells browsers so.
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
