//! The API over HTTP. `docs/market-api.yaml` describes it for others, and tests compare the
//! description with this module.
//!
//! Messages come as JSON in their only valid form, as the whole body or as a member of it. Only
//! white space and the order of members are free. All messages except those of `/v1/estimates` are
//! signed. Errors are problems as in RFC 9457, with a fixed code.
//!
//! This module only turns requests into calls of [`Market`]. It knows no database.
//!
//! The picture shows a request on its way to the market, and the answer on its way back.
//!
//! ```text
//! connection --> serve         TLS, and limits of number and time (connections)
//!                  | adds parts::Peer, the address at the other end
//!                  v
//!                Api::router   metrics: counts every answer by route
//!                  |
//!                  +-- open routes, /v1/...: cors tells browsers whose pages may call
//!                  |     clients, providers, events, operator (the log)
//!                  +-- own routes, for pages of the node's own origin
//!                  |     page: /, /page.js, ...   operator: /v1/overview, /v1/balance (token)
//!                  |     healthz
//!                  v
//!                handler       parts: Asking, Id, Asked     body: signed, unsigned, with_blob
//!                  |
//!                  v
//!                Market::...   Ok  --> answer: json, signed, typed; events: a stream
//!                              Err --> answer: a problem with the code of the MarketError
//!
//! a listener of its own --> serve --> Api::instruments --> metrics: /metrics
//! ```
//!
//! The submodules are:
//!
//! - `serve` and `connections` accept connections and limit them.
//! - `parts` and `body` read requests, `answer` writes answers, and `cors` tells browsers whose
//!   pages may call.
//! - `clients`, `providers`, `operator` and `events` have the handlers of the API, and `page` those
//!   of the operator's page.
//! - `metrics` counts the answers.

mod answer;
mod body;
mod clients;
mod connections;
mod cors;
mod events;
mod metrics;
mod operator;
mod page;
mod parts;
mod providers;
mod serve;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::{Code, Market, MarketError};

pub use cors::Origins;
pub use serve::{Serve, Tls, TlsError, serve};

/// The API of a node.
#[derive(Clone)]
pub struct Api {
    market: Market,
    metrics: metrics::Metrics,
    /// The SHA-256 of the operator's token.
    token: Option<velum_market_model::Hash>,
    origins: Origins,
    /// The number of proxies in front of the node. Each adds the address that it was called from to
    /// `X-Forwarded-For`.
    proxies: usize,
}

impl Api {
    /// The API of a market. Whoever sends `token` may see what is the operator's. If there is no
    /// token, nobody may.
    #[must_use]
    pub fn new(market: Market, token: Option<&str>) -> Self {
        let token = token.map(|token| velum_market_model::Hash::of(&[token.as_bytes()]));
        Self {
            market,
            metrics: metrics::Metrics::default(),
            token,
            origins: Origins::Any,
            proxies: 0,
        }
    }

    /// The same API behind this many proxies. Each adds the address that it was called from to
    /// `X-Forwarded-For`.
    #[must_use]
    pub fn behind(self, proxies: usize) -> Self {
        Self { proxies, ..self }
    }

    /// The same API, for pages of these origins and of the node's own origin only.
    #[must_use]
    pub fn for_origins(self, origins: Origins) -> Self {
        Self { origins, ..self }
    }

    /// The router with all routes.
    pub fn router(self) -> Router {
        let open = router(open_routes()).layer(self.origins.layer());
        router(own_routes())
            .merge(open)
            .fallback(unknown)
            .layer(middleware::from_fn_with_state(self.clone(), metrics::count))
            .with_state(self)
    }

    /// The router of the metrics, at `/metrics`, which count the answers of [`Self::router`]. It is
    /// meant for a listener of its own, which the public does not reach.
    pub fn instruments(self) -> Router {
        router(vec![("/metrics", get(metrics::metrics))]).fallback(unknown).with_state(self)
    }

    /// The paths of the routes, as the description of the API has them.
    pub fn paths() -> impl Iterator<Item = &'static str> {
        own_routes().into_iter().chain(open_routes()).map(|(path, _)| path)
    }
}

type Routes = Vec<(&'static str, MethodRouter<Api>)>;

fn router(routes: Routes) -> Router<Api> {
    let router = routes
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    router.method_not_allowed_fallback(wrong_method)
}

/// The routes that only pages of the node's own origin may call: the operator's page, and what its
/// token opens.
fn own_routes() -> Routes {
    vec![
        ("/", get(page::page)),
        ("/page.css", get(page::style)),
        ("/page.js", get(page::script)),
        ("/charts.js", get(page::charts)),
        ("/dom.js", get(page::dom)),
        ("/healthz", get(healthz)),
        ("/v1/overview", get(operator::overview)),
        ("/v1/balance", get(operator::balance)),
    ]
}

/// The routes that everyone may call: requests are signed, or answers are public.
fn open_routes() -> Routes {
    vec![
        ("/v1/market", get(clients::market)),
        ("/v1/estimates", post(clients::estimate)),
        ("/v1/jobs", post(clients::submit)),
        ("/v1/jobs/{job}", get(clients::status)),
        ("/v1/jobs/{job}/acceptance", get(clients::acceptance)),
        ("/v1/jobs/{job}/cancel", post(clients::cancel)),
        ("/v1/jobs/{job}/receipt", get(clients::receipt)),
        ("/v1/jobs/{job}/events", get(events::of_job)),
        ("/v1/lots", get(providers::lots)),
        ("/v1/lots/{lot}", get(providers::lot)),
        ("/v1/lots/{lot}/lock", post(providers::lock)),
        ("/v1/lots/{lot}/bid", post(providers::bid)),
        ("/v1/lots/{lot}/reveal", post(providers::reveal)),
        ("/v1/lots/{lot}/delivery", post(providers::deliver)),
        ("/v1/inputs", post(providers::input)),
        ("/v1/quotes", post(providers::quote)),
        ("/v1/quotes/{quote}/revoke", post(providers::revoke)),
        ("/v1/standing-orders", post(clients::buy)),
        ("/v1/standing-orders/{order}", get(clients::standing)),
        ("/v1/disputes", post(clients::dispute)),
        ("/v1/money", post(clients::move_money)),
        ("/v1/accounts", post(clients::account)),
        ("/v1/credit", get(clients::credit_key)),
        ("/v1/credit/orders", post(clients::issue_credit)),
        ("/v1/credit/redemptions", post(clients::redeem_credit)),
        ("/v1/providers/{provider}/reputation", get(providers::reputation)),
        ("/v1/log", get(operator::log)),
        ("/v1/log/head", get(operator::head)),
    ]
}

/// Whether the node can do its work, which means that it reaches its database.
async fn healthz(State(api): State<Api>) -> Result<Response, MarketError> {
    api.market.now().await?;
    Ok((StatusCode::OK, "ok\n").into_response())
}

async fn unknown(uri: Uri) -> Response {
    answer::problem(Code::Unknown, format!("there is nothing at {}", uri.path()))
}

async fn wrong_method(uri: Uri) -> Response {
    let detail = format!("{} does not allow this method; see the API description", uri.path());
    answer::problem(Code::WrongMethod, detail)
}
