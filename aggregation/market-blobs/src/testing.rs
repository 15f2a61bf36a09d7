//! A bucket for one test, on an S3 server in the process of the test. The server is s3s-fs, which
//! keeps blobs as files. It can be offline, slow, or failing.

use std::path::PathBuf;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use object_store::aws::AmazonS3Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use crate::Blobs;
use crate::open::bucket;

const NAME: &str = "bucket";
const KEY: &str = "market";
const SECRET: &str = "a secret of some length";

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Correctly.
    Well,
    /// Not at all. Connections break, and new ones are refused.
    Never,
    /// Correctly, after this delay.
    Late(Duration),
    /// With this HTTP status, whatever the request is.
    With(u16),
}

/// A bucket. Its server listens until this value is dropped, or the runtime ends.
pub struct Bucket {
    folder: TempDir,
    address: String,
    answers: watch::Sender<Answers>,
}

impl Bucket {
    /// Starts a server with an empty bucket at an address, such as `127.0.0.1:0`.
    ///
    /// # Panics
    /// Panics if the server cannot be started, because a test that needs it has then failed.
    pub async fn start(address: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("velum-bucket-")
            .tempdir()
            .expect("a folder can be made");
        std::fs::create_dir(folder.path().join(NAME)).expect("the folder can be written");
        let files = s3s_fs::FileSystem::new(folder.path()).expect("the folder can be read");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let listener = TcpListener::bind(address).await.expect("the address is free");
        let address = listener.local_addr().expect("it listens").to_string();
        let (answers, watched) = watch::channel(Answers::Well);
        tokio::spawn(serve(service.build(), listener, address.clone(), watched));
        Self { folder, address, answers }
    }

    /// Changes how the server answers from now on.
    pub fn set(&self, answers: Answers) {
        self.answers.send_replace(answers);
    }

    /// The URL of a prefix. Programs open it with [`Self::variables`] in their environment.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        format!("s3://{NAME}/{prefix}")
    }

    /// The environment variables for endpoint and credentials.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT", self.endpoint()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The store under a prefix, opened in this process.
    ///
    /// # Panics
    /// Panics if the prefix is not valid.
    #[must_use]
    pub fn open(&self, prefix: &str) -> Blobs {
        self.open_as(prefix, SECRET)
    }

    /// The same store, opened with another secret.
    ///
    /// # Panics
    /// Panics if the prefix is not valid.
    #[must_use]
    pub fn open_as(&self, prefix: &str, secret: &str) -> Blobs {
        let builder = AmazonS3Builder::new()
            .with_endpoint(self.endpoint())
            .with_allow_http(true)
            .with_access_key_id(KEY)
            .with_secret_access_key(secret);
        let url = Url::parse(&self.url(prefix)).expect("a prefix");
        Blobs { store: bucket(&url, builder).expect("a bucket") }
    }

    /// The folder in which the server keeps the blobs of a prefix.
    #[must_use]
    pub fn folder(&self, prefix: &str) -> PathBuf {
        self.folder.path().join(NAME).join(prefix)
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Listens while the server may be asked, until its [`Bucket`] is dropped.
async fn serve(
    service: S3Service,
    mut listener: TcpListener,
    address: String,
    mut answers: watch::Receiver<Answers>,
) {
    loop {
        let mut away = answers.clone();
        let accept = async {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(service.clone(), stream, answers.clone()));
            }
        };
        tokio::select! {
            () = accept => return,
            gone = away.wait_for(|answers| *answers == Answers::Never) => if gone.is_err() { return },
        }
        // New connections are refused from now on.
        drop(listener);
        if answers.wait_for(|answers| *answers != Answers::Never).await.is_err() {
            return;
        }
        listener = TcpListener::bind(&address).await.expect("the address is still free");
    }
}

async fn connection(service: S3Service, stream: TcpStream, answers: watch::Receiver<Answers>) {
    let mut away = answers.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (service, answers) = (service.clone(), *answers.borrow());
        async move {
            match answers {
                Answers::With(status) => {
                    let answer = Response::builder().status(status).body(Body::empty());
                    return answer.map_err(|error| HttpError::new(Box::new(error)));
                }
                Answers::Late(time) => tokio::time::sleep(time).await,
                Answers::Well | Answers::Never => (),
            }
            service.call(request.map(Body::from)).await
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    tokio::select! {
        // A client that disconnects is not a failure of the server.
        _ = builder.serve_connection(TokioIo::new(stream), service) => (),
        _ = away.wait_for(|answers| *answers == Answers::Never) => (),
    }
}
