//! Opens a store by its URL.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use url::Url;

use crate::BlobError;

const SCHEMES: &str = "write file:// and an absolute path, or s3:// with bucket and prefix";

/// The store at a URL.
pub(crate) fn open(text: &str) -> Result<Arc<dyn ObjectStore>, BlobError> {
    let url = Url::parse(text)
        .map_err(|_| BlobError::Url { url: "the given text".to_owned(), why: SCHEMES })?;
    match url.scheme() {
        "file" => folder(&url),
        #[cfg(feature = "aws")]
        "s3" => bucket(&url, object_store::aws::AmazonS3Builder::from_env()),
        #[cfg(not(feature = "aws"))]
        "s3" => {
            Err(wrong(&url, "this program was built without S3; build it with the feature `aws`"))
        }
        _ => Err(wrong(&url, SCHEMES)),
    }
}

/// The error for a wrong URL. It does not show user and password, which the URL may contain.
fn wrong(url: &Url, why: &'static str) -> BlobError {
    let shown = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    BlobError::Url { url: shown, why }
}

/// A folder. Files are synced to the disk before a write returns.
fn folder(url: &Url) -> Result<Arc<dyn ObjectStore>, BlobError> {
    let path = url.to_file_path().map_err(|()| wrong(url, SCHEMES))?;
    std::fs::create_dir_all(&path).map_err(|error| object_store::Error::Generic {
        store: "folder",
        source: Box::new(error),
    })?;
    Ok(Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true)))
}

/// The store under a prefix of a bucket.
#[cfg(feature = "aws")]
pub(crate) fn bucket(
    url: &Url,
    builder: object_store::aws::AmazonS3Builder,
) -> Result<Arc<dyn ObjectStore>, BlobError> {
    use object_store::{RetryConfig, path::Path, prefix::PrefixStore};

    let name = url.host_str().filter(|_| url.username().is_empty() && url.query().is_none());
    let name = name.ok_or_else(|| {
        wrong(url, "write s3://bucket/prefix, and put credentials into the environment")
    })?;
    let prefix =
        Path::from_url_path(url.path()).map_err(|_| wrong(url, "the prefix has to be a path"))?;
    // If this process has installed another provider before, that one works as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The caller knows how long it can wait, and tries again itself.
    let retry = RetryConfig { max_retries: 2, ..RetryConfig::default() };
    let store = builder.with_bucket_name(name).with_retry(retry).build()?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_urls_are_refused_without_their_passwords() {
        for url in [
            "https://me:secret@host/folder",
            "secret",
            "file://host/secret",
            "s3://me:secret@bucket/prefix",
        ] {
            let shown = open(url).expect_err("it is refused").to_string();
            assert!(url.starts_with("file") || !shown.contains("secret"), "{shown}");
        }
    }
}
