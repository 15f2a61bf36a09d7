//! Connections that are slow, silent or many.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use velum_market::Options;

use crate::running::{Answer, Node, read_to_end};

/// The beginning of an HTTP/2 connection, and its first frame: settings, of which there are none.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_asks_nothing_is_ended() {
    let node = Node::start(Options::default()).await;
    let begun: [&[u8]; 6] = [
        b"",
        b"G",
        b"PRI * HT",
        PREFACE,
        b"GET /v1/market HTTP/1.1\r\nhost: node\r\n",
        b"\x16\x03\x01",
    ];
    let ended = begun.map(|bytes| {
        let address = node.address;
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            read_to_end(&mut stream).await
        })
    });
    for ended in ended {
        let answered = String::from_utf8_lossy(&ended.await.unwrap()).into_owned();
        assert!(!answered.contains(" 200 "), "{answered}");
    }
    assert_eq!(node.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let node = Node::start(Options::default()).await;
    let stream = TcpStream::connect(node.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let dripping = tokio::spawn(async move {
        let head = "GET /v1/market HTTP/1.1\r\nhost: node\r\n";
        let drips = head.bytes().chain(std::iter::repeat(b'x'));
        for byte in drips {
            if write.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut answered = Vec::new();
    let end = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut answered);
    let _ = tokio::time::timeout(Duration::from_secs(60), end)
        .await
        .expect("the node ends the connection");
    dripping.abort();
    assert_eq!(node.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_end_is_answered() {
    let node = Node::start(Options::default()).await;
    let ask = async |rest: &str| {
        let head = "POST /v1/money HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\n";
        let answer = Answer::read(&node.send(format!("{head}{rest}").as_bytes()).await);
        assert_eq!((answer.status, answer.problem().as_str()), (408, "too_slow"));
    };
    tokio::join!(
        ask("content-length: 1000\r\n\r\n{"),
        ask("transfer-encoding: chunked\r\n\r\n1\r\n{\r\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_is_answered() {
    let node = Node::start(Options::default()).await;
    let ten = vec![b' '; 10 << 20];
    for path in ["/v1/money", "/v1/jobs", "/v1/estimates", "/v1/accounts"] {
        let answer = node.post(path, &ten).await;
        assert_eq!((answer.status, answer.problem().as_str()), (413, "too_large"), "{path}");
    }
    // Chunks do not say how many chunks there are.
    let mut chunked =
        b"POST /v1/quotes HTTP/1.1\r\nhost: node\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..10 {
        chunked.extend_from_slice(format!("{:x}\r\n", 1 << 20).as_bytes());
        chunked.extend_from_slice(&ten[..1 << 20]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let answer = Answer::read(&node.send(&chunked).await);
    assert_eq!((answer.status, answer.problem().as_str()), (413, "too_large"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_so_many_connections() {
    let node = Node::start_as(Options::default(), |api| api, (64, Some(2))).await;
    let first = TcpStream::connect(node.address).await.unwrap();
    let second = TcpStream::connect(node.address).await.unwrap();
    let mut third = TcpStream::connect(node.address).await.unwrap();
    assert!(read_to_end(&mut third).await.is_empty(), "it is ended without a word");
    drop((first, second));
    // The connections are free again once the node has seen that they are closed.
    loop {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        let _ = stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n")
            .await;
        if read_to_end(&mut stream).await.starts_with(b"HTTP/1.1 200") {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_connections_are_all_taken_answers_later_and_stops() {
    let node = Node::start_as(Options::default(), |api| api, (2, None)).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(node.address).await.unwrap());
    }
    // The connections before it are ended first, because they ask nothing.
    assert_eq!(node.get("/healthz").await.status, 200);
    let mut again = Vec::new();
    for _ in 0..4 {
        again.push(TcpStream::connect(node.address).await.unwrap());
    }
    node.stop().await;
}
