//! Traces that a test may change before they are checked, proven and verified.

use std::sync::OnceLock;

use velum_stark::air::{Chip, Trace, check, fill_multiplicities};
use velum_stark::control::Control;
use velum_stark::{Cpu, ProvingKey, VerifyError};

use crate::class::STANDARD;
use crate::proof::fixture::Fixture;
use crate::proof::keys::verifier_key;
use crate::proof::verifier::key_chips;
use crate::proof::{
    CredentialChip, PresentationChip, ProofKind, Verifier, credential_chips, credential_traces,
    presentation_chips, presentation_traces,
};
use crate::statement::{CredentialStatement, PresentationStatement, PresentationWitness};
use crate::suite::Suite;

/// A statement of either proof in the class `standard`.
pub(super) trait Statement {
    /// A table of the statement's proof.
    type Chip: Chip + Clone;

    fn chips(&self) -> Vec<Self::Chip>;
    fn bound(&self) -> Vec<u8>;
    /// The proving key, which is made once.
    fn proving_key() -> &'static ProvingKey;
    /// Verifies as every verifier does.
    fn verify(&self, proof: &[u8]) -> Result<(), VerifyError>;
}

impl Statement for CredentialStatement {
    type Chip = CredentialChip;

    fn chips(&self) -> Vec<CredentialChip> {
        credential_chips(self).unwrap()
    }

    fn bound(&self) -> Vec<u8> {
        self.bound()
    }

    fn proving_key() -> &'static ProvingKey {
        static KEY: OnceLock<ProvingKey> = OnceLock::new();
        KEY.get_or_init(|| new_key(&key_chips(Suite::Direct, STANDARD).0, ProofKind::Credential))
    }

    fn verify(&self, proof: &[u8]) -> Result<(), VerifyError> {
        verifier().verify_credential(self, proof)
    }
}

impl Statement for PresentationStatement {
    type Chip = PresentationChip;

    fn chips(&self) -> Vec<PresentationChip> {
        presentation_chips(self).unwrap()
    }

    fn bound(&self) -> Vec<u8> {
        self.bound()
    }

    fn proving_key() -> &'static ProvingKey {
        static KEY: OnceLock<ProvingKey> = OnceLock::new();
        KEY.get_or_init(|| new_key(&key_chips(Suite::Direct, STANDARD).1, ProofKind::Presentation))
    }

    fn verify(&self, proof: &[u8]) -> Result<(), VerifyError> {
        verifier().verify_presentation(self, proof)
    }
}

fn new_key<C: Chip>(chips: &[C], kind: ProofKind) -> ProvingKey {
    ProvingKey::on_cpu(Cpu::default(), verifier_key(Suite::Direct, STANDARD, kind, chips))
}

fn verifier() -> &'static Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER.get_or_init(|| Verifier::new(Suite::Direct, STANDARD))
}

/// Filled tables, and a statement that they need not satisfy.
pub(super) struct Forgery<S: Statement> {
    pub(super) statement: S,
    pub(super) chips: Vec<S::Chip>,
    pub(super) traces: Vec<Trace>,
}

impl Forgery<CredentialStatement> {
    /// The tables of a credential proof, filled as if the document satisfied the fixture's own
    /// statement.
    pub(super) fn credential(fixture: &Fixture) -> Self {
        Self::credential_of(fixture, fixture.credential_statement())
    }

    /// The tables of a credential proof under another statement.
    pub(super) fn credential_of(fixture: &Fixture, statement: CredentialStatement) -> Self {
        let chips = statement.chips();
        let traces = credential_traces(&chips, &statement, &fixture.witness).unwrap();
        Self { statement, chips, traces }
    }
}

impl Forgery<PresentationStatement> {
    /// The tables of a presentation proof, filled as if the witness satisfied the statement.
    pub(super) fn presentation(
        (statement, witness): (PresentationStatement, PresentationWitness),
    ) -> Self {
        let chips = statement.chips();
        let traces = presentation_traces(&chips, &statement, &witness).unwrap();
        Self { statement, chips, traces }
    }
}

impl<S: Statement> Forgery<S> {
    /// Replaces the tables with these names by the tables that `other` fills from another witness
    /// or statement.
    pub(super) fn with_tables_of(mut self, other: &Self, names: &[&str]) -> Self {
        for name in names {
            let tables = (0..self.chips.len()).filter(|&table| self.chips[table].name() == *name);
            let tables: Vec<_> = tables.collect();
            assert!(!tables.is_empty(), "no table {name}");
            tables.into_iter().for_each(|table| self.traces[table] = other.traces[table].clone());
        }
        self
    }

    /// Replaces one table.
    pub(super) fn with_table(mut self, name: &str, trace: Trace) -> Self {
        let table =
            self.chips.iter().position(|chip| chip.name() == name).expect("a table of the name");
        self.traces[table] = trace;
        self
    }

    /// The rules that fail.
    pub(super) fn rules(&mut self) -> Vec<String> {
        fill_multiplicities(&self.chips, &mut self.traces);
        check(&self.chips, &self.traces).rules()
    }

    /// Proves whatever the tables hold, without checking them.
    pub(super) fn prove_unchecked(&self) -> Vec<u8> {
        S::proving_key()
            .prove(&self.chips, self.traces.clone(), &self.statement.bound(), &Control::none())
            .unwrap()
    }

    /// Expects that no rule fails.
    pub(super) fn holds(mut self) {
        assert_eq!(self.rules(), [""; 0]);
    }

    /// Expects exactly these rules to fail.
    #[track_caller]
    pub(super) fn breaks(mut self, rules: &[&str]) {
        assert_eq!(self.rules(), rules);
        if std::env::var_os("VELUM_TEST_ALL").is_some() {
            self.is_refused();
        }
    }

    /// Expects exactly these rules to fail, and the verifier to refuse the proof.
    #[track_caller]
    pub(super) fn breaks_and_is_refused(mut self, rules: &[&str]) {
        assert_eq!(self.rules(), rules);
        self.is_refused();
    }

    #[track_caller]
    fn is_refused(&self) {
        let refusal = self.statement.verify(&self.prove_unchecked());
        assert!(matches!(refusal, Err(VerifyError::Invalid { .. })), "{refusal:?}");
    }
}
