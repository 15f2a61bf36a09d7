//! Preparing and presenting.

use std::convert::Infallible;

use async_lock::OnceCell;
use sha2::{Digest, Sha256};
use velum_core::class::{CLASSES, SizeClass};
use velum_core::proof::{
    self, CredentialProver, PresentationProver, ProofKind, Provable, ProveError,
};
use velum_core::statement::{PresentationStatement, PresentationWitness, presentation_salt};
use velum_core::suite::Suite;
use velum_stark::backend::Backend;
use velum_stark::control::{Control, Device, Memory, Reached, Stage};
use velum_stark::{Cpu, block_on};

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::format::{Answer, CredentialFormat, Issued, Presented};
use crate::presentation::envelope::Presentation;
use crate::presentation::prepared::Prepared;
use crate::request::Request;
use crate::trust::TrustedIssuer;

/// Number of seconds by which a request's `now` may differ from the wallet's clock.
const CLOCK_TOLERANCE_SECONDS: u64 = 300;

/// The wallet's policy for the time that a verifier states. A verifier that can choose this time
/// freely can find out the document's dates of validity by asking repeatedly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The request's `now` must lie within five minutes of this time.
    At(Timestamp),
    /// Any `now` is answered, for documents of the past.
    Any,
}

/// How to prepare. Without a named size class, the smallest class that fits is used.
#[derive(Clone, Copy, Default)]
pub struct PrepareOptions<'a> {
    size_class: Option<SizeClass>,
    memory: Option<Memory>,
    control: Control<'a>,
}

impl<'a> PrepareOptions<'a> {
    /// Uses this size class instead of the smallest one that fits. A larger class hides the size of
    /// the document.
    #[must_use]
    pub fn with_size_class(self, size_class: impl Into<Option<SizeClass>>) -> Self {
        Self { size_class: size_class.into(), ..self }
    }

    /// Lets the caller follow, bound and stop the work.
    #[must_use]
    pub const fn with_control(self, control: Control<'a>) -> Self {
        Self { control, ..self }
    }

    /// Uses this much memory, whatever the control says. See [`Memory`].
    #[must_use]
    pub const fn with_memory(self, memory: Memory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    fn control(&self) -> Control<'a> {
        self.memory.map_or(self.control, |memory| self.control.with_memory(memory))
    }
}

/// How to present. Elements that the device signed itself are included only if the options allow
/// it.
#[derive(Clone, Copy)]
pub struct PresentOptions<'a> {
    clock: Clock,
    disclose_device_namespaces: bool,
    memory: Option<Memory>,
    control: Control<'a>,
}

impl<'a> PresentOptions<'a> {
    /// Answers requests at the times that `clock` allows.
    #[must_use]
    pub const fn at(clock: Clock) -> Self {
        Self { clock, disclose_device_namespaces: false, memory: None, control: Control::none() }
    }

    /// Sets whether elements that the device signed itself may be included in clear.
    #[must_use]
    pub const fn with_device_namespaces(self, disclosed: bool) -> Self {
        Self { disclose_device_namespaces: disclosed, ..self }
    }

    /// Lets the caller follow, bound and stop the work.
    #[must_use]
    pub const fn with_control(self, control: Control<'a>) -> Self {
        Self { control, ..self }
    }

    /// Uses this much memory, whatever the control says. See [`Memory`].
    #[must_use]
    pub const fn with_memory(self, memory: Memory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    fn control(&self) -> Control<'a> {
        self.memory.map_or(self.control, |memory| self.control.with_memory(memory))
    }

    /// Makes every check of the document and the request that [`Prover::present`] makes before it
    /// proves. A caller can use it before preparing. Returns the issuer.
    ///
    /// # Errors
    /// `clock`, the error of the first check of the document or predicate that fails, or
    /// `device_namespaces`.
    pub fn check<D: CredentialFormat>(
        &self,
        document: &D,
        session: &D::Session,
        request: &Request,
    ) -> Result<TrustedIssuer, Error> {
        self.presented(document, session, request).map(|presented| presented.issued.issuer)
    }

    fn presented<'d, D: CredentialFormat>(
        &self,
        document: &'d D,
        session: &D::Session,
        request: &Request,
    ) -> Result<Presented<'d>, Error> {
        self.clock.check(request.now())?;
        document.presented(session, request, self.disclose_device_namespaces)
    }
}

/// Prepares and presents. Keep one prover: everything that depends only on a size class is computed
/// once, when it is first needed.
///
/// The prover runs on the CPU unless it is created [`on`](Self::on) another device. Each call
/// exists in two forms: for threads that can wait, and as a future. Neither form needs a runtime. A
/// thread of rayon's global pool, which shares the work of the CPU, must call
/// [`make_keys`](Self::make_keys) first. Otherwise it could wait for keys whose computation is
/// below it on its own stack.
pub struct Prover<B: Backend = Cpu> {
    suite: Suite,
    backend: B,
    credential: Keys<CredentialProver<B>>,
    presentation: Keys<PresentationProver<B>>,
    /// The prover that takes over if the backend fails and may be replaced.
    fallback: OnceCell<Box<Prover<Cpu>>>,
}

/// What is computed once for each size class.
type Keys<K> = [OnceCell<K>; CLASSES.len()];

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

impl Prover {
    /// A prover in suite [`Suite::Direct`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_suite(Suite::Direct)
    }

    /// A prover in this suite.
    #[must_use]
    pub fn with_suite(suite: Suite) -> Self {
        Self::on(Cpu::default(), suite)
    }
}

impl<B: Backend + Clone> Prover<B> {
    /// A prover in this suite on a device.
    #[must_use]
    pub fn on(backend: B, suite: Suite) -> Self {
        let (credential, presentation) = Default::default();
        Self { suite, backend, credential, presentation, fallback: OnceCell::new() }
    }

    /// Frees memory that proofs keep for later proofs. The next proofs are then a little slower.
    /// Keys are kept.
    pub fn free_memory(&self) {
        self.backend.free_memory();
    }

    /// Makes the keys for a kind of proof and a size class. Preparing (credential proofs) or
    /// presenting (presentation proofs) then does not wait for them.
    ///
    /// # Errors
    /// `cancelled`, `backend`.
    pub fn make_keys(
        &self,
        kind: ProofKind,
        class: SizeClass,
        control: &Control<'_>,
    ) -> Result<(), Error> {
        block_on(self.make_keys_async(kind, class, control))
    }

    /// Like [`make_keys`](Self::make_keys), for callers that cannot wait.
    ///
    /// # Errors
    /// `cancelled`, `backend`.
    pub async fn make_keys_async(
        &self,
        kind: ProofKind,
        class: SizeClass,
        control: &Control<'_>,
    ) -> Result<(), Error> {
        match kind {
            ProofKind::Credential => {
                self.key(of_class(&self.credential, class)?, class, control).await.map(drop)
            }
            ProofKind::Presentation => {
                self.key(of_class(&self.presentation, class)?, class, control).await.map(drop)
            }
        }
        .map_err(internal)
    }

    /// Makes the credential proof for requests like `request`, which means the same docType, issuer
    /// and elements. Time, predicates and session may differ.
    ///
    /// # Errors
    /// The error of the first check of the document that fails; `too_large` if the document fits no
    /// size class; `cancelled`, `backend`.
    pub fn prepare<D: CredentialFormat>(
        &self,
        document: &D,
        request: &Request,
        options: PrepareOptions<'_>,
    ) -> Result<Prepared, Error>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        let reached = Reached::default();
        let control = options.control().keeping(&reached);
        let (statement, witness) = document.credential(request, self.suite, options.size_class)?;
        let class = statement.subject.class;
        let key = block_on(self.key(of_class(&self.credential, class)?, class, &control));
        match key.and_then(|key| key.prove(&statement, &witness, &control)) {
            Ok(proof) => Ok(Prepared::new(statement, &witness, proof, request.now())),
            Err(error) => {
                let (prover, control) = block_on(self.fall_back(error, &control, &reached))?;
                prover.prepare(document, request, options.with_control(control))
            }
        }
    }

    /// Like [`prepare`](Self::prepare), for callers that cannot wait.
    ///
    /// # Errors
    /// The errors of [`prepare`](Self::prepare).
    pub async fn prepare_async<D: CredentialFormat>(
        &self,
        document: &D,
        request: &Request,
        options: PrepareOptions<'_>,
    ) -> Result<Prepared, Error> {
        let reached = Reached::default();
        let control = options.control().keeping(&reached);
        let (statement, witness) = document.credential(request, self.suite, options.size_class)?;
        let class = statement.subject.class;
        let proof = match self.key(of_class(&self.credential, class)?, class, &control).await {
            Ok(key) => key.prove_async(&statement, &witness, &control).await,
            Err(error) => Err(error),
        };
        match proof {
            Ok(proof) => Ok(Prepared::new(statement, &witness, proof, request.now())),
            Err(error) => {
                let (prover, control) = self.fall_back(error, &control, &reached).await?;
                Box::pin(prover.prepare_async(document, request, options.with_control(control)))
                    .await
            }
        }
    }

    /// Answers `request` in `session` with a document that the device has signed for this session.
    ///
    /// The call consumes the prepared proof, whatever the outcome.
    ///
    /// # Errors
    /// * `prepared_mismatch` if the prepared proof is for another document or another kind of
    ///   request.
    /// * `clock` if the policy in `options` does not allow the request's time.
    /// * The error of the first check or predicate that fails.
    /// * `device_namespaces` if the device signed elements of its own, and `request` does not ask
    ///   for them or `options` do not allow them.
    /// * `cancelled`, `backend`.
    pub fn present<D: CredentialFormat>(
        &self,
        prepared: Prepared,
        document: &D,
        session: &D::Session,
        request: &Request,
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        let reached = Reached::default();
        let control = options.control().keeping(&reached);
        let pending = Pending::new(self.suite, &prepared, document, session, request, &options)?;
        let class = pending.statement.subject.class;
        let key = block_on(self.key(of_class(&self.presentation, class)?, class, &control));
        match key.and_then(|key| key.prove(&pending.statement, &pending.witness, &control)) {
            Ok(proof) => Ok(pending.presentation(proof)),
            Err(error) => {
                let (prover, control) = block_on(self.fall_back(error, &control, &reached))?;
                prover.present(prepared, document, session, request, options.with_control(control))
            }
        }
    }

    /// Like [`present`](Self::present), for callers that cannot wait.
    ///
    /// # Errors
    /// The errors of [`present`](Self::present).
    pub async fn present_async<D: CredentialFormat>(
        &self,
        prepared: Prepared,
        document: &D,
        session: &D::Session,
        request: &Request,
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error> {
        let reached = Reached::default();
        let control = options.control().keeping(&reached);
        let pending = Pending::new(self.suite, &prepared, document, session, request, &options)?;
        let class = pending.statement.subject.class;
        let proof = match self.key(of_class(&self.presentation, class)?, class, &control).await {
            Ok(key) => key.prove_async(&pending.statement, &pending.witness, &control).await,
            Err(error) => Err(error),
        };
        match proof {
            Ok(proof) => Ok(pending.presentation(proof)),
            Err(error) => {
                let (prover, control) = self.fall_back(error, &control, &reached).await?;
                let options = options.with_control(control);
                Box::pin(prover.present_async(prepared, document, session, request, options)).await
            }
        }
    }

    /// The key of a size class. A caller that asks for the key while another caller makes it waits
    /// for that one.
    async fn key<'k, S: Provable>(
        &self,
        cell: &'k OnceCell<proof::Prover<S, B>>,
        class: SizeClass,
        control: &Control<'_>,
    ) -> Result<&'k proof::Prover<S, B>, ProveError<B::Error>> {
        let make = async || {
            control.begin(Stage::Keys, 0.0)?;
            proof::Prover::on(self.backend.clone(), self.suite, class, control).await
        };
        cell.get_or_try_init(make).await
    }

    /// The prover that computes the proof again if the backend failed and may be replaced, and the
    /// control for its work. The new proof uses fresh randomness throughout. If a proof does not
    /// verify, the device that computed it is at fault, because the document passed every check.
    async fn fall_back<'c>(
        &self,
        error: ProveError<B::Error>,
        control: &Control<'c>,
        reached: &Reached,
    ) -> Result<(&Prover<Cpu>, Control<'c>), Error> {
        let device = match error {
            ProveError::Backend(_) | ProveError::Faulty(_) => Some(Device::Gpu),
            ProveError::False(_) => Some(reached.device()),
            _ => None,
        };
        let cpu = device.and_then(|device| self.backend.fallback(device, &error.to_string()));
        let Some(cpu) = cpu else { return Err(internal(error)) };
        let rest = control.part(reached.fraction(), 1.0);
        rest.begin(Stage::Fallback, 0.0)
            .map_err(|cancelled| internal::<Infallible>(cancelled.into()))?;
        let prover =
            self.fallback.get_or_init(async || Box::new(Prover::on(cpu, self.suite))).await;
        Ok((prover, rest))
    }
}

/// The place for the key of a size class.
fn of_class<K>(keys: &Keys<K>, class: SizeClass) -> Result<&OnceCell<K>, Error> {
    let index = CLASSES.iter().position(|candidate| *candidate == class);
    index.and_then(|index| keys.get(index)).ok_or_else(|| Error::bug("unknown size class"))
}

/// An answer whose presentation proof has not been made yet.
struct Pending {
    statement: PresentationStatement,
    witness: PresentationWitness,
    /// The presentation without its presentation proof.
    presentation: Presentation,
}

impl Pending {
    /// Makes every check and returns what is to be proven.
    fn new<D: CredentialFormat>(
        suite: Suite,
        prepared: &Prepared,
        document: &D,
        session: &D::Session,
        request: &Request,
        options: &PresentOptions<'_>,
    ) -> Result<Self, Error> {
        let Presented { issued, shown, algorithm, signature } =
            options.presented(document, session, request)?;
        let Issued { issuer, x5chain, signed, .. } = &issued;
        let class = prepared.subject.class;
        let subject = request.subject(suite, class, &issuer.public_key);
        let signed: [u8; 32] = Sha256::digest(signed).into();
        if subject != prepared.subject || signed != prepared.document {
            let message =
                "prepared for another document, issuer, docType or list of elements; prepare anew";
            return Err(Error::new(Code::PreparedMismatch, "prepared", message));
        }
        let commitment = prepared
            .opening
            .commitment(&subject)
            .map_err(|error| internal::<Infallible>(ProveError::Witness(error.into())))?;
        let disclosed = issued.disclosed(request);
        let salt = presentation_salt(suite).map_err(|error| Error::bug(&error.to_string()))?;
        let answer = Answer {
            request,
            signed_within: issuer.signed_within,
            device_digest: D::device_digest(session, request, shown, algorithm)?,
            disclosed: &disclosed,
            salt,
        };
        Ok(Self {
            statement: D::presentation(&answer, subject, commitment, &prepared.proof)?,
            witness: PresentationWitness {
                record: prepared.opening.clone(),
                signature: *signature,
            },
            presentation: Presentation {
                suite,
                class,
                issuer: issuer.index,
                x5chain: x5chain.iter().take(issuer.certificates).cloned().collect(),
                commitment: prepared.commitment,
                disclosed,
                shown: shown.to_vec(),
                device_algorithm: algorithm,
                salt,
                credential_proof: prepared.proof.clone(),
                presentation_proof: Vec::new(),
            },
        })
    }

    fn presentation(self, presentation_proof: Vec<u8>) -> Presentation {
        Presentation { presentation_proof, ..self.presentation }
    }
}

impl Clock {
    fn check(self, now: Timestamp) -> Result<(), Error> {
        match self {
            Self::At(clock) if clock.unix().abs_diff(now.unix()) > CLOCK_TOLERANCE_SECONDS => {
                let message = format!(
                    "the request's time is {now}, but this clock says {clock}; refuse the \
                     request, or allow any clock for a document of the past"
                );
                Err(Error::new(Code::Clock, "request.now", message))
            }
            _ => Ok(()),
        }
    }
}

fn internal<E: std::error::Error>(error: ProveError<E>) -> Error {
    match error {
        ProveError::Cancelled(_) => {
            Error::new(Code::Cancelled, "prover", "cancelled; nothing was handed out")
        }
        // The document passed every other check, so the remaining cause is that it does not fit the
        // tables.
        ProveError::Witness(error) => Error::too_large("document", error.to_string()),
        ProveError::Backend(_) | ProveError::Faulty(_) => {
            Error::new(Code::Backend, "prover", format!("{error}; prove again, or on the CPU"))
        }
        error => Error::bug(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_the_options_say_in_any_order() {
        let low = Control::none().with_memory(Memory::Low);
        let prepare = PrepareOptions::default();
        let present = PresentOptions::at(Clock::Any);
        for (prepare, present, expected) in [
            (prepare, present, Memory::Normal),
            (prepare.with_control(low), present.with_control(low), Memory::Low),
            (
                prepare.with_memory(Memory::Low).with_control(Control::none()),
                present.with_memory(Memory::Low).with_control(Control::none()),
                Memory::Low,
            ),
            (
                prepare.with_memory(Memory::Normal).with_control(low),
                present.with_control(low).with_memory(Memory::Normal),
                Memory::Normal,
            ),
        ] {
            assert_eq!(
                (prepare.control().memory(), present.control().memory()),
                (expected, expected)
            );
        }
    }
}
