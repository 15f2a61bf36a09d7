//! Prepared proofs that are kept in a folder until a verifier asks.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use velum_credentials::{
    self as credentials, DeviceResponse, Prepared, ProofKind, Purpose, block_on,
};
use velum_wallet::{Bounds, Dropped, FileStore, KeySealer, PoolError, Question, Why};
use zeroize::Zeroizing;

use crate::error::{ErrorCode, VelumError};
use crate::executor::Executor;
use crate::facts::{SizeClass, Suite, timestamp};
use crate::memory::Memory;
use crate::sealer::{ForeignSealer, Sealer};
use crate::signer::DeviceSigner;
use crate::wallet::{CHECKS, PresentOptions, Wallet, core_suite, prepared, presented, session};
use crate::watch::{Cancellation, ProgressListener, Watch};

/// What a pool holds, and how much it may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct PoolOptions {
    /// The suite of the pool's proofs. The default is `direct`.
    #[uniffi(default = None)]
    pub suite: Option<Suite>,
    /// The size class of the pool's proofs. The default is the smallest class that fits.
    #[uniffi(default = None)]
    pub size_class: Option<SizeClass>,
    /// The maximum number of proofs. The default is 32.
    #[uniffi(default = None)]
    pub entries: Option<u32>,
    /// The maximum number of bytes. The default is 32 MiB. A proof takes about 0.3 MiB.
    #[uniffi(default = None)]
    pub bytes: Option<u64>,
    /// The maximum age of a proof. The default is 30 days.
    #[uniffi(default = None)]
    pub age: Option<Duration>,
}

/// How to fill a pool.
#[derive(Clone, Default, uniffi::Record)]
pub struct FillOptions {
    /// How much memory to use. The default is normal.
    #[uniffi(default = None)]
    pub memory: Option<Memory>,
    /// The bytes that the app may use on top of what it uses already, as
    /// `os_proc_available_memory()` or `ActivityManager` reports them. If they are too few, the
    /// call throws the error `memory_insufficient` before it proves anything. Without a budget, the
    /// call uses as much memory as it needs.
    #[uniffi(default = None)]
    pub memory_budget: Option<u64>,
    /// Stops the call. Proofs that were already added stay in the pool.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Receives the progress of the call.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// The answer that a pool gives to a request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PoolPresentation {
    /// The presentation.
    pub presentation: Vec<u8>,
    /// Whether the credential proof came from the pool. Otherwise it was made during the call.
    pub from_pool: bool,
    /// The proofs that were found unfit during the call, and removed.
    pub dropped: Vec<DroppedProof>,
}

/// A proof that was removed without being used.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DroppedProof {
    /// The name of the entry in the folder.
    pub name: String,
    /// Why it was removed.
    pub why: DropReason,
}

/// Why a proof was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum DropReason {
    /// It was older than the pool allows.
    Age,
    /// It belongs to a document that is no longer held, or its format is one that this version does
    /// not read.
    Document,
    /// The pool had more proofs or bytes than its bounds allow.
    Bounds,
    /// It was changed, moved, or sealed with a key that no longer exists.
    DoesNotOpen,
    /// It is not a prepared proof that this version can use for its purpose.
    Unusable,
}

/// A pool of sealed, prepared proofs in a folder. With a prepared proof, an answer need not wait
/// for the long part of its proof.
///
/// Several processes may share the folder. Each proof is taken once, by one of them. A crash can
/// lose a proof, but it never lets a proof be used twice. **Keep the folder out of backups**: put
/// it below `Context.getNoBackupFilesDir()` on Android, or mark it `isExcludedFromBackup` on iOS.
#[derive(uniffi::Object)]
pub struct ProofPool {
    pool: Arc<velum_wallet::ProofPool>,
    wallet: Arc<Wallet>,
    suite: credentials::Suite,
    size_class: Option<credentials::SizeClass>,
    /// For work on files. It is separate from the threads that prove, because a sealer may wait for
    /// a fingerprint.
    executor: Executor,
    /// For filling the pool, which waits for proofs. It is separate, so that a call that presents
    /// need not wait until the pool is full.
    filling: Executor,
}

#[uniffi::export]
impl ProofPool {
    /// Opens a pool in a folder, which is created if it is missing. The proofs are sealed with a
    /// key of 32 uniformly random bytes. Keep the key in the Keychain, or encrypted under a key of
    /// the Keystore. Opening reads the folder, which takes milliseconds.
    #[uniffi::constructor(default(options = None))]
    pub fn new(
        wallet: Arc<Wallet>,
        folder: String,
        key: Vec<u8>,
        options: Option<PoolOptions>,
    ) -> Result<Arc<Self>, VelumError> {
        let key = Zeroizing::new(key);
        let key = <&[u8; 32]>::try_from(key.as_slice()).map_err(|_| {
            VelumError::new(
                ErrorCode::Malformed,
                "key",
                format!("{} bytes instead of 32", key.len()),
            )
        })?;
        Self::with(wallet, folder, Arc::new(KeySealer::new(key)), options.unwrap_or_default())
    }

    /// Opens a pool like the constructor does, but with a sealer of the app's: for a key that never
    /// leaves the hardware.
    #[uniffi::constructor(default(options = None))]
    pub fn with_sealer(
        wallet: Arc<Wallet>,
        folder: String,
        sealer: Arc<dyn Sealer>,
        options: Option<PoolOptions>,
    ) -> Result<Arc<Self>, VelumError> {
        Self::with(wallet, folder, Arc::new(ForeignSealer(sealer)), options.unwrap_or_default())
    }

    /// Prepares proofs until there are `wanted` proofs for requests like this one (JSON or CBOR),
    /// and returns how many were added. The added proofs stay in the pool if a later proof fails or
    /// the call is cancelled.
    #[uniffi::method(default(options = None))]
    pub async fn fill(
        &self,
        document: Vec<u8>,
        request: Vec<u8>,
        wanted: u32,
        options: Option<FillOptions>,
    ) -> Result<u32, VelumError> {
        let FillOptions { memory, memory_budget, cancellation, progress } =
            options.unwrap_or_default();
        let watch = Watch::new(cancellation.as_ref(), progress);
        let wanted = wanted.try_into().unwrap_or(usize::MAX);
        let (pool, wallet, suite, class) =
            (Arc::clone(&self.pool), Arc::clone(&self.wallet), self.suite, self.size_class);
        let limits = wallet.limits(memory, memory_budget);
        let check = move |_: &Watch| -> Result<_, VelumError> {
            let question = Question::parse(&document, &request)?;
            let purpose = question.purpose(suite, class)?;
            limits.check(ProofKind::Credential, suite, purpose.size_class)?;
            Ok((Arc::new(question), purpose))
        };
        let (question, purpose) = CHECKS.run(watch.clone(), check).await?;
        let fill = move |watch: &Watch| -> Result<u32, VelumError> {
            let now = timestamp(SystemTime::now())?;
            let added = block_on(async {
                let missing = wanted.saturating_sub(pool.count(&purpose, now).await?);
                let mut begun = 0;
                let prepare = async || {
                    let at = |part: usize| (part as f64 / missing.max(1) as f64).min(1.0);
                    let watch = watch.part(at(begun), at(begun + 1));
                    begun += 1;
                    let (of_job, question) = (Arc::clone(&wallet.wallet), Arc::clone(&question));
                    let work = move |watch: &Watch| {
                        prepared(&of_job, &question, suite, class, limits.memory, watch)
                    };
                    wallet.executor.run(watch, work).await
                };
                pool.fill(&purpose, wanted, now, prepare).await.map_err(|error| error.error)
            })?;
            Ok(count(added))
        };
        self.filling.run(watch, fill).await
    }

    /// Answers a request as `Wallet.present` does. The call takes a proof from the pool, or makes
    /// one if the pool has none for the request.
    ///
    /// A proof is taken only after every check, and after the device has signed. No proof is lost
    /// before that.
    #[uniffi::method(default(signer = None, options = None))]
    pub async fn present(
        &self,
        document: Vec<u8>,
        request: Vec<u8>,
        transcript: Vec<u8>,
        signer: Option<Arc<dyn DeviceSigner>>,
        options: Option<PresentOptions>,
    ) -> Result<PoolPresentation, VelumError> {
        let options = options.unwrap_or_default();
        let watch = Watch::new(options.cancellation.as_ref(), options.progress.clone());
        let mut session = session(document, request, transcript, &options)?;
        if let Some(signer) = &signer {
            session = session.signed(signer, &CHECKS, &watch).await?;
        }
        let (pool, suite, class) = (Arc::clone(&self.pool), self.suite, self.size_class);
        let limits = self.wallet.limits(options.memory, options.memory_budget);
        let take = move |_: &Watch| -> Result<_, VelumError> {
            let question = session.checked()?;
            let purpose = question.purpose(suite, class)?;
            limits.check(ProofKind::Presentation, suite, purpose.size_class)?;
            let taken = block_on(pool.take(&purpose, timestamp(SystemTime::now())?))?;
            if taken.prepared.is_none() {
                limits.check(ProofKind::Credential, suite, purpose.size_class)?;
            }
            Ok((session, question, taken))
        };
        let (session, question, taken) = self.executor.run(watch.clone(), take).await?;
        let from_pool = taken.prepared.is_some();
        let (wallet, ready) = (Arc::clone(&self.wallet.wallet), taken.prepared);
        let present = move |watch: &Watch| -> Result<Vec<u8>, VelumError> {
            let (ready, rest): (Prepared, _) = match ready {
                Some(ready) => (ready, watch.clone()),
                // The first of the two proofs takes most of the time.
                None => {
                    let first = watch.part(0.0, 0.8);
                    (
                        prepared(&wallet, &question, suite, class, limits.memory, &first)?,
                        watch.part(0.8, 1.0),
                    )
                }
            };
            Ok(presented(&wallet, ready, &question, &session, limits.memory, &rest)?)
        };
        let presentation = self.wallet.executor.run(watch, present).await?;
        Ok(PoolPresentation { presentation, from_pool, dropped: dropped(taken.dropped) })
    }

    /// Returns how many proofs there are for requests like this one. No proof is opened.
    pub async fn count(&self, document: Vec<u8>, request: Vec<u8>) -> Result<u32, VelumError> {
        let (suite, class) = (self.suite, self.size_class);
        self.work(move |pool| {
            let purpose = Question::parse(&document, &request)?.purpose(suite, class)?;
            Ok(count(block_on(pool.count(&purpose, timestamp(SystemTime::now())?))?))
        })
        .await
    }

    /// Removes the proofs that are of no more use:
    ///
    /// - proofs for documents other than those in `held`. Each of these is a `DeviceResponse`, a
    ///   `Document` or an `IssuerSigned`;
    /// - proofs in a format that this version does not read;
    /// - proofs that are too old;
    /// - the oldest proofs beyond the pool's bounds.
    ///
    /// Call it when the app starts, and whenever a document is added, removed or renewed.
    pub async fn sweep(&self, held: Vec<Vec<u8>>) -> Result<Vec<DroppedProof>, VelumError> {
        self.work(move |pool| {
            let mut hashes = Vec::new();
            for document in &held {
                let response = DeviceResponse::parse(document)?;
                // Proofs may belong to a document that cannot be read. Without its hash they would
                // be dropped, so nothing is dropped.
                if let Some(broken) = response.broken().first() {
                    return Err(broken.fault.clone().into());
                }
                hashes.extend(response.documents().iter().map(Purpose::document_hash));
            }
            Ok(dropped(block_on(pool.sweep(&hashes, timestamp(SystemTime::now())?))?))
        })
        .await
    }

    /// Removes every proof, and returns how many there were.
    pub async fn clear(&self) -> Result<u32, VelumError> {
        self.work(|pool| Ok(count(block_on(pool.clear())?))).await
    }
}

impl ProofPool {
    fn with(
        wallet: Arc<Wallet>,
        folder: String,
        sealer: Arc<dyn velum_wallet::Sealer>,
        options: PoolOptions,
    ) -> Result<Arc<Self>, VelumError> {
        let PoolOptions { suite, size_class, entries, bytes, age } = options;
        let unless_named = Bounds::default();
        let bounds = Bounds {
            entries: entries
                .map_or(unless_named.entries, |entries| entries.try_into().unwrap_or(usize::MAX)),
            bytes: bytes.unwrap_or(unless_named.bytes),
            age_seconds: age.map_or(unless_named.age_seconds, |age| age.as_secs()),
        };
        let store = FileStore::open(folder).map_err(PoolError::from)?;
        Ok(Arc::new(Self {
            pool: Arc::new(velum_wallet::ProofPool::new(Arc::new(store), sealer, bounds)),
            wallet,
            suite: core_suite(suite)?,
            size_class: size_class.map(TryInto::try_into).transpose()?,
            executor: Executor::of_one_thread(),
            filling: Executor::of_one_thread(),
        }))
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&velum_wallet::ProofPool) -> Result<T, VelumError> + Send + 'static,
    ) -> Result<T, VelumError> {
        let pool = Arc::clone(&self.pool);
        self.executor.run(Watch::new(None, None), move |_| work(&pool)).await
    }
}

fn count(entries: usize) -> u32 {
    entries.try_into().unwrap_or(u32::MAX)
}

fn dropped(dropped: Vec<Dropped>) -> Vec<DroppedProof> {
    let reason = |why| match why {
        Why::Age => DropReason::Age,
        Why::Document => DropReason::Document,
        Why::Bounds => DropReason::Bounds,
        Why::DoesNotOpen => DropReason::DoesNotOpen,
        _ => DropReason::Unusable,
    };
    dropped
        .into_iter()
        .map(|Dropped { name, why }| DroppedProof { name, why: reason(why) })
        .collect()
}
