//! Stores that fail and sealers that refuse lead to typed errors, and no unused proof is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use velum_credentials::block_on;
use velum_wallet::{
    Bounds, KeySealer, PoolError, ProofPool, Sealer, SealerError, Store, StoreError, StoredEntry,
    json,
};
use zeroize::Zeroizing;

use crate::{
    KEY, count, now, pool_over, proof, purpose, put, question, refused_and_returned, take,
};

/// A store in memory. One of its operations can be made to fail.
#[derive(Default)]
struct Memory {
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
    failing: Mutex<Option<Operation>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    List,
    Put,
    Read,
    Remove,
}

impl Memory {
    fn attempt(&self, operation: Operation) -> Result<(), StoreError> {
        if *self.failing.lock().unwrap() != Some(operation) {
            return Ok(());
        }
        let (place, message) = ("memory".to_owned(), format!("{operation:?}"));
        Err(match operation {
            Operation::Put => StoreError::Full { place, message },
            _ => StoreError::Failed { place, message },
        })
    }

    fn fail(&self, operation: Option<Operation>) {
        *self.failing.lock().unwrap() = operation;
    }

    fn names(&self) -> Vec<String> {
        self.entries.lock().unwrap().keys().cloned().collect()
    }
}

#[async_trait::async_trait]
impl Store for Memory {
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
        self.attempt(Operation::List)?;
        let entry = |(name, bytes): (&String, &Vec<u8>)| StoredEntry {
            name: name.clone(),
            bytes: bytes.len() as u64,
        };
        Ok(self.entries.lock().unwrap().iter().map(entry).collect())
    }

    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        self.attempt(Operation::Put)?;
        self.entries.lock().unwrap().insert(name.to_owned(), sealed.to_vec());
        Ok(())
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.attempt(Operation::Read)?;
        Ok(self.entries.lock().unwrap().get(name).cloned())
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        self.attempt(Operation::Remove)?;
        Ok(self.entries.lock().unwrap().remove(name).is_some())
    }
}

/// A key that asks its holder, who can be made to cancel.
struct Asking {
    key: KeySealer,
    cancelled: Mutex<bool>,
}

impl Asking {
    fn ask(&self) -> Result<(), SealerError> {
        match *self.cancelled.lock().unwrap() {
            true => Err(cancelled()),
            false => Ok(()),
        }
    }
}

fn cancelled() -> SealerError {
    SealerError::Refused { message: "the holder cancelled".to_owned() }
}

#[async_trait::async_trait]
impl Sealer for Asking {
    async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError> {
        self.ask()?;
        self.key.seal(plain, associated).await
    }

    async fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealerError> {
        self.ask()?;
        self.key.open(sealed, associated).await
    }
}

/// Runs every operation of the pool over a store, while each operation of the store fails in turn.
#[test]
fn a_store_that_fails_is_told_of_and_hands_nothing_out() {
    let memory = Arc::new(Memory::default());
    let pool = pool_over(memory.clone());
    let purpose = purpose(&question());
    for operation in [Operation::List, Operation::Put, Operation::Read, Operation::Remove] {
        put(&pool, 2);
        let before = memory.names();
        memory.fail(Some(operation));
        let outcomes = [
            (
                block_on(pool.put(proof(), now())).err().map(|failed| failed.error),
                vec![Operation::List, Operation::Put],
            ),
            (
                block_on(pool.take(&purpose, now())).err(),
                vec![Operation::List, Operation::Read, Operation::Remove],
            ),
            (block_on(pool.count(&purpose, now())).err(), vec![Operation::List]),
            (block_on(pool.sweep(&[], now())).err(), vec![Operation::List, Operation::Remove]),
            (block_on(pool.clear()).err(), vec![Operation::List, Operation::Remove]),
        ];
        for (index, (error, needed)) in outcomes.into_iter().enumerate() {
            let failed =
                matches!(&error, Some(PoolError::Store(error)) if error.place() == "memory");
            assert_eq!(failed, needed.contains(&operation), "{operation:?} {index}: {error:?}");
        }
        // If listing or removing fails, no entry is gone. In the other cases `sweep` and `clear`
        // have removed entries, as they were asked to.
        if matches!(operation, Operation::List | Operation::Remove) {
            assert!(before.iter().all(|name| memory.names().contains(name)), "{operation:?}");
        }
        memory.fail(None);
        block_on(pool.clear()).unwrap();
    }
}

#[test]
fn a_full_store_has_its_own_code() {
    let memory = Arc::new(Memory::default());
    memory.fail(Some(Operation::Put));
    let error = refused_and_returned(block_on(pool_over(memory).put(proof(), now())));
    assert_eq!((error.code(), error.place()), ("store_full", "memory"));
    let json = json::pool_error(&error);
    assert_eq!(json["code"], "store_full");
    assert_eq!(json["where"], "memory");
    assert_eq!(json["message"], "memory: Put; free some space");
}

#[test]
fn a_holder_who_cancels_loses_nothing() {
    let memory = Arc::new(Memory::default());
    let asking = Arc::new(Asking { key: KeySealer::new(&KEY), cancelled: Mutex::new(false) });
    let pool = ProofPool::new(memory.clone(), asking.clone(), Bounds::default());
    put(&pool, 2);
    let before = memory.names();

    *asking.cancelled.lock().unwrap() = true;
    let refused = block_on(pool.take(&purpose(&question()), now())).map(drop);
    assert_eq!(refused, Err(PoolError::Sealer(cancelled())));
    assert_eq!(
        refused_and_returned(block_on(pool.put(proof(), now()))),
        PoolError::Sealer(cancelled())
    );
    let failed = block_on(pool.fill(&purpose(&question()), 3, now(), async || Ok(proof())))
        .map(drop)
        .unwrap_err();
    assert_eq!(failed.prepared.unwrap().to_bytes(), proof().to_bytes());
    assert_eq!(memory.names(), before);

    *asking.cancelled.lock().unwrap() = false;
    assert!(take(&pool).prepared.is_some());
    assert_eq!(count(&pool), 1);
}

/// Examples are a folder that cannot be synced, and a transaction whose outcome does not arrive.
#[test]
fn a_store_that_fails_after_all_was_done_does_not_let_a_proof_be_used_twice() {
    struct Late {
        memory: Arc<Memory>,
    }

    #[async_trait::async_trait]
    impl Store for Late {
        async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
            self.memory.list().await
        }

        async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
            self.memory.put(name, sealed).await?;
            Err(StoreError::Failed { place: "memory".to_owned(), message: "too late".to_owned() })
        }

        async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
            self.memory.read(name).await
        }

        async fn remove(&self, name: &str) -> Result<bool, StoreError> {
            self.memory.remove(name).await
        }
    }

    let memory = Arc::new(Memory::default());
    let pool = pool_over(Arc::new(Late { memory: memory.clone() }));
    // The proof comes back, and is no longer in the pool.
    assert_eq!(refused_and_returned(block_on(pool.put(proof(), now()))).code(), "store_failed");
    assert!(memory.names().is_empty());

    // The proof may be in the pool, so it does not come back.
    memory.fail(Some(Operation::Remove));
    let failed = block_on(pool.put(proof(), now())).unwrap_err();
    assert!(failed.prepared.is_none());
    assert_eq!(failed.to_string(), "memory: too late");
    assert!(!format!("{failed:?}").contains("prepared"));
    assert_eq!(memory.names().len(), 1);
}

/// The store does not return `true` to the second caller that removes an entry. The pool then does
/// not hand out the proof.
#[test]
fn a_proof_that_someone_else_removes_meanwhile_is_not_handed_out() {
    struct Racing {
        memory: Arc<Memory>,
        key: KeySealer,
    }

    #[async_trait::async_trait]
    impl Sealer for Racing {
        async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError> {
            self.key.seal(plain, associated).await
        }

        async fn open(
            &self,
            sealed: &[u8],
            associated: &[u8],
        ) -> Result<Zeroizing<Vec<u8>>, SealerError> {
            self.memory.entries.lock().unwrap().clear();
            self.key.open(sealed, associated).await
        }
    }

    let memory = Arc::new(Memory::default());
    let racing = Racing { memory: memory.clone(), key: KeySealer::new(&KEY) };
    let pool = ProofPool::new(memory, Arc::new(racing), Bounds::default());
    put(&pool, 2);
    let taken = take(&pool);
    assert!(taken.prepared.is_none() && taken.dropped.is_empty());
}
