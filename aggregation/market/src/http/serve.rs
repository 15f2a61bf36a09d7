//! Connections: they are accepted, encrypted, limited in number and time, and ended in good order.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::connections::{Activity, Places};
use super::parts::Peer;

/// How long the head of a request may take, and a handshake.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection without requests is kept after its last request.
const IDLE: Duration = Duration::from_secs(60);

/// How long a client may take no byte of an answer.
const WRITE: Duration = Duration::from_secs(30);

/// The age from which a connection is ended as soon as nothing is asked on it. After [`END`] more,
/// it is ended whatever is asked on it.
const AGE: Duration = Duration::from_secs(60 * 60);

/// The most bytes of the names and values in a request's head, over HTTP/2.
const HEAD_BYTES: u32 = 16 << 10;

/// The most requests at once on one connection.
const STREAMS: u32 = 64;

/// How long connections may take to end when the node is told to end.
const END: Duration = Duration::from_secs(30);

/// Where and how requests come in.
pub struct Serve {
    /// The listener.
    pub listener: TcpListener,
    /// The certificate. `None` if something in front of the node has it.
    pub tls: Option<Tls>,
    /// The most connections at once.
    pub connections: usize,
    /// The most connections from one address. `None` if something in front of the node makes all
    /// connections.
    pub of_one: Option<usize>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
#[error("{}: {why}; give a certificate chain and its private key, both in PEM", path.display())]
pub struct TlsError {
    path: PathBuf,
    why: String,
}

impl Tls {
    /// Reads a certificate chain and its private key, both in PEM.
    ///
    /// # Errors
    /// Returns [`TlsError`].
    pub fn read(chain: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let wrong = |path: &PathBuf, error: &dyn ToString| TlsError {
            path: path.clone(),
            why: error.to_string(),
        };
        let certificates = CertificateDer::pem_file_iter(&chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(&chain, &error))?;
        let secret = PrivateKeyDer::from_pem_file(&key).map_err(|error| wrong(&key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&chain, &error))?
            .with_no_client_auth()
            .with_single_cert(certificates, secret);
        let mut config = config.map_err(|error| wrong(&chain, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

/// Answers requests until told to stop. Requests that have begun by then are still answered.
///
/// # Errors
/// Returns an error if the listener is broken.
pub async fn serve(serve: Serve, router: Router, stop: CancellationToken) -> io::Result<()> {
    let Serve { listener, tls, connections, of_one } = serve;
    let acceptor = tls.map(|Tls(config)| TlsAcceptor::from(config));
    let (free, places) =
        (Arc::new(Semaphore::new(connections)), Places::new(of_one.unwrap_or(connections)));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = free.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => match next {
                (Ok(place), Ok((stream, peer))) => (place, stream, peer.ip().to_canonical()),
                (Err(_), _) => break,
                (_, Err(error)) => {
                    // For example, no file descriptors are left. Others are given back after a
                    // while.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let Some(of_peer) = places.take(peer) else {
            tracing::debug!(%peer, "the address has as many connections as it may have");
            continue;
        };
        let (router, acceptor, watcher) = (router.clone(), acceptor.clone(), graceful.watcher());
        tokio::spawn(async move {
            // Dropped in this order. Whoever is let in for the place must not find its address's still taken, and be sent away.
            let _places = (of_peer, place);
            let Some(acceptor) = acceptor else {
                return converse(stream, peer, router, watcher).await;
            };
            match tokio::time::timeout(HEAD, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => converse(stream, peer, router, watcher).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(END, graceful.shutdown()).await;
    Ok(())
}

async fn converse<S>(stream: S, peer: IpAddr, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD)
        .keep_alive_timeout(HEAD)
        .max_header_list_size(HEAD_BYTES)
        .max_concurrent_streams(STREAMS);
    let activity = Activity::default();
    let service = {
        let activity = activity.clone();
        service_fn(move |request: Request<Incoming>| {
            let (request, router) = (request.map(Body::new), router.clone());
            answer(request, peer, router, activity.clone())
        })
    };
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).into_owned();
    let connection = pin!(watcher.watch(connection));
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%peer, error, "a connection broke");
        },
        () = wasted(&activity) => tracing::debug!(%peer, "an idle connection was closed"),
    }
}

/// Ends when a connection was kept for long enough without a request. This is needed because the
/// detection of the HTTP version waits for ever, and so does HTTP/2 for requests.
async fn wasted(activity: &Activity) {
    let begun = Instant::now();
    loop {
        let until = match activity.quiet_since() {
            // No request has come yet.
            None if !activity.was_asked() => begun + HEAD,
            None => begun + AGE + END,
            Some(since) => (since + IDLE).min((begun + AGE).max(since)),
        };
        if until <= Instant::now() {
            return;
        }
        // What changes in the meantime is seen after the sleep.
        tokio::time::sleep_until(until.min(Instant::now() + HEAD)).await;
    }
}

async fn answer(
    mut request: Request<Body>,
    peer: IpAddr,
    router: Router,
    activity: Activity,
) -> Result<axum::http::Response<Body>, Infallible> {
    let asked = activity.begin();
    request.extensions_mut().insert(Peer(peer));
    let answer = router.oneshot(request).await?;
    // A request is being answered until its body has gone, or whoever asked has gone.
    Ok(answer.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _asked = &asked;
            frame
        }))
    }))
}
