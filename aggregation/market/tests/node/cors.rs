//! What browsers are told about pages of other origins.

use std::collections::BTreeSet;
use std::sync::Arc;

use velum_market::Options;
use velum_market::http::{Api, Origins};

use crate::running::{Answer, Node, TOKEN};

const ORIGIN: &str = "access-control-allow-origin";
const PAGE: (&str, &str) = ("origin", "https://wallet.example");

fn for_one(api: Api) -> Api {
    let origins = BTreeSet::from([PAGE.1.to_owned()]);
    api.for_origins(Origins::Only(Arc::new(origins)))
}

/// The request that a browser makes before it sends JSON.
async fn preflight(node: &Node, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    node.ask("OPTIONS", path, &headers, b"").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_any_origin_may_ask() {
    let node = Node::start(Options::default()).await;
    let told = preflight(&node, "/v1/jobs", PAGE.1).await;
    assert_eq!((told.status, told.header(ORIGIN)), (200, Some("*")));
    assert_eq!(told.header("access-control-allow-methods"), Some("GET,POST"));
    assert_eq!(told.header("access-control-allow-headers"), Some("content-type"));
    assert_eq!(told.header("access-control-allow-credentials"), None, "{told:?}");

    for path in ["/v1/market", "/v1/lots?auction=dutch", "/v1/jobs/none"] {
        let answer = node.ask("GET", path, &[PAGE], b"").await;
        assert_eq!(answer.header(ORIGIN), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("retry-after"), "{path}");
    }
    // A page can read why it was refused, whatever it sent.
    let refused = node.ask("POST", "/v1/money", &[PAGE], b"{}").await;
    assert_eq!((refused.status, refused.header(ORIGIN)), (400, Some("*")));
    let wrong = node.ask("PUT", "/v1/jobs", &[PAGE], b"").await;
    assert_eq!((wrong.status, wrong.header(ORIGIN)), (405, Some("*")));
    assert_eq!(wrong.problem(), "wrong_method");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_the_operators_is_for_no_other_page() {
    let node = Node::start(Options::default()).await;
    let bearer = format!("Bearer {TOKEN}");
    for path in ["/", "/page.js", "/healthz", "/v1/overview", "/v1/balance"] {
        let answer = node.ask("GET", path, &[PAGE, ("authorization", &bearer)], b"").await;
        assert_eq!((answer.status, answer.header(ORIGIN)), (200, None), "{path}");
        assert_eq!(preflight(&node, path, PAGE.1).await.header(ORIGIN), None, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_some_origins_may_ask_where_they_are_named() {
    let node = Node::start_as(Options::default(), for_one, (64, None)).await;
    let answer = node.ask("GET", "/v1/market", &[PAGE], b"").await;
    assert_eq!(answer.header(ORIGIN), Some(PAGE.1));
    // Caches keep the answers for different origins apart.
    assert!(answer.header("vary").is_some_and(|vary| vary.contains("origin")), "{answer:?}");
    for other in
        ["https://other.example", "http://wallet.example", "https://wallet.example:8443", "null"]
    {
        let answer = node.ask("GET", "/v1/market", &[("origin", other)], b"").await;
        assert_eq!((answer.status, answer.header(ORIGIN)), (200, None), "{other}");
        assert_eq!(preflight(&node, "/v1/jobs", other).await.header(ORIGIN), None, "{other}");
    }
}
