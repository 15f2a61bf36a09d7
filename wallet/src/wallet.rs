//! The holder's verbs, and the keys that they keep.

use velum_credentials::{
    Backend, Code, Control, Cpu, Error, PrepareOptions, Prepared, PresentOptions, Presentation,
    ProofKind, Prover, Purpose, SUITES, SessionTranscript, SizeClass, Suite, Timestamp,
    TrustedIssuer,
};

use crate::question::Question;

/// Prepares and presents in every suite. Keep one wallet: it makes the keys of each suite and size
/// class once.
///
/// The wallet proves on the CPU unless it is created [`on`](Self::on) another device. Long calls
/// exist in two forms: for threads that can wait, and as futures.
pub struct Wallet<B: Backend + Clone = Cpu> {
    provers: Vec<(Suite, Prover<B>)>,
}

impl Default for Wallet {
    fn default() -> Self {
        Self::new()
    }
}

impl Wallet {
    /// A wallet without keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::on(&Cpu::default())
    }
}

impl<B: Backend + Clone> Wallet<B> {
    /// A wallet without keys yet that proves on a device.
    #[must_use]
    pub fn on(backend: &B) -> Self {
        Self {
            provers: SUITES
                .iter()
                .map(|suite| (*suite, Prover::on(backend.clone(), *suite)))
                .collect(),
        }
    }

    /// Frees memory that proofs keep for later proofs. The next proofs are then a little slower.
    /// Keys stay.
    pub fn free_memory(&self) {
        self.provers.iter().for_each(|(_, prover)| prover.free_memory());
    }

    /// Makes the keys of a suite, a kind of proof and a size class. See [`Prover::make_keys`].
    ///
    /// # Errors
    /// The errors of [`Prover::make_keys`].
    pub fn make_keys(
        &self,
        suite: Suite,
        kind: ProofKind,
        class: SizeClass,
        control: &Control<'_>,
    ) -> Result<(), Error> {
        self.prover(suite)?.make_keys(kind, class, control)
    }

    /// [`make_keys`](Self::make_keys) for callers that cannot wait.
    ///
    /// # Errors
    /// The errors of [`Prover::make_keys`].
    pub async fn make_keys_async(
        &self,
        suite: Suite,
        kind: ProofKind,
        class: SizeClass,
        control: &Control<'_>,
    ) -> Result<(), Error> {
        self.prover(suite)?.make_keys_async(kind, class, control).await
    }

    /// Makes the credential proof for requests like this one. See [`Prover::prepare`].
    ///
    /// # Errors
    /// The errors of [`Prover::prepare`].
    pub fn prepare(
        &self,
        question: &Question,
        suite: Suite,
        options: PrepareOptions<'_>,
    ) -> Result<Prepared, Error>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        self.prover(suite)?.prepare(question.document(), question.request(), options)
    }

    /// [`prepare`](Self::prepare) for callers that cannot wait.
    ///
    /// # Errors
    /// The errors of [`Prover::prepare`].
    pub async fn prepare_async(
        &self,
        question: &Question,
        suite: Suite,
        options: PrepareOptions<'_>,
    ) -> Result<Prepared, Error> {
        self.prover(suite)?.prepare_async(question.document(), question.request(), options).await
    }

    /// Answers a question in the session of `transcript`, a `SessionTranscript`, in the suite of
    /// the prepared proof. See [`Prover::present`].
    ///
    /// The prepared proof is used up, whatever the outcome.
    ///
    /// # Errors
    /// `malformed` and `too_large` for the transcript; the errors of [`Prover::present`].
    pub fn present(
        &self,
        prepared: Prepared,
        question: &Question,
        transcript: &[u8],
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error>
    where
        B: Sync,
        B::Key: Sync,
        B::Error: Send,
    {
        let transcript = SessionTranscript::parse(transcript)?;
        let prover = self.prover(prepared.suite())?;
        prover.present(prepared, question.document(), &transcript, question.request(), options)
    }

    /// [`present`](Self::present) for callers that cannot wait.
    ///
    /// # Errors
    /// The errors of [`present`](Self::present).
    pub async fn present_async(
        &self,
        prepared: Prepared,
        question: &Question,
        transcript: &[u8],
        options: PresentOptions<'_>,
    ) -> Result<Presentation, Error> {
        let transcript = SessionTranscript::parse(transcript)?;
        let prover = self.prover(prepared.suite())?;
        prover
            .present_async(prepared, question.document(), &transcript, question.request(), options)
            .await
    }

    fn prover(&self, suite: Suite) -> Result<&Prover<B>, Error> {
        let found = self.provers.iter().find(|(candidate, _)| *candidate == suite);
        let missing = || {
            Error::new(
                Code::Internal,
                "velum",
                "no prover for this suite; this is a bug, please report it",
            )
        };
        found.map(|(_, prover)| prover).ok_or_else(missing)
    }
}

impl Question {
    /// The purpose that a prepared proof must have to answer this question. See [`Purpose::of`].
    ///
    /// # Errors
    /// The errors of [`Purpose::of`].
    pub fn purpose(&self, suite: Suite, size_class: Option<SizeClass>) -> Result<Purpose, Error> {
        Purpose::of(self.document(), self.request(), suite, size_class)
    }

    /// Makes every check that [`Wallet::present`] makes before it proves. See
    /// [`PresentOptions::check`].
    ///
    /// # Errors
    /// `malformed` and `too_large` for the transcript; the errors of [`PresentOptions::check`].
    pub fn check(
        &self,
        transcript: &[u8],
        options: &PresentOptions<'_>,
    ) -> Result<TrustedIssuer, Error> {
        options.check(self.document(), &SessionTranscript::parse(transcript)?, self.request())
    }
}

/// The time of a clock, from its seconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// `clock` for a time that no request can state.
pub fn clock_at(unix_seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_unix(unix_seconds).ok_or_else(|| {
        let message = "this clock's time is not between the years 0 and 9999; set the clock";
        Error::new(Code::Clock, "clock", message)
    })
}
