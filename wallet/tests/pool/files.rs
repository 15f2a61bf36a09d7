//! Tests of the store in a folder.

use velum_credentials::block_on;
use velum_wallet::{FileStore, PoolError, Store, StoreError};

use crate::{entries, now, pool_in, pool_over, proof, put, refused_and_returned, take};

#[test]
fn a_folder_is_made_for_its_owner_and_marked_for_backups() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    put(&pool_in(&folder), 1);
    let tag = std::fs::read(folder.join("CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with(b"Signature: 8a477f597d28d172789f06886806bc55\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&entries(&folder)[0]), 0o600);
    }
    // The folder is opened a second time, and the tag keeps what it says by now.
    std::fs::write(folder.join("CACHEDIR.TAG"), "mine").unwrap();
    assert!(take(&pool_in(&folder)).prepared.is_some());
    assert_eq!(std::fs::read(folder.join("CACHEDIR.TAG")).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    // A tag that a crash left empty is written again.
    std::fs::write(folder.join("CACHEDIR.TAG"), "").unwrap();
    pool_in(&folder);
    assert_eq!(std::fs::read(folder.join("CACHEDIR.TAG")).unwrap(), tag);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn an_entry_is_never_written_over_and_removed_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    block_on(store.put("name-1", b"first")).unwrap();
    assert!(matches!(block_on(store.put("name-1", b"second")), Err(StoreError::Failed { .. })));
    assert_eq!(block_on(store.read("name-1")).unwrap().unwrap(), b"first");
    assert_eq!(block_on(store.list()).unwrap().len(), 1);
    assert_eq!(block_on(store.remove("name-1")), Ok(true));
    assert_eq!(block_on(store.remove("name-1")), Ok(false));
    assert_eq!(block_on(store.read("name-1")), Ok(None));
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let most = velum_credentials::limits::PRESENTATION_BYTES + 4_096;
    let long = vec![1; most + 1];
    let error = block_on(store.put("long", &long)).unwrap_err();
    assert!(
        matches!(&error, StoreError::TooLong { bytes, most: limit, .. } if (*bytes, *limit) == (most + 1, most))
    );
    assert_eq!(error.place(), folder.path().join("long.sealed").display().to_string());
    assert!(entries(folder.path()).is_empty());
    block_on(store.put("longest", &long[..most])).unwrap();
    assert_eq!(block_on(store.read("longest")).unwrap().unwrap().len(), most);
}

/// The entry is emptied so that neither a crash nor another name of the file brings it back.
#[test]
fn an_entry_is_emptied_before_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    block_on(store.put("name-1", b"sealed")).unwrap();
    let link = folder.path().join("link");
    std::fs::hard_link(&entries(folder.path())[0], &link).unwrap();
    assert_eq!(block_on(store.remove("name-1")), Ok(true));
    assert_eq!(std::fs::read(&link).unwrap(), b"");
    std::fs::remove_file(&link).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the tag alone is left");
}

#[test]
fn names_lead_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside.sealed");
    std::fs::write(&outside, "there").unwrap();
    let store = FileStore::open(folder.path().join("pool")).unwrap();
    for name in ["../outside", "", "a/b", "A", "a.b", &"a".repeat(201)] {
        assert!(matches!(block_on(store.remove(name)), Err(StoreError::Failed { .. })), "{name}");
        assert!(
            block_on(store.read(name)).is_err() && block_on(store.put(name, b"")).is_err(),
            "{name}"
        );
    }
    assert!(outside.exists());
}

#[test]
fn errors_name_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let error = FileStore::open(&file).unwrap_err();
    assert_eq!(error.place(), file.display().to_string());

    let gone = folder.path().join("gone");
    let pool = pool_over(std::sync::Arc::new(FileStore::open(&gone).unwrap()));
    std::fs::remove_dir_all(&gone).unwrap();
    let error = refused_and_returned(block_on(pool.put(proof(), now())));
    assert!(
        matches!(&error, PoolError::Store(StoreError::Failed { place, .. }) if *place == gone.display().to_string())
    );
    assert_eq!(error.code(), "store_failed");
}

#[test]
fn a_folder_in_place_of_an_entry_is_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    std::fs::create_dir(folder.path().join("name.sealed")).unwrap();
    assert!(block_on(store.list()).unwrap().is_empty());
    assert!(matches!(block_on(store.read("name")), Err(StoreError::Failed { .. })));
}
