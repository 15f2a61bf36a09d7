//! What a wallet keeps: entries of the pool of prepared proofs, and JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use futures_executor::block_on;
use velum_credentials::mint::Spec;
use velum_credentials::{Prepared, Purpose, Timestamp};
use velum_wallet::{
    Bounds, KeySealer, ProofPool, Sealer, SealerError, Store, StoreError, StoredEntry,
};
use zeroize::Zeroizing;

use crate::presentations::prepared;
use velum_fuzz_harness::Target;
use velum_fuzz_harness::inputs::{Form, join, split};

/// An entry of the pool whose content somebody changed, under its own name, and an entry with any
/// name. The sealer of the pool lets everything through, so that what lies behind it is reached. A
/// pool with a real sealer must refuse the same entry.
pub(crate) const POOL: Target = Target {
    name: "pool",
    form: Form::Cbor,
    seeds: || vec![join(&[NAME.as_bytes(), &prepared()])],
    replayed: 300,
    run: |input| {
        let Some([other_name, content]) = split::<2>(input) else { return };
        let other_name = String::from_utf8_lossy(&other_name).into_owned();
        let names = [NAME.clone(), other_name];

        let store = Arc::new(MemoryStore::with(&names, &content));
        let open = ProofPool::new(store.clone(), Arc::new(Unsealed), Bounds::default());
        let taken = block_on(open.take(&PURPOSE, now())).expect("this store does not fail");
        if let Some(prepared) = taken.prepared {
            assert_eq!(prepared.purpose(), *PURPOSE, "a proof is taken for its own purpose only");
        }
        block_on(open.count(&PURPOSE, now())).expect("this store does not fail");
        block_on(open.sweep(&[PURPOSE.document], now())).expect("this store does not fail");
        block_on(open.sweep(&[], now())).expect("this store does not fail");

        let store = Arc::new(MemoryStore::with(&names, &content));
        let sealed = ProofPool::new(store, Arc::new(KeySealer::new(&[7; 32])), Bounds::default());
        if let Ok(taken) = block_on(sealed.take(&PURPOSE, now())) {
            assert!(taken.prepared.is_none(), "an entry that the pool did not seal is taken");
        }
    },
};

/// Purposes, and what test documents are made from.
pub(crate) const JSON: Target = Target {
    name: "wallet_json",
    form: Form::Json,
    seeds: || {
        let spec = r#"{"doc_type": "org.iso.18013.5.1.mDL", "namespaces": {}}"#;
        vec![PURPOSE.to_json().to_string().into_bytes(), spec.into()]
    },
    replayed: 300,
    run: |input| {
        if let Ok(purpose) = Purpose::from_json(input) {
            let again = Purpose::from_json(purpose.to_json().to_string().as_bytes());
            assert_eq!(again, Ok(purpose), "what is written can be read");
        }
        if let Ok(text) = str::from_utf8(input) {
            Spec::from_json(text).ok();
        }
    },
};

static PURPOSE: LazyLock<Purpose> = LazyLock::new(|| {
    Prepared::from_bytes(&prepared()).expect("a prepared proof can be read").purpose()
});

/// The name that the pool gives to an entry of this purpose.
static NAME: LazyLock<String> = LazyLock::new(|| {
    let store = Arc::new(MemoryStore::default());
    let pool = ProofPool::new(store.clone(), Arc::new(Unsealed), Bounds::default());
    let prepared = Prepared::from_bytes(&prepared()).expect("a prepared proof can be read");
    assert!(block_on(pool.put(prepared, now())).is_ok(), "the pool has room");
    let entries = block_on(store.list()).expect("this store does not fail");
    entries[0].name.clone()
});

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().expect("a time")
}

#[derive(Default)]
struct MemoryStore(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryStore {
    /// A store with the same content under each name.
    fn with(names: &[String], content: &[u8]) -> Self {
        let entries = names.iter().map(|name| (name.clone(), content.to_vec())).collect();
        Self(Mutex::new(entries))
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().expect("nobody panicked with the lock")
    }
}

#[async_trait::async_trait]
impl Store for MemoryStore {
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
        let entry = |(name, content): (&String, &Vec<u8>)| StoredEntry {
            name: name.clone(),
            bytes: content.len() as u64,
        };
        Ok(self.entries().iter().map(entry).collect())
    }

    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        self.entries().insert(name.to_owned(), sealed.to_vec());
        Ok(())
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries().get(name).cloned())
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.entries().remove(name).is_some())
    }
}

/// A sealer that lets everything through.
struct Unsealed;

#[async_trait::async_trait]
impl Sealer for Unsealed {
    async fn seal(&self, plain: &[u8], _: &[u8]) -> Result<Vec<u8>, SealerError> {
        Ok(plain.to_vec())
    }

    async fn open(&self, sealed: &[u8], _: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealerError> {
        Ok(Zeroizing::new(sealed.to_vec()))
    }
}
