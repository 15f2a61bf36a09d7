//! A bucket of a server that speaks S3, in this process: s3s-fs, whose blobs are files.

use bytes::Bytes;
use futures_util::TryStreamExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use object_store::aws::AmazonS3Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use velum_market_model::Hash;

use super::*;
use crate::{BlobError, Blobs};

const KEY: &str = "market";
const SECRET: &str = "a secret of some length";

/// Serves the folder, whose folders are buckets, until the runtime ends.
async fn serve(folder: &std::path::Path) -> String {
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                // A client that goes away is no fault of the server.
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    format!("http://{address}")
}

fn open_bucket(endpoint: &str, secret: &str) -> Blobs {
    let builder = AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_allow_http(true)
        .with_access_key_id(KEY)
        .with_secret_access_key(secret);
    let url = Url::parse("s3://bucket/a/prefix").unwrap();
    Blobs { store: bucket(&url, builder).unwrap() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_keeps_blobs_as_a_folder_does() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bucket")).unwrap();
    let endpoint = serve(folder.path()).await;
    let blobs = open_bucket(&endpoint, SECRET);
    let bytes = Bytes::from_static(b"a proof");
    let hash = blobs.put(bytes.clone()).await.unwrap();
    assert_eq!(blobs.put(bytes.clone()).await.unwrap(), hash);
    assert_eq!(blobs.get(hash).await.unwrap(), bytes);
    assert!(blobs.has(hash).await.unwrap() && !blobs.has(Hash::default()).await.unwrap());
    let listed: Vec<_> = blobs.list().try_collect().await.unwrap();
    assert_eq!(listed.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), [hash]);
    assert!(listed[0].1.get() > 1_700_000_000_000);

    blobs.put_named("results", Hash::default(), bytes.clone()).await.unwrap();
    assert_eq!(blobs.get_named("results", Hash::default()).await.unwrap(), Some(bytes));
    blobs.remove_named("results", Hash::default()).await.unwrap();
    assert_eq!(blobs.get_named("results", Hash::default()).await.unwrap(), None);

    // Where this server keeps the bytes.
    let name = hash.to_string();
    let file = folder.path().join("bucket/a/prefix/blobs").join(&name[..2]).join(&name);
    std::fs::write(file, "another").unwrap();
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Corrupt(named)) if named == hash));
    blobs.remove(hash).await.unwrap();
    blobs.remove(hash).await.unwrap();
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Missing(named)) if named == hash));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_does_not_answer_is_told_from_one_that_refuses() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bucket")).unwrap();
    let endpoint = serve(folder.path()).await;
    let refused = open_bucket(&endpoint, "another secret").get(Hash::default()).await.unwrap_err();
    assert!(!refused.may_pass(), "{refused}");
    let away = open_bucket("http://127.0.0.1:1", SECRET).get(Hash::default()).await.unwrap_err();
    assert!(away.may_pass(), "{away}");
}
