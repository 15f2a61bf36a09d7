//! The holder's verbs.

use std::num::NonZero;
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::available_parallelism;
use std::time::SystemTime;

use velum_credentials::{self as credentials, Code, Error, Prepared, ProofKind};
use velum_wallet::Question;

use crate::error::VelumError;
use crate::executor::Executor;
use crate::facts::{SizeClass, Suite, timestamp};
use crate::memory::{Limits, Memory};
use crate::signer::{DeviceSigner, Session};
use crate::watch::{Cancellation, ProgressListener, Watch, locked};

/// Threads that prove, unless told otherwise.
const MOST_THREADS: usize = 4;

/// For checks, which take milliseconds and need not wait for proofs.
pub(crate) static CHECKS: LazyLock<Executor> = LazyLock::new(Executor::of_one_thread);

/// How a wallet proves.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct WalletOptions {
    /// Threads that prove, from 1; more than the device has cores are not started. As many as the device has cores, and at most 4, unless named.
    #[uniffi(default = None)]
    pub threads: Option<u32>,
    /// Whether to prove on one thread, whatever `threads` says: slower, and easy on the battery. For work in the background.
    #[uniffi(default = false)]
    pub low_power: bool,
}

/// By which clock a request's time is judged. A verifier who may choose it freely can find out the dates of validity by asking again
/// and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Clock {
    /// The request's time must lie within five minutes of the device's own.
    OfDevice,
    /// The request's time must lie within five minutes of this one.
    At {
        /// The time.
        time: SystemTime,
    },
    /// Any time is answered: for documents of the past.
    Any,
}

/// How to make the keys of a size class.
#[derive(Clone, Default, uniffi::Record)]
pub struct KeyOptions {
    /// The suite; `Direct` unless named.
    #[uniffi(default = None)]
    pub suite: Option<Suite>,
    /// Stops the call.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Hears how far the call has come.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// How to prepare.
#[derive(Clone, Default, uniffi::Record)]
pub struct PrepareOptions {
    /// The suite; `Direct` unless named.
    #[uniffi(default = None)]
    pub suite: Option<Suite>,
    /// The size class; the smallest that fits unless named. A larger one hides how large the document is.
    #[uniffi(default = None)]
    pub size_class: Option<SizeClass>,
    /// How much memory to take; `Normal` unless named.
    #[uniffi(default = None)]
    pub memory: Option<Memory>,
    /// Bytes that the app may take on top of what it has: of `os_proc_available_memory()`, or of `ActivityManager`. Where they are too few
    /// the call ends with `MemoryInsufficient` before any proving. As many as it takes unless named.
    #[uniffi(default = None)]
    pub memory_budget: Option<u64>,
    /// Stops the call.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Hears how far the call has come.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// How to present.
#[derive(Clone, Default, uniffi::Record)]
pub struct PresentOptions {
    /// By which clock the request's time is judged; by the device's unless named.
    #[uniffi(default = None)]
    pub clock: Option<Clock>,
    /// Whether elements that the device signed itself may go along in clear.
    #[uniffi(default = false)]
    pub disclose_device_namespaces: bool,
    /// How much memory to take; `Normal` unless named.
    #[uniffi(default = None)]
    pub memory: Option<Memory>,
    /// Bytes that the app may take on top of what it has: of `os_proc_available_memory()`, or of `ActivityManager`. Where they are too few
    /// the call ends with `MemoryInsufficient` before any proving. As many as it takes unless named.
    #[uniffi(default = None)]
    pub memory_budget: Option<u64>,
    /// Stops the call.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Hears how far the call has come.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// Prepares and presents. Keep one: it makes the keys of a size class once, and has the threads that prove.
///
/// Calls are done one after another, each on all of the threads. They may be made from any thread, and none holds up its caller.
#[derive(uniffi::Object)]
pub struct Wallet {
    pub(crate) wallet: Arc<velum_wallet::Wallet>,
    pub(crate) executor: Executor,
}

/// The credential proof of one presentation, made ahead of time. As secret as its document, and serves once.
#[derive(uniffi::Object)]
pub struct PreparedProof {
    prepared: Mutex<Option<Prepared>>,
    suite: Option<Suite>,
    size_class: Option<SizeClass>,
    doc_type: String,
}

#[uniffi::export]
impl Wallet {
    /// A wallet without keys yet. Starts no threads before it has something to prove.
    #[uniffi::constructor(default(options = None))]
    pub fn new(options: Option<WalletOptions>) -> Arc<Self> {
        let executor = Executor::of_threads(threads(&options.unwrap_or_default()));
        Arc::new(Self { wallet: Arc::default(), executor })
    }

    /// Makes the keys of a size class, so that neither preparing nor presenting waits for them.
    #[uniffi::method(default(options = None))]
    pub async fn make_keys(
        &self,
        size_class: SizeClass,
        options: Option<KeyOptions>,
    ) -> Result<(), VelumError> {
        let KeyOptions { suite, cancellation, progress } = options.unwrap_or_default();
        let (suite, class) = (core_suite(suite)?, size_class.try_into()?);
        let wallet = Arc::clone(&self.wallet);
        let make = move |watch: &Watch| -> Result<(), VelumError> {
            Ok(watch.controlled(|control| {
                let make = |kind| wallet.make_keys(suite, kind, class, &control);
                make(ProofKind::Credential).and_then(|()| make(ProofKind::Presentation))
            })?)
        };
        self.executor.run(Watch::new(cancellation.as_ref(), progress), make).await
    }

    /// Makes the credential proof for one presentation to requests like this one (JSON or CBOR): of the same docType, issuer and elements. Time,
    /// predicates and session may differ. The document need not be signed by its device yet.
    #[uniffi::method(default(options = None))]
    pub async fn prepare(
        &self,
        document: Vec<u8>,
        request: Vec<u8>,
        options: Option<PrepareOptions>,
    ) -> Result<Arc<PreparedProof>, VelumError> {
        let PrepareOptions { suite, size_class, memory, memory_budget, cancellation, progress } =
            options.unwrap_or_default();
        let (suite, class) = (core_suite(suite)?, size_class.map(TryInto::try_into).transpose()?);
        let watch = Watch::new(cancellation.as_ref(), progress);
        let limits = self.limits(memory, memory_budget);
        // Before it waits for other proofs: a document that none can be made of fails at once.
        let check = move |_: &Watch| -> Result<_, VelumError> {
            let question = Question::parse(&document, &request)?;
            let purpose = question.purpose(suite, class)?;
            limits.check(ProofKind::Credential, suite, purpose.size_class)?;
            Ok(question)
        };
        let question = CHECKS.run(watch.clone(), check).await?;
        let wallet = Arc::clone(&self.wallet);
        let prepare = move |watch: &Watch| -> Result<Arc<PreparedProof>, VelumError> {
            Ok(Arc::new(prepared(&wallet, &question, suite, class, limits.memory, watch)?.into()))
        };
        self.executor.run(watch, prepare).await
    }

    /// Answers a request (JSON or CBOR) in the session of a `SessionTranscript`, and gives the presentation.
    ///
    /// With a signer, the device signs the session: its key must be the one that the document was issued to, and it is asked after every
    /// check that can be made without its signature. Without one the document must have been signed for this session.
    ///
    /// The prepared proof is used up once proving begins. Where a check fails or the device does not sign, it is not, and may be used again.
    #[uniffi::method(default(signer = None, options = None))]
    pub async fn present(
        &self,
        prepared: Arc<PreparedProof>,
        document: Vec<u8>,
        request: Vec<u8>,
        transcript: Vec<u8>,
        signer: Option<Arc<dyn DeviceSigner>>,
        options: Option<PresentOptions>,
    ) -> Result<Vec<u8>, VelumError> {
        let options = options.unwrap_or_default();
        let watch = Watch::new(options.cancellation.as_ref(), options.progress.clone());
        let mut session = session(document, request, transcript, &options)?;
        if let Some(signer) = &signer {
            session = session.signed(signer, &CHECKS, &watch).await?;
        }
        let limits = self.limits(options.memory, options.memory_budget);
        let check = move |_: &Watch| -> Result<_, VelumError> {
            Ok(session.checked().map(|question| (session, question))?)
        };
        let (session, question) = CHECKS.run(watch.clone(), check).await?;
        let wallet = Arc::clone(&self.wallet);
        let present = move |watch: &Watch| -> Result<Vec<u8>, VelumError> {
            let prepared = prepared.take(&question, &limits)?;
            Ok(presented(&wallet, prepared, &question, &session, limits.memory, watch)?)
        };
        self.executor.run(watch, present).await
    }
}

impl Wallet {
    pub(crate) fn limits(&self, memory: Option<Memory>, budget: Option<u64>) -> Limits {
        Limits { memory: memory.unwrap_or_default(), budget, threads: self.executor.threads() }
    }
}

#[uniffi::export]
impl PreparedProof {
    /// The suite; null for one that this version of the bindings does not know.
    pub fn suite(&self) -> Option<Suite> {
        self.suite
    }

    /// The size class; null for one that this version of the bindings does not know.
    pub fn size_class(&self) -> Option<SizeClass> {
        self.size_class
    }

    /// The docType.
    pub fn doc_type(&self) -> String {
        self.doc_type.clone()
    }

    /// Whether it was used.
    pub fn is_used(&self) -> bool {
        locked(&self.prepared).is_none()
    }
}

impl From<Prepared> for PreparedProof {
    fn from(prepared: Prepared) -> Self {
        Self {
            suite: Suite::of(prepared.suite()),
            size_class: SizeClass::of(prepared.size_class()),
            doc_type: prepared.purpose().doc_type,
            prepared: Mutex::new(Some(prepared)),
        }
    }
}

impl PreparedProof {
    /// Takes the proof out for good, if it is for this question.
    fn take(&self, question: &Question, limits: &Limits) -> Result<Prepared, VelumError> {
        let mut prepared = locked(&self.prepared);
        let used = || {
            Error::new(
                Code::PreparedUsed,
                "prepared",
                "this prepared proof was used; prepare another",
            )
        };
        let held = prepared.as_ref().ok_or_else(used)?;
        if question.purpose(held.suite(), Some(held.size_class()))? != held.purpose() {
            let message =
                "prepared for another document, issuer, docType or list of elements; prepare anew";
            return Err(Error::new(Code::PreparedMismatch, "prepared", message).into());
        }
        limits.check(ProofKind::Presentation, held.suite(), held.size_class())?;
        Ok(prepared.take().ok_or_else(used)?)
    }
}

pub(crate) fn prepared(
    wallet: &velum_wallet::Wallet,
    question: &Question,
    suite: credentials::Suite,
    class: Option<credentials::SizeClass>,
    memory: Memory,
    watch: &Watch,
) -> Result<Prepared, Error> {
    watch.controlled(|control| {
        let options =
            credentials::PrepareOptions::default().with_size_class(class).with_control(control);
        let prepared = wallet.prepare(question, suite, options.with_memory(memory.into()));
        // Memory is scarcer here than the moment that it takes to get it anew.
        wallet.free_memory();
        prepared
    })
}

pub(crate) fn presented(
    wallet: &velum_wallet::Wallet,
    prepared: Prepared,
    question: &Question,
    session: &Session,
    memory: Memory,
    watch: &Watch,
) -> Result<Vec<u8>, Error> {
    watch.controlled(|control| {
        let options = session.options(control).with_memory(memory.into());
        let presentation = wallet.present(prepared, question, &session.transcript, options);
        wallet.free_memory();
        Ok(presentation?.to_bytes())
    })
}

/// What was given, with the time at which the call was made.
pub(crate) fn session(
    document: Vec<u8>,
    request: Vec<u8>,
    transcript: Vec<u8>,
    options: &PresentOptions,
) -> Result<Session, Error> {
    let clock = match options.clock.unwrap_or(Clock::OfDevice) {
        Clock::OfDevice => credentials::Clock::At(timestamp(SystemTime::now())?),
        Clock::At { time } => credentials::Clock::At(timestamp(time)?),
        Clock::Any => credentials::Clock::Any,
    };
    let disclose_device_namespaces = options.disclose_device_namespaces;
    Ok(Session { document, request, transcript, clock, disclose_device_namespaces })
}

pub(crate) fn core_suite(suite: Option<Suite>) -> Result<credentials::Suite, VelumError> {
    suite.unwrap_or(Suite::Direct).try_into()
}

fn threads(options: &WalletOptions) -> usize {
    if options.low_power {
        return 1;
    }
    let cores = available_parallelism().map_or(1, NonZero::get);
    let wanted = options
        .threads
        .map_or(MOST_THREADS, |threads| usize::try_from(threads).unwrap_or(usize::MAX));
    wanted.clamp(1, cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_as_many_as_was_said_and_no_more_than_there_are_cores() {
        let cores = available_parallelism().unwrap().get();
        let of = |threads, low_power| super::threads(&WalletOptions { threads, low_power });
        assert_eq!(of(None, false), cores.min(MOST_THREADS));
        assert_eq!(of(Some(0), false), 1);
        assert_eq!(of(Some(1), false), 1);
        assert_eq!(of(Some(u32::MAX), false), cores);
        assert_eq!(of(Some(4), true), 1);
    }
}
