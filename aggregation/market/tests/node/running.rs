//! A node that listens on a port of its own, with its state in a folder.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use velum_market::http::{Api, Serve, serve};
use velum_market::{Market, Options};
use velum_market_blobs::Blobs;
use velum_market_model::{Algorithm, SecretKey};

/// How long an answer may take before it counts as missing. This is longer than anything for which
/// the node sets a time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The operator's token.
pub const TOKEN: &str = "the operator's token";

/// A node that runs until it is dropped.
pub struct Node {
    pub market: Market,
    pub address: SocketAddr,
    pub instruments: SocketAddr,
    stop: CancellationToken,
    serving: Vec<JoinHandle<()>>,
    folder: TempDir,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Node {
    pub async fn start(options: Options) -> Self {
        Self::start_as(options, |api| api, (64, None)).await
    }

    /// A node whose API is changed first. It accepts this many connections at once, and this many
    /// from one address.
    pub async fn start_as(
        options: Options,
        change: impl FnOnce(Api) -> Api,
        (connections, of_one): (usize, Option<usize>),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let blobs = Blobs::open(&format!("file://{at}/blobs")).unwrap();
        let database = format!("sqlite://{at}/market.db");
        let market = Market::open(&database, blobs, key(0x33), options).await.unwrap();
        let api = change(Api::new(market.clone(), Some(TOKEN)));
        let stop = CancellationToken::new();
        let (mut serving, mut addresses) = (Vec::new(), Vec::new());
        for router in [api.clone().router(), api.instruments()] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            let (served, stop) = (Serve { listener, tls: None, connections, of_one }, stop.clone());
            serving.push(tokio::spawn(async move { serve(served, router, stop).await.unwrap() }));
        }
        Self { market, address: addresses[0], instruments: addresses[1], stop, serving, folder }
    }

    /// The URL of its database.
    pub fn database(&self) -> String {
        format!("sqlite://{}/market.db", self.folder.path().display())
    }

    /// Stops it in good order.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for serving in std::mem::take(&mut self.serving) {
            tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap();
        }
    }

    /// The answer to a request without a body.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"").await
    }

    /// The answer to a request with a JSON body.
    pub async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], body.as_ref()).await
    }

    /// The answer to a request on a connection of its own.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        ask(self.address, method, path, headers, body).await
    }

    /// What comes back for some bytes, until the node closes the connection.
    pub async fn send(&self, bytes: &[u8]) -> Vec<u8> {
        send(self.address, bytes).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

impl Answer {
    pub fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: bytes[end + 4..].to_vec() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The code of a problem. The answer has to be a problem in every part.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let json = self.json();
        assert_eq!(json["status"], self.status, "{json}");
        assert!(["title", "detail"].iter().all(|member| json[member].is_string()), "{json}");
        json["code"].as_str().unwrap().to_owned()
    }
}

pub async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        request += &format!("content-length: {}\r\n", body.len());
    }
    let bytes = [request.as_bytes(), b"\r\n", body].concat();
    Answer::read(&send(address, &bytes).await)
}

async fn send(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The node may have answered, and closed the connection, before it has read everything.
    let _ = stream.write_all(bytes).await;
    read_to_end(&mut stream).await
}

/// What comes until the node closes the connection.
pub async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = [0; 16 << 10];
    let read = async {
        // A connection that is reset has ended too.
        while let Ok(length @ 1..) = stream.read(&mut part).await {
            bytes.extend_from_slice(&part[..length]);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the node ends the connection");
    bytes
}

pub fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(Algorithm::Ed25519, &[byte; 32]).unwrap()
}
