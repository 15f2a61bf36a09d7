//! The two kinds of proof.

/// The kind of proof to which a transcript belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProofKind {
    /// Links a document to the commitment.
    Credential = 1,
    /// Opens the commitment for one session.
    Presentation = 2,
}

impl ProofKind {
    /// The kind in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential proof",
            Self::Presentation => "presentation proof",
        }
    }
}
