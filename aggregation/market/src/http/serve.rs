//! Connections: accepted, encrypted, limited in number and time, and ended in good order.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long the head of a request may take, and a handshake.
const HEAD: Duration = Duration::from_secs(10);

/// How long connections have to end when the node is told to.
const END: Duration = Duration::from_secs(30);

/// Where and how requests come.
pub struct Serve {
    /// Where.
    pub listener: TcpListener,
    /// With which certificate; without any, where something before the node has it.
    pub tls: Option<Tls>,
    /// The most connections at once.
    pub connections: usize,
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
    /// [`TlsError`].
    pub fn read(chain: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let wrong =
            |path: &PathBuf, error: &dyn ToString| TlsError { path: path.clone(), why: error.to_string() };
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

/// Answers requests until told to stop, and then those that have begun.
///
/// # Errors
/// Where the listener is broken.
pub async fn serve(serve: Serve, router: Router, stop: CancellationToken) -> io::Result<()> {
    let Serve { listener, tls, connections } = serve;
    let acceptor = tls.map(|Tls(config)| TlsAcceptor::from(config));
    let places = Arc::new(Semaphore::new(connections));
    let graceful = Arc::new(GracefulShutdown::new());
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Such as no more file descriptors: others are given back in a while.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let (router, acceptor, watcher) = (router.clone(), acceptor.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            let Some(acceptor) = acceptor else {
                return converse(stream, router, watcher).await;
            };
            match tokio::time::timeout(HEAD, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => converse(stream, router, watcher).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no handshake"),
                Err(_) => tracing::debug!(%peer, "a handshake took too long"),
            }
        });
    }
    drop(listener);
    if let Some(graceful) = Arc::into_inner(graceful) {
        let _ = tokio::time::timeout(END, graceful.shutdown()).await;
    }
    Ok(())
}

async fn converse<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD).max_concurrent_streams(64);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "a connection broke");
    }
}
