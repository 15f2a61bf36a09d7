//! What a holder does: preparing and presenting.

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

/// The number of threads that prove, unless the options name another.
const MOST_THREADS: usize = 4;

/// For checks. They take milliseconds and need not wait for proofs.
pub(crate) static CHECKS: LazyLock<Executor> = LazyLock::new(Executor::of_one_thread);

/// How a wallet proves.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct WalletOptions {
    /// The number of threads that prove, at least 1. The wallet starts no more threads than the
    /// device has cores. The default is the number of cores, but at most 4.
    #[uniffi(default = None)]
    pub threads: Option<u32>,
    /// Whether to prove on one thread, whatever `threads` says. This is slower and saves battery.
    /// For work in the background.
    #[uniffi(default = false)]
    pub low_power: bool,
}

/// The clock against which the time of a request is checked. A verifier that may choose the time
/// freely can find out the validity dates of a document by asking again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Clock {
    /// The time of the request must lie within five minutes of the device's clock.
    OfDevice,
    /// The time of the request must lie within five minutes of this time.
    At {
        /// The time.
        time: SystemTime,
    },
    /// A request with any time is answered. For documents of the past.
    Any,
}

/// How to make the keys of a size class.
#[derive(Clone, Default, uniffi::Record)]
pub struct KeyOptions {
    /// The suite. The default is `direct`.
    #[uniffi(default = None)]
    pub suite: Option<Suite>,
    /// Stops the call.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Receives the progress of the call.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// How to prepare a proof.
#[derive(Clone, Default, uniffi::Record)]
pub struct PrepareOptions {
    /// The suite. The default is `direct`.
    #[uniffi(default = None)]
    pub suite: Option<Suite>,
    /// The size class. The default is the smallest class that fits. A larger class hides how large
    /// the document is.
    #[uniffi(default = None)]
    pub size_class: Option<SizeClass>,
    /// How much memory to use. The default is normal.
    #[uniffi(default = None)]
    pub memory: Option<Memory>,
    /// The bytes that the app may use on top of what it uses already, as
    /// `os_proc_available_memory()` or `ActivityManager` reports them. If they are too few, the
    /// call throws the error `memory_insufficient` before it proves anything. Without a budget, the
    /// call uses as much memory as it needs.
    #[uniffi(default = None)]
    pub memory_budget: Option<u64>,
    /// Stops the call.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Receives the progress of the call.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// How to present.
#[derive(Clone, Default, uniffi::Record)]
pub struct PresentOptions {
    /// The clock against which the time of the request is checked. The default is the device's
    /// clock.
    #[uniffi(default = None)]
    pub clock: Option<Clock>,
    /// Whether elements that the device signed itself may be included in clear.
    #[uniffi(default = false)]
    pub disclose_device_namespaces: bool,
    /// How much memory to use. The default is normal.
    #[uniffi(default = None)]
    pub memory: Option<Memory>,
    /// The bytes that the app may use on top of what it uses already, as
    /// `os_proc_available_memory()` or `ActivityManager` reports them. If they are too few, the
    /// call throws the error `memory_insufficient` before it proves anything. Without a budget, the
    /// call uses as much memory as it needs.
    #[uniffi(default = None)]
    pub memory_budget: Option<u64>,
    /// Stops the call.
    #[uniffi(default = None)]
    pub cancellation: Option<Arc<Cancellation>>,
    /// Receives the progress of the call.
    #[uniffi(default = None)]
    pub progress: Option<Arc<dyn ProgressListener>>,
}

/// Prepares proofs and makes presentations. Keep one wallet: it makes the keys of a size class
/// once, and it owns the threads that prove.
///
/// Calls run one after another, and each call uses all of the threads. They may be made from any
/// thread, and never block the calling thread.
#[derive(uniffi::Object)]
pub struct Wallet {
    pub(crate) wallet: Arc<velum_wallet::Wallet>,
    pub(crate) executor: Executor,
}

/// The credential proof for one presentation, made ahead of time. It is as secret as its document,
/// and can be used once.
#[derive(uniffi::Object)]
pub struct PreparedProof {
    prepared: Mutex<Option<Prepared>>,
    suite: Option<Suite>,
    size_class: Option<SizeClass>,
    doc_type: String,
}

#[uniffi::export]
impl Wallet {
    /// Creates a wallet without keys. It starts no threads until it has something to prove.
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

    /// Makes the credential proof for one presentation to requests like this one (JSON or CBOR),
    /// which have the same docType, issuer and elements. The time, the predicates and the session
    /// may differ. The device need not have signed the document yet.
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
        // Before the call waits for other proofs, so that it fails at once for a document that no
        // proof can be made of.
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

    /// Answers a request (JSON or CBOR) in the session of a `SessionTranscript`, and returns the
    /// presentation.
    ///
    /// With a signer, the device signs the session. The signer's key must be the key that the
    /// document was issued to. The signer is asked after every check that can be made without its
    /// signature. Without a signer, the document must already be signed for this session.
    ///
    /// The prepared proof is used up once proving begins. If a check fails or the device does not
    /// sign, the proof is not used up and can be used again.
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
    /// The suite of the proof. Null if this version of the bindings does not know the suite.
    pub fn suite(&self) -> Option<Suite> {
        self.suite
    }

    /// The size class of the proof. Null if this version of the bindings does not know the class.
    pub fn size_class(&self) -> Option<SizeClass> {
        self.size_class
    }

    /// The docType of the document.
    pub fn doc_type(&self) -> String {
        self.doc_type.clone()
    }

    /// Whether the proof was used.
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
    /// Takes the proof out for good, if it was prepared for this question.
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
        // On phones, free memory matters more than the time that allocating it again takes.
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

/// The inputs of an answer, with the time at which the call was made.
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
