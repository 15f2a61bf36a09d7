//! Blobs in a bucket.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use velum_market_blobs::BlobError;
use velum_market_blobs::testing::{Answers, Bucket};
use velum_market_model::Hash;

const ADDRESS: &str = "127.0.0.1:0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_keeps_blobs_as_a_folder_does() {
    let bucket = Bucket::start(ADDRESS).await;
    let blobs = bucket.open("a/prefix");
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

    // This is where the server keeps the bytes.
    let name = hash.to_string();
    std::fs::write(bucket.folder("a/prefix/blobs").join(&name[..2]).join(&name), "another")
        .unwrap();
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Corrupt(named)) if named == hash));
    blobs.remove(hash).await.unwrap();
    blobs.remove(hash).await.unwrap();
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Missing(named)) if named == hash));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_does_not_answer_is_told_from_one_that_refuses() {
    let bucket = Bucket::start(ADDRESS).await;
    let refused = bucket.open_as("", "another secret").get(Hash::default()).await.unwrap_err();
    assert!(!refused.may_pass(), "{refused}");
    let blobs = bucket.open("");
    let hash = blobs.put(Bytes::from_static(b"a proof")).await.unwrap();
    for answers in [Answers::Never, Answers::With(500), Answers::With(503)] {
        bucket.set(answers);
        let away = blobs.get(hash).await.unwrap_err();
        assert!(away.may_pass(), "{answers:?}: {away}");
        let away = blobs.put(Bytes::from_static(b"another")).await.unwrap_err();
        assert!(away.may_pass(), "{answers:?}: {away}");
        assert!(blobs.remove(hash).await.is_err(), "{answers:?}");
    }
    bucket.set(Answers::Well);
    assert_eq!(blobs.get(hash).await.unwrap(), Bytes::from_static(b"a proof"));
    bucket.set(Answers::Late(Duration::from_millis(300)));
    assert!(blobs.has(hash).await.unwrap());
}
