//! What instruments read, and where.

use velum_market::Options;

use crate::running::{Node, TOKEN, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_told_where_the_public_does_not_reach() {
    let node = Node::start(Options::default()).await;
    assert_eq!(node.get("/v1/market").await.status, 200);
    let bearer = format!("Bearer {TOKEN}");
    let public = node.ask("GET", "/metrics", &[("authorization", &bearer)], b"").await;
    assert_eq!((public.status, public.problem().as_str()), (404, "unknown"));

    let told = ask(node.instruments, "GET", "/metrics", &[], b"").await;
    assert_eq!(told.status, 200);
    let text = String::from_utf8(told.body).unwrap();
    assert!(
        text.contains("velum_market_answers_total{route=\"/v1/market\",status=\"200\"} 1\n"),
        "answers of the other listener are counted: {text}"
    );
    for path in ["/", "/v1/market", "/v1/balance"] {
        let other = ask(node.instruments, "GET", path, &[("authorization", &bearer)], b"").await;
        assert_eq!((other.status, other.problem().as_str()), (404, "unknown"), "{path}");
    }
    node.stop().await;
}
