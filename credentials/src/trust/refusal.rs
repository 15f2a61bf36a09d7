//! Why none of a request's issuers vouches for a document. Of several reasons, the most telling one
//! is reported, together with who can fix it.

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::trust::Profile;
use crate::x509::{CertificateFault, CertificateRole, ChainError, Moment, check_validity};

/// Why an issuer of a request vouches for no one. The least telling reason comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The issuer's key did not make the signature.
    OtherKey,
    /// The certificates that came with the signature do not name this root.
    Stranger,
    /// A root cannot vouch for anyone, because no certificates came with the signature. The text
    /// says why there are none.
    NoCertificates(String),
    /// A certificate breaks a rule of the profile.
    Certificate { index: usize, profile: Profile, error: ChainError },
    /// A pinned certificate breaks a rule of the profile that the request requires of it, or has a
    /// fault without a profile.
    Pinned { index: usize, profile: Option<Profile>, fault: CertificateFault },
    /// The document was signed outside the validity of a certificate.
    SignedOutside,
    /// A certificate is not valid at the required time.
    Time { index: usize, error: ChainError },
}

impl Refusal {
    /// The refusal of the root with this index. `is_named` says whether the signer's certificate
    /// names the root as its issuer.
    pub(super) fn of_root(
        index: usize,
        profile: Profile,
        error: ChainError,
        is_named: bool,
    ) -> Self {
        match error.fault {
            _ if !is_named => Self::Stranger,
            CertificateFault::NotYetValid { .. } | CertificateFault::Expired { .. } => {
                Self::Time { index, error }
            }
            CertificateFault::IssuerUntrusted => Self::Stranger,
            _ => Self::Certificate { index, profile, error },
        }
    }

    /// The refusal because the signer's certificate is not valid at these times, whoever issued it.
    pub(super) fn of_time(leaf: &[u8], signed: Timestamp, now: Timestamp) -> Option<Self> {
        let fault = check_validity(leaf, signed, now).err()?;
        let error = ChainError { certificate: CertificateRole::DocumentSigner, fault };
        Some(Self::Time { index: 0, error })
    }

    /// How telling the reason is. A greater weight tells more.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::OtherKey | Self::Stranger => 0,
            Self::NoCertificates(_) => 1,
            Self::Certificate { .. } | Self::Pinned { .. } => 2,
            Self::SignedOutside => 3,
            Self::Time { .. } => 4,
        }
    }

    /// What is wrong, without what to do.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::OtherKey => "its key did not make the signature".to_owned(),
            Self::Stranger => CertificateFault::IssuerUntrusted.to_string(),
            Self::NoCertificates(why) => why.clone(),
            Self::Certificate { index, profile, error } => {
                let certificate = named(error.certificate, *index);
                format!("under profile {:?}, {certificate}: {}", profile.name(), error.fault)
            }
            Self::Pinned { index, profile, fault } => {
                let under = profile.map(|profile| format!("under profile {:?}, ", profile.name()));
                format!("{}the certificate of issuers[{index}]: {fault}", under.unwrap_or_default())
            }
            Self::SignedOutside => {
                "the document was signed outside the validity of its signer's certificate"
                    .to_owned()
            }
            Self::Time { index, error } => {
                let certificate = named(error.certificate, *index);
                let when = match error.fault {
                    CertificateFault::Expired { moment: Moment::Now, .. } => "has expired",
                    CertificateFault::Expired { .. } => "had expired when the document was signed",
                    _ => "is not valid yet",
                };
                format!("{certificate} {when}: {}", error.fault)
            }
        }
    }

    /// The whole message for a holder.
    fn message(&self) -> String {
        const ANEW: &str =
            "the issuer must issue the document anew, under a certificate that is valid";
        const PIN: &str =
            "if you trust this signer, pin its own certificate (x509_pem) or key (sec1_hex)";
        let reason = self.reason();
        match self {
            Self::OtherKey => {
                "none of the request's issuers made the signature; add the issuer if you trust it"
                    .to_owned()
            }
            Self::Stranger => {
                format!(
                    "none of the request's issuers made the signature ({reason}); add the issuer if you trust it"
                )
            }
            Self::NoCertificates(_) => {
                format!(
                    "{reason}; a root vouches only for a signer whose certificate is in x5chain: \
                     the issuer must put it there, or the verifier must pin the signer's own \
                     certificate (x509_pem) or key (sec1_hex)"
                )
            }
            Self::Certificate { profile: Profile::Iso18013_5, .. } => {
                format!(
                    "{reason}; {PIN}, or trust its root with profile \"pki\" if these \
                     certificates follow only RFC 5280"
                )
            }
            Self::Certificate { .. } => format!("{reason}; {PIN}"),
            Self::Pinned { .. } => {
                format!("{reason}; leave the profile out to trust the certificate as it is")
            }
            Self::SignedOutside => format!("{reason}; {ANEW}"),
            Self::Time {
                index,
                error: ChainError { certificate: CertificateRole::Root(_), .. },
            } => {
                format!("{reason}; the request must name a valid root at issuers[{index}]")
            }
            Self::Time { .. } => format!("{reason}; {ANEW}"),
        }
    }

    /// The error `issuer_untrusted` for a signed document.
    pub(super) fn into_error(self) -> Error {
        Error::new(Code::IssuerUntrusted, "", self.message())
    }
}

fn named(certificate: CertificateRole, index: usize) -> String {
    match certificate {
        CertificateRole::Root(_) => format!("the root certificate of issuers[{index}]"),
        other => format!("the {other}"),
    }
}
