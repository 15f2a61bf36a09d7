//! Public keys of certificates in words, for messages about keys that are not supported.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::db::{rfc5912, rfc8410};
use x509_cert::spki::AlgorithmIdentifierRef;

/// Curves that occur in certificates (RFC 5480, RFC 5639, SEC 2), except those of `rfc5912`.
const CURVES: [(ObjectIdentifier, &str); 5] = [
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), "secp256k1"),
    (ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.7"), "brainpoolP256r1"),
    (ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.9"), "brainpoolP320r1"),
    (ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.11"), "brainpoolP384r1"),
    (ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.13"), "brainpoolP512r1"),
];

/// A description of a public key with this algorithm.
pub(super) fn in_words(algorithm: &AlgorithmIdentifierRef<'_>) -> String {
    match algorithm.oid {
        rfc5912::ID_EC_PUBLIC_KEY => {
            match algorithm.parameters.and_then(|parameters| parameters.decode_as().ok()) {
                Some(curve) => format!("an EC key on {}", curve_in_words(curve)),
                None => "an EC key whose curve is not named".to_owned(),
            }
        }
        rfc5912::RSA_ENCRYPTION => "an RSA key".to_owned(),
        rfc8410::ID_ED_25519 => "an Ed25519 key".to_owned(),
        rfc8410::ID_ED_448 => "an Ed448 key".to_owned(),
        other => format!("a key of algorithm {other}"),
    }
}

fn curve_in_words(curve: ObjectIdentifier) -> String {
    let known = [
        (rfc5912::SECP_256_R_1, "P-256"),
        (rfc5912::SECP_384_R_1, "P-384"),
        (rfc5912::SECP_521_R_1, "P-521"),
    ];
    match known.iter().chain(&CURVES).find(|(oid, _)| *oid == curve) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("curve {curve}"),
    }
}

#[cfg(test)]
mod tests {
    use x509_cert::der::asn1::{Any, AnyRef};

    use super::*;

    #[test]
    fn keys_are_named() {
        let ec =
            |curve: &str| Some(Any::encode_from(&ObjectIdentifier::new_unwrap(curve)).unwrap());
        for (oid, parameters, words) in [
            ("1.2.840.10045.2.1", ec("1.2.840.10045.3.1.7"), "an EC key on P-256"),
            ("1.2.840.10045.2.1", ec("1.3.132.0.34"), "an EC key on P-384"),
            ("1.2.840.10045.2.1", ec("1.3.132.0.35"), "an EC key on P-521"),
            ("1.2.840.10045.2.1", ec("1.3.36.3.3.2.8.1.1.7"), "an EC key on brainpoolP256r1"),
            ("1.2.840.10045.2.1", ec("1.3.132.0.33"), "an EC key on curve 1.3.132.0.33"),
            ("1.2.840.10045.2.1", Some(Any::null()), "an EC key whose curve is not named"),
            ("1.2.840.10045.2.1", None, "an EC key whose curve is not named"),
            ("1.2.840.113549.1.1.1", Some(Any::null()), "an RSA key"),
            ("1.3.101.112", None, "an Ed25519 key"),
            ("1.3.101.113", None, "an Ed448 key"),
            ("1.3.101.110", None, "a key of algorithm 1.3.101.110"),
        ] {
            let oid = ObjectIdentifier::new_unwrap(oid);
            let parameters = parameters.as_ref().map(AnyRef::from);
            assert_eq!(in_words(&AlgorithmIdentifierRef { oid, parameters }), words);
        }
    }
}
