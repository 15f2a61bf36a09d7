//! Path validation by RFC 5280, section 6.1, from an `x5chain` to a trusted certificate.
//!
//! The inputs of 6.1.1 are fixed: any policy is acceptable, none is required, and mapping and
//! anyPolicy are allowed. The policy tree therefore decides nothing. Extensions that could require
//! one (`policyConstraints`, `inhibitAnyPolicy`, a critical `certificatePolicies`) are refused as
//! critical extensions that are not understood. A trusted certificate constrains the certificates
//! below it like any other CA certificate: by its validity, `keyUsage`, `pathLenConstraint` and
//! `nameConstraints` (RFC 5937).
//!
//! Revocation (6.1.3 (a) (3)) is not checked, because this module has no network access.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use super::certificate::{Certificate, CertificateFault, Extension, Moment, SignerCertificate};
use super::chain::{CertificateRole, ChainError};
use super::name_constraints::Constraints;
use super::names::match_names;
use super::oid::Oid;
use crate::Timestamp;

/// Purposes that have nothing to do with signing documents: serverAuth, clientAuth, codeSigning,
/// emailProtection, timeStamping, OCSPSigning (RFC 5280 4.2.1.12). Without this rule, every TLS
/// server under a general-purpose root could issue documents.
const FOREIGN_PURPOSES: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9"),
];

/// A signer whose path is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidPath {
    /// The signer.
    pub signer: SignerCertificate,
    /// Number of certificates, from the first of the `x5chain`, that make up the path. The trusted
    /// certificate is not counted, unless it is the signer's own.
    pub certificates: usize,
}

/// Validates the path from the signer, which is the first certificate of `x5chain`, through the
/// certificates that follow, in their order, to `anchor` (all in DER).
///
/// The signer must be valid at `signed` and at `now`, and all other certificates at `now`. With
/// `require_eku`, the signer's `extKeyUsage` must contain that purpose. If the signer's certificate
/// is `anchor` itself, it may say CA:TRUE; the other rules for a signer still apply. Certificates
/// after `anchor` in the `x5chain` are ignored.
///
/// # Errors
/// [`ChainError`] names the certificate and the rule. Certificates are checked from the trusted one
/// down to the signer.
pub fn verify_path<C: AsRef<[u8]>>(
    x5chain: &[C],
    anchor: &[u8],
    require_eku: Option<&Oid>,
    signed: Timestamp,
    now: Timestamp,
) -> Result<ValidPath, ChainError> {
    let leaf = x5chain.first().map_or(&[][..], AsRef::as_ref);
    if leaf == anchor {
        let signer =
            Certificate::from_der(leaf).map_err(CertificateRole::DocumentSigner.fault())?;
        let signer = check_leaf_at(&signer, true, require_eku, signed, now)?;
        return Ok(ValidPath { signer, certificates: 1 });
    }
    let length = x5chain.iter().position(|der| der.as_ref() == anchor).unwrap_or(x5chain.len());
    let mut path = Vec::new();
    for (index, der) in x5chain.iter().take(length).enumerate() {
        path.push(Certificate::from_der(der.as_ref()).map_err(CertificateRole::at(index).fault())?);
    }
    let at_root = CertificateRole::Root(0).fault();
    let anchor = Certificate::from_der(anchor).map_err(&at_root)?;
    if let Some(top) = path.last()
        && !match_names(top.issuer(), anchor.subject())
    {
        return Err(CertificateRole::at(path.len() - 1).fault()(CertificateFault::IssuerUntrusted));
    }

    // 6.1.2, and the constraints of the anchor.
    let mut state = State { constraints: Constraints::default(), max_path_length: path.len() };
    anchor.check_valid_at(Moment::Now, now).map_err(&at_root)?;
    state.prepare_for_next(&anchor, false).map_err(&at_root)?;

    let mut issuer = &anchor;
    for (index, certificate) in path.iter().enumerate().rev() {
        let fault = CertificateRole::at(index).fault();
        check_issued(certificate, issuer, now).map_err(&fault)?;
        let self_issued = match_names(certificate.issuer(), certificate.subject());
        if index == 0 || !self_issued {
            state.constraints.check(certificate).map_err(&fault)?;
        }
        if index > 0 {
            state.prepare_for_next(certificate, !self_issued).map_err(&fault)?;
        }
        issuer = certificate;
    }
    let signer = check_leaf_at(issuer, false, require_eku, signed, now)?;
    Ok(ValidPath { signer, certificates: path.len() })
}

/// Checks that a certificate which is trusted as it is follows the rules for a signer. It may say
/// CA:TRUE.
///
/// # Errors
/// [`CertificateFault`] names the rule.
pub fn check_pinned_signer(der: &[u8], require_eku: Option<&Oid>) -> Result<(), CertificateFault> {
    check_leaf(&Certificate::from_der(der)?, true, require_eku)
}

/// The state that 6.1.2 sets up and that each certificate changes for the certificates below it.
struct State {
    constraints: Constraints,
    max_path_length: usize,
}

impl State {
    /// 6.1.4, in its order, for a certificate that issues others. `counts` says whether the
    /// certificate reduces the remaining path length.
    fn prepare_for_next(
        &mut self,
        ca: &Certificate<'_>,
        counts: bool,
    ) -> Result<(), CertificateFault> {
        ca.check_extensions_unique()?;
        // (g)
        self.constraints.add(ca)?;
        // (k)
        let constraints = ca.extension::<BasicConstraints>(Extension::BasicConstraints)?;
        let Some(BasicConstraints { ca: true, path_len_constraint }) =
            constraints.map(|(_, constraints)| constraints)
        else {
            return Err(CertificateFault::NotCa);
        };
        // (l)
        if counts {
            self.max_path_length =
                self.max_path_length.checked_sub(1).ok_or(CertificateFault::PathTooLong)?;
        }
        // (m)
        if let Some(length) = path_len_constraint {
            self.max_path_length = self.max_path_length.min(usize::from(length));
        }
        // (n)
        if let Some((_, KeyUsage(usage))) = ca.extension::<KeyUsage>(Extension::KeyUsage)?
            && !usage.contains(KeyUsages::KeyCertSign)
        {
            return Err(CertificateFault::KeyUsage("lacks keyCertSign"));
        }
        // (o)
        ca.check_critical_extensions_of_path()?;
        // This goes beyond RFC 5280, which does not say what the purposes of a CA mean for the
        // certificates below it.
        check_purposes(ca, None)
    }
}

/// 6.1.3 (a).
fn check_issued(
    certificate: &Certificate<'_>,
    issuer: &Certificate<'_>,
    now: Timestamp,
) -> Result<(), CertificateFault> {
    if !match_names(certificate.issuer(), issuer.subject()) {
        return Err(CertificateFault::IssuerName);
    }
    certificate.check_signature(issuer)?;
    certificate.check_valid_at(Moment::Now, now)
}

fn check_leaf_at(
    signer: &Certificate<'_>,
    pinned: bool,
    require_eku: Option<&Oid>,
    signed: Timestamp,
    now: Timestamp,
) -> Result<SignerCertificate, ChainError> {
    let check = || {
        check_leaf(signer, pinned, require_eku)?;
        signer.check_valid_at(Moment::Signed, signed)?;
        signer.check_valid_at(Moment::Now, now)?;
        signer.signer()
    };
    check().map_err(CertificateRole::DocumentSigner.fault())
}

/// 6.1.5 (f), and the rules for a signer of documents.
fn check_leaf(
    signer: &Certificate<'_>,
    pinned: bool,
    require_eku: Option<&Oid>,
) -> Result<(), CertificateFault> {
    signer.check_extensions_unique()?;
    signer.check_critical_extensions_of_path()?;
    let constraints = signer.extension::<BasicConstraints>(Extension::BasicConstraints)?;
    if !pinned && constraints.is_some_and(|(_, constraints)| constraints.ca) {
        return Err(CertificateFault::Ca);
    }
    // 4.2.1.3: a key whose usage is not restricted may sign.
    if let Some((_, KeyUsage(usage))) = signer.extension::<KeyUsage>(Extension::KeyUsage)?
        && !usage.contains(KeyUsages::DigitalSignature)
    {
        return Err(CertificateFault::KeyUsage("lacks digitalSignature"));
    }
    check_purposes(signer, require_eku)
}

/// 4.2.1.12: if purposes are named, at least one of them is not foreign. The required purpose is
/// one of them.
fn check_purposes(
    certificate: &Certificate<'_>,
    required: Option<&Oid>,
) -> Result<(), CertificateFault> {
    let purposes = certificate.extension::<ExtendedKeyUsage>(Extension::ExtendedKeyUsage)?;
    let purposes = purposes.map(|(_, ExtendedKeyUsage(purposes))| purposes);
    if let Some(required) = required
        && !purposes.iter().flatten().any(|purpose| *purpose == required.0)
    {
        return Err(CertificateFault::ExtendedKeyUsageRequired { oid: required.to_string() });
    }
    if purposes
        .is_some_and(|purposes| purposes.iter().all(|purpose| FOREIGN_PURPOSES.contains(purpose)))
    {
        return Err(CertificateFault::ExtendedKeyUsageForeign);
    }
    Ok(())
}
