//! Requests that nobody sends with good intentions.

use velum_market::Options;
use velum_market_model::{Amount, Hash};

use crate::running::{Answer, Node};

/// What stands in place of an id.
const NO_IDS: [&str; 17] = [
    "none",
    "%ff",
    "%",
    "%zz",
    "%00",
    "..",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f",
    "%5c..%5c",
    "'%20or%20'1'='1",
    "1;%20drop%20table%20job;--",
    "0000000000000000000000000000000000000000000000000000000000000000'--",
    "ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD",
    "%F0%9F%92%A3",
    "{job}",
    "-1",
    "18446744073709551616",
];

async fn market() -> Node {
    Node::start(Options { demo_money: Some(Amount::constant(1 << 40)), ..Options::default() }).await
}

/// Checks that a request was refused with a code that says why, and that the node is not to blame.
fn is_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    answer.problem();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_are_ids_or_refused() {
    let node = market().await;
    for id in NO_IDS {
        for (method, path) in [
            ("GET", format!("/v1/jobs/{id}")),
            ("GET", format!("/v1/jobs/{id}/receipt")),
            ("GET", format!("/v1/jobs/{id}/acceptance")),
            ("GET", format!("/v1/jobs/{id}/events")),
            ("GET", format!("/v1/lots/{id}")),
            ("GET", format!("/v1/standing-orders/{id}")),
            ("GET", format!("/v1/providers/{id}/reputation")),
            ("POST", format!("/v1/jobs/{id}/cancel")),
            ("POST", format!("/v1/lots/{id}/lock")),
            ("POST", format!("/v1/lots/{id}/bid")),
            ("POST", format!("/v1/lots/{id}/reveal")),
            ("POST", format!("/v1/lots/{id}/delivery")),
            ("POST", format!("/v1/quotes/{id}/revoke")),
        ] {
            is_refused(&node.ask(method, &path, &[], b"{}").await, &format!("{method} {path}"));
        }
    }
    assert!(node.market.balance().await.unwrap().balanced, "all tables are there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_are_understood_or_refused() {
    let node = market().await;
    let zeros = Hash::default();
    for query in [
        "lots",
        "lots?",
        "lots?auction",
        "lots?auction=",
        "lots?auction=english",
        "lots?auction=dutch&auction=dutch",
        "lots?auction=dutch'%20or%20'1'='1",
        "lots?auction=dutch&most=1000000",
        "lots?auction=dutch&after=",
        "lots?auction=dutch&after=%27%3b--",
        &format!("lots?auction=dutch&after={zeros}'"),
        "lots?auction=%ff",
        "log?after=-1",
        "log?after=1.5",
        "log?after=9007199254740992",
        "log?after=18446744073709551616",
        "log?after=1%20or%201",
        "log?after=%00",
        "log?before=1",
        "log?after=1&after=2",
    ] {
        is_refused(&node.get(&format!("/v1/{query}")).await, query);
    }
    // The largest number there is comes after the log's end.
    assert_eq!(
        node.get("/v1/log?after=9007199254740991").await.json()["entries"],
        serde_json::json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_understood_or_refused() {
    let node = market().await;
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let bodies: [&[u8]; 12] = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{\"message\": {}, \"key\": {}, \"signature\": \"\"}",
        b"\xff\xfe",
        b"\0",
        b"1e999",
        b"{\"job\": 1, \"submission\": \"====\"}",
        b"{\"delivery\": \"\\ud800\", \"aggregate\": \"AA==\"}",
        b"{\"message\": {\"market\": \"' or 1=1 --\"}}",
        &deep[..100_000],
    ];
    let id = Hash::default();
    for path in [
        "/v1/estimates".to_owned(),
        "/v1/jobs".to_owned(),
        format!("/v1/jobs/{id}/cancel"),
        format!("/v1/lots/{id}/lock"),
        format!("/v1/lots/{id}/bid"),
        format!("/v1/lots/{id}/reveal"),
        format!("/v1/lots/{id}/delivery"),
        "/v1/inputs".to_owned(),
        "/v1/quotes".to_owned(),
        format!("/v1/quotes/{id}/revoke"),
        "/v1/standing-orders".to_owned(),
        "/v1/disputes".to_owned(),
        "/v1/money".to_owned(),
        "/v1/accounts".to_owned(),
    ] {
        for body in bodies {
            let what = format!("{path}: {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            is_refused(&node.post(&path, body).await, &what);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused() {
    let node = market().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: node\r\n\r\n", "x".repeat(1 << 20));
    let heavy = format!("GET / HTTP/1.1\r\nhost: node\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\nhost: node\r\n{}\r\n", "x: y\r\n".repeat(1000));
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nhost: node\r\n\r\n",
        "POST /v1/money HTTP/1.1\r\nhost: node\r\ncontent-length: -1\r\n\r\n",
        "POST /v1/money HTTP/1.1\r\nhost: node\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        "POST /v1/money HTTP/1.1\r\nhost: node\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        &long,
        &heavy,
        &many,
    ] {
        let answer = Answer::read(&node.send(request.as_bytes()).await);
        assert!(
            (400..500).contains(&answer.status),
            "{:?}: {answer:?}",
            &request[..request.len().min(60)]
        );
    }
    let unknown = node.get("/v1/../etc/passwd").await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "unknown"));
    assert_eq!(node.get("/healthz").await.status, 200);
}
