//! Validates the path from an `x5chain` to a trusted IACA root.

use std::fmt;

use thiserror::Error;

use super::certificate::{Certificate, CertificateFault, Moment, SignerCertificate};
use crate::Timestamp;

/// Which certificate of a chain broke a rule, and which rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{certificate}: {fault}")]
pub struct ChainError {
    /// The certificate at fault.
    pub certificate: CertificateRole,
    /// The rule that it breaks.
    pub fault: CertificateFault,
}

/// The place of a certificate in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateRole {
    /// The first certificate of the `x5chain`.
    DocumentSigner,
    /// A later certificate of the `x5chain`, by index.
    Chain(usize),
    /// A trusted root, by its index among the roots given.
    Root(usize),
}

impl fmt::Display for CertificateRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DocumentSigner => f.write_str("document signer certificate (x5chain 0)"),
            Self::Chain(index) => write!(f, "certificate at x5chain {index}"),
            Self::Root(index) => write!(f, "trusted root {index}"),
        }
    }
}

impl CertificateRole {
    /// The place of the certificate with this index in the `x5chain`.
    pub(super) fn at(index: usize) -> Self {
        if index == 0 { Self::DocumentSigner } else { Self::Chain(index) }
    }

    pub(super) fn fault(self) -> impl Fn(CertificateFault) -> ChainError {
        move |fault| ChainError { certificate: self, fault }
    }
}

/// Validates the path from the document signer, which is the first certificate of `x5chain`, to one
/// of `roots` (all in DER).
///
/// The signer must have the Annex B profile and be valid at `signed`, the MSO's date, and at `now`.
/// The root with the name of the signer's issuer must have the IACA profile, be valid at `now`, and
/// have made the signature. If several trusted roots have that name (because an IACA changed its
/// key), the root with the signer's authority key identifier is used.
///
/// # Errors
/// [`ChainError`] names the certificate and the first rule that fails, in this order: the signer by
/// itself, trust in its issuer, the issuer by itself, the two together, other certificates in
/// `x5chain`.
pub fn verify_chain<C: AsRef<[u8]>, R: AsRef<[u8]>>(
    x5chain: &[C],
    roots: &[R],
    signed: Timestamp,
    now: Timestamp,
) -> Result<SignerCertificate, ChainError> {
    let at_signer = CertificateRole::DocumentSigner.fault();
    let leaf = x5chain.first().map_or(&[][..], AsRef::as_ref);
    let signer = Certificate::from_der(leaf).map_err(&at_signer)?;
    let accepted = check_signer(&signer, signed, now).map_err(&at_signer)?;

    let (index, root) = issuing_root(&signer, roots)?;
    let at_root = CertificateRole::Root(index).fault();
    root.check_iaca_profile().map_err(&at_root)?;
    root.check_valid_at(Moment::Now, now).map_err(&at_root)?;
    check_issued(&signer, &root).map_err(&at_signer)?;

    match x5chain.iter().skip(1).position(|certificate| certificate.as_ref() != root.der()) {
        Some(later) => {
            Err(CertificateRole::Chain(later + 1).fault()(CertificateFault::Intermediate))
        }
        None => Ok(accepted),
    }
}

fn check_signer(
    signer: &Certificate<'_>,
    signed: Timestamp,
    now: Timestamp,
) -> Result<SignerCertificate, CertificateFault> {
    signer.p256_key()?;
    signer.check_document_signer_profile()?;
    signer.check_valid_at(Moment::Signed, signed)?;
    signer.check_valid_at(Moment::Now, now)?;
    signer.signer()
}

/// The trusted root that has the name of the signer's issuer. If several have it, the key
/// identifier decides.
fn issuing_root<'r, R: AsRef<[u8]>>(
    signer: &Certificate<'_>,
    roots: &'r [R],
) -> Result<(usize, Certificate<'r>), ChainError> {
    let at_signer = CertificateRole::DocumentSigner.fault();
    let wanted = signer.authority_key_identifier().map_err(&at_signer)?;
    let mut fault = CertificateFault::IssuerUntrusted;
    for (index, der) in roots.iter().enumerate() {
        let at_root = CertificateRole::Root(index).fault();
        let root = Certificate::from_der(der.as_ref()).map_err(&at_root)?;
        if root.subject() != signer.issuer() {
            continue;
        }
        if root.subject_key_identifier().map_err(&at_root)? == wanted {
            return Ok((index, root));
        }
        fault = CertificateFault::KeyIdentifierMismatch;
    }
    Err(at_signer(fault))
}

/// Checks that a document signer's certificate has the profile of Annex B.
///
/// # Errors
/// [`CertificateFault`] names the rule.
pub fn check_annex_b_signer(der: &[u8]) -> Result<(), CertificateFault> {
    Certificate::from_der(der)?.check_document_signer_profile()
}

/// Checks only that a signer's certificate is valid at both times. A certificate that cannot be
/// read passes, because its fault is not one of time.
pub(crate) fn check_validity(
    der: &[u8],
    signed: Timestamp,
    now: Timestamp,
) -> Result<(), CertificateFault> {
    let Ok(certificate) = Certificate::from_der(der) else { return Ok(()) };
    certificate.check_valid_at(Moment::Signed, signed)?;
    certificate.check_valid_at(Moment::Now, now)
}

/// Whether a certificate names `issuer` as its issuer. Only the name is compared. The answer is no
/// if either certificate cannot be read.
pub(crate) fn names_as_issuer(certificate: &[u8], issuer: &[u8]) -> bool {
    match (Certificate::from_der(certificate), Certificate::from_der(issuer)) {
        (Ok(certificate), Ok(issuer)) => certificate.issuer() == issuer.subject(),
        _ => false,
    }
}

/// Checks the rules that connect the two certificates. Their names and key identifiers are known to
/// match.
fn check_issued(signer: &Certificate<'_>, root: &Certificate<'_>) -> Result<(), CertificateFault> {
    signer.check_signature(root)?;
    if signer.country()? != root.country()? {
        return Err(CertificateFault::CountryMismatch);
    }
    if root.states().next().is_some()
        && signer.states().next().is_some()
        && !signer.states().eq(root.states())
    {
        return Err(CertificateFault::StateMismatch);
    }
    if signer.not_before() < root.not_before() || signer.not_after() > root.not_after() {
        return Err(CertificateFault::ValidityOutsideIssuer);
    }
    Ok(())
}
