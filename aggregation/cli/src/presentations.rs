//! The presentations that are aggregated, each with the session and the request that it answers.

use std::path::{Path, PathBuf};

use velum_aggregate_verifier::{Digest, digest_to_bytes};
use velum_cli::failure::Failure;
use velum_cli::{files, inputs};
use velum_credentials::{Claim, Presentation, Verifier, limits};
use velum_receipt::ReceiptError;
use velum_wallet::Challenge;

/// A presentation and its claim.
pub struct Item {
    /// The path from which the presentation was read.
    pub path: PathBuf,
    /// The presentation.
    pub presentation: Presentation,
    /// What the presentation claims.
    pub claim: Claim,
    /// The hash of the claim.
    pub statement: Digest,
}

impl Item {
    /// Reads a presentation and the session and request that it answers, and verifies it.
    pub fn read_and_verify(
        verifier: &Verifier,
        presentation: &Path,
        transcript: &Path,
        request: &Path,
    ) -> Result<Self, Failure> {
        let challenge = inputs::challenge(transcript, request)?;
        let item = Self::read(presentation, &challenge)?;
        verifier.verify(&item.presentation, challenge.transcript(), challenge.request())?;
        Ok(item)
    }

    /// Reads a presentation that answers a challenge. Its proofs are not verified.
    pub fn read(path: &Path, challenge: &Challenge) -> Result<Self, Failure> {
        let bytes = files::read(path, limits::PRESENTATION_BYTES)?;
        Self::new(path, Presentation::from_bytes(&bytes)?, challenge)
    }

    /// A presentation that was read from `path`, and its claim in answer to a challenge.
    pub fn new(
        path: &Path,
        presentation: Presentation,
        challenge: &Challenge,
    ) -> Result<Self, Failure> {
        let claim = challenge.claim(&presentation)?;
        let statement = velum_receipt::statement(&claim).map_err(refused)?;
        Ok(Self { path: path.to_owned(), presentation, claim, statement })
    }

    /// The hash of the claim, as bytes.
    pub fn statement_bytes(&self) -> [u8; 32] {
        digest_to_bytes(self.statement)
    }
}

/// The failure that scripts see if a receipt or a claim is refused.
pub fn refused(error: ReceiptError) -> Failure {
    match error {
        ReceiptError::Claim(error) => error.into(),
        _ => Failure::receipt_invalid(error.place(), error.message()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_refused_as_it_says_itself() {
        let claim = velum_credentials::Error::new(
            velum_credentials::Code::DocType,
            "request.doc_type",
            "of another type",
        );
        for error in [ReceiptError::Claim(claim), ReceiptError::Payee] {
            let failure = refused(error.clone());
            let found = (failure.code(), failure.place(), failure.message());
            assert_eq!(found, (error.code(), error.place(), error.message().as_str()));
        }
    }
}
