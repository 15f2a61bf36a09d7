//! Blobs in a folder.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use velum_market_blobs::{BlobError, Blobs, MOST_BYTES};
use velum_market_model::Hash;

fn open(folder: &Path) -> Blobs {
    Blobs::open(&format!("file://{}", folder.display())).unwrap()
}

/// The path of a blob's file.
fn file(folder: &Path, hash: Hash) -> PathBuf {
    let name = hash.to_string();
    folder.join("blobs").join(&name[..2]).join(name)
}

#[tokio::test]
async fn what_is_put_is_there_under_its_hash_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(&folder.path().join("made when it is opened"));
    let bytes = Bytes::from_static(b"a proof");
    let hash = blobs.put(bytes.clone()).await.unwrap();
    assert_eq!(hash, Hash::of(&[b"a proof"]));
    assert_eq!(blobs.put(bytes.clone()).await.unwrap(), hash);
    assert_eq!(blobs.get(hash).await.unwrap(), bytes);
    assert!(blobs.has(hash).await.unwrap());
    blobs.remove(hash).await.unwrap();
    blobs.remove(hash).await.unwrap();
    assert!(!blobs.has(hash).await.unwrap());
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Missing(missing)) if missing == hash));
}

#[tokio::test]
async fn another_content_is_never_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let hash = blobs.put(Bytes::from_static(b"a proof")).await.unwrap();
    for other in [&b"another"[..], b"", b"a proo"] {
        std::fs::write(file(folder.path(), hash), other).unwrap();
        assert!(
            matches!(blobs.get(hash).await, Err(BlobError::Corrupt(damaged)) if damaged == hash)
        );
    }
    blobs.put(Bytes::from_static(b"a proof")).await.unwrap();
    assert_eq!(blobs.get(hash).await.unwrap(), "a proof");

    std::fs::File::options()
        .write(true)
        .open(file(folder.path(), hash))
        .unwrap()
        .set_len(MOST_BYTES + 1)
        .unwrap();
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Corrupt(_))));
}

#[tokio::test]
async fn blobs_are_listed_with_when_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    assert_eq!(blobs.list().count().await, 0);
    let mut put = Vec::new();
    for number in 0..50_u8 {
        put.push(blobs.put(Bytes::from(vec![number])).await.unwrap());
        blobs.put_named("results", Hash([number; 32]), Bytes::new()).await.unwrap();
    }
    // These are files that a killed writer leaves, and that an operator creates.
    std::fs::write(file(folder.path(), put[0]).with_extension("part#1"), "half").unwrap();
    std::fs::write(folder.path().join("blobs/README"), "text").unwrap();
    let listed: Vec<_> = blobs.list().try_collect().await.unwrap();
    let mut names: Vec<_> = listed.iter().map(|(hash, _)| *hash).collect();
    names.sort();
    put.sort();
    assert_eq!(names, put);
    assert!(listed.iter().all(|(_, written)| written.get() > 1_700_000_000_000));
}

#[tokio::test]
async fn named_ones_are_replaced_and_no_contents() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let name = Hash([1; 32]);
    assert_eq!(blobs.get_named("results", name).await.unwrap(), None);
    for bytes in ["first", "second"] {
        blobs.put_named("results", name, Bytes::from(bytes)).await.unwrap();
        assert_eq!(blobs.get_named("results", name).await.unwrap().unwrap(), bytes);
    }
    assert_eq!(blobs.get_named("others", name).await.unwrap(), None);
    assert!(!blobs.has(name).await.unwrap());
    blobs.remove_named("results", name).await.unwrap();
    blobs.remove_named("results", name).await.unwrap();
    assert_eq!(blobs.get_named("results", name).await.unwrap(), None);
}

/// Readers see all of a blob or none of it, however many writers put and remove it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_reads_half() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let bytes = Bytes::from(vec![7; 1 << 20]);
    let hash = Hash::of(&[&bytes]);
    let writer = |blobs: Blobs, bytes: Bytes| async move {
        for _ in 0..20 {
            blobs.put(bytes.clone()).await.unwrap();
            blobs.remove(hash).await.unwrap();
        }
    };
    let writers: Vec<_> =
        (0..3).map(|_| tokio::spawn(writer(blobs.clone(), bytes.clone()))).collect();
    let mut reads = [0, 0];
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        match blobs.get(hash).await {
            Ok(_) => reads[0] += 1,
            Err(BlobError::Missing(_)) => reads[1] += 1,
            Err(error) => panic!("{error}"),
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(reads[0] + reads[1] > 0);
}

#[tokio::test]
async fn too_long_is_refused_before_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = Bytes::from(vec![0; usize::try_from(MOST_BYTES).unwrap() + 1]);
    let refused = open(folder.path()).put(bytes).await;
    assert!(matches!(refused, Err(BlobError::TooLong { length }) if length == MOST_BYTES + 1));
    assert!(!folder.path().join("blobs").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error =
        Blobs::open(&format!("file://{}", folder.path().join("file").display())).unwrap_err();
    assert!(!error.may_pass(), "{error}");
}
