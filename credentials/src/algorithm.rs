//! The signature algorithms that are understood, and the names of those that are not.

use std::fmt;

/// A COSE algorithm whose signatures are ECDSA on P-256 with SHA-256. The two algorithms differ
/// only in their identifier, which is part of the signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ES256 (RFC 9053, section 2.1), with which ISO/IEC 18013-5 signs on P-256.
    Es256,
    /// ESP256, the fully specified form of the same algorithm (RFC 9864, section 2.1).
    Esp256,
}

impl SignatureAlgorithm {
    /// Both algorithms.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Esp256];

    /// The identifier in the COSE registry.
    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Esp256 => -9,
        }
    }

    /// The algorithm with this identifier, if it is understood.
    #[must_use]
    pub fn by_id(id: i128) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| i128::from(algorithm.id()) == id)
    }

    /// The protected header: a map that holds only the algorithm.
    #[must_use]
    pub const fn protected(self) -> [u8; 3] {
        match self {
            Self::Es256 => [0xa1, 0x01, 0x26],
            Self::Esp256 => [0xa1, 0x01, 0x28],
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Es256 => "ES256",
            Self::Esp256 => "ESP256",
        })
    }
}

/// The name in the COSE registry of an algorithm that occurs in documents.
pub(crate) fn name_of(id: i128) -> Option<&'static str> {
    const NAMES: [(i128, &str); 22] = [
        (-7, "ES256"),
        (-8, "EdDSA"),
        (-9, "ESP256"),
        (-19, "Ed25519"),
        (-35, "ES384"),
        (-36, "ES512"),
        (-37, "PS256"),
        (-38, "PS384"),
        (-39, "PS512"),
        (-47, "ES256K"),
        (-48, "ML-DSA-44"),
        (-49, "ML-DSA-65"),
        (-50, "ML-DSA-87"),
        (-51, "ESP384"),
        (-52, "ESP512"),
        (-53, "Ed448"),
        (-257, "RS256"),
        (-265, "ESB256 on brainpoolP256r1"),
        (-266, "ESB320 on brainpoolP320r1"),
        (-267, "ESB384 on brainpoolP384r1"),
        (-268, "ESB512 on brainpoolP512r1"),
        (5, "HMAC 256/256"),
    ];
    NAMES.into_iter().find(|(known, _)| *known == id).map(|(_, name)| name)
}
