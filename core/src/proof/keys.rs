//! The verifier keys of both proofs: their chips, and the hashes that are compiled in.
//!
//! A hash covers what [`VerifierKey::hash`] describes, which includes the constraint program and
//! the fixed columns. If a rule, a label, a column or a parameter is changed, the test
//! `proof::tests::keys` fails. The version of each suite whose hash has changed must then be raised
//! ([`Suite::version`]), and the new hash must be pinned.

use velum_stark::VerifierKey;
use velum_stark::air::Chip;

use crate::class::SizeClass;
use crate::kind::ProofKind;
use crate::suite::Suite;

/// The pinned hash of a key. It is zeros for a class that was made up, which has no pinned hash.
///
/// Suites and classes are looked up by their names, which are unique in this crate.
pub(super) fn hash(suite: Suite, class: SizeClass, kind: ProofKind) -> [u8; 32] {
    let is_known = SizeClass::by_name(class.name) == Some(class);
    let name = (suite.name(), class.name, kind);
    let known =
        HASHES.iter().find(|(suite, class, kind, _)| is_known && (*suite, *class, *kind) == name);
    known.map_or([0; 32], |(.., hash)| *hash)
}

/// The hashes of all keys of a suite, in the order of size classes. Within each class, the
/// credential proof precedes the presentation proof.
pub fn pinned_keys(suite: Suite) -> Vec<[u8; 32]> {
    let of_suite = HASHES.iter().filter(|(name, ..)| *name == suite.name());
    of_suite.map(|(.., hash)| *hash).collect()
}

const HASHES: [(&str, &str, ProofKind, [u8; 32]); 18] = [
    (
        "direct",
        "standard",
        ProofKind::Credential,
        bytes("f9df561393ce00ec14e349659804b2bce96d07634df7e6f63e636d5e84a0206c"),
    ),
    (
        "direct",
        "standard",
        ProofKind::Presentation,
        bytes("eb7830157f138fa854d60e290826fb0fbe1cd5e6362f127fbce41a16a3d7eefb"),
    ),
    (
        "direct",
        "large",
        ProofKind::Credential,
        bytes("3b930539e79155ca2d1a343bebdb944f43066e1308aa5a2e57109c09badf78b5"),
    ),
    (
        "direct",
        "large",
        ProofKind::Presentation,
        bytes("c2eed07d0af9eb5bcac70c3c6dc88f0d5faa923a694653d2f10f27fd4665b365"),
    ),
    (
        "direct",
        "extra",
        ProofKind::Credential,
        bytes("ce395d06a2a6101b51c5757dd80f40a1f25e02e36ffc5929d7a98aee6546963a"),
    ),
    (
        "direct",
        "extra",
        ProofKind::Presentation,
        bytes("6f30d226c9877a52c573d706f2c44a94b51bed2c6ac4c6cc758d32ce72df5e06"),
    ),
    (
        "compact",
        "standard",
        ProofKind::Credential,
        bytes("073bacb774d02760e47eb7705131d1da2e223d0b0826ab34cdfa38f2ec77f1d1"),
    ),
    (
        "compact",
        "standard",
        ProofKind::Presentation,
        bytes("d75cf5cf2a3d5d720c7d05d834fc2492bd0a68c06015829266599a1d65951cb5"),
    ),
    (
        "compact",
        "large",
        ProofKind::Credential,
        bytes("b08bb73856bf95fdb1c9d8e86c08b53253922a0d3127c2ecff76f6201e612ec9"),
    ),
    (
        "compact",
        "large",
        ProofKind::Presentation,
        bytes("301da47ba895f32b97da5ff6b80b7964bd42b3d151dc22b9ac85a4b4a47f86d2"),
    ),
    (
        "compact",
        "extra",
        ProofKind::Credential,
        bytes("ccd90abfef65c6a43b044e65575069adc1a0cc8b5dfcf4cbb0e8eb76cafcfc25"),
    ),
    (
        "compact",
        "extra",
        ProofKind::Presentation,
        bytes("25567a98450d16e4a2cc72e1db931e0e25c00e2237d286fce5779defa6600281"),
    ),
    (
        "aggregatable",
        "standard",
        ProofKind::Credential,
        bytes("8a13c5eeab523174e8332c4348d22e94e8120798980c823fb6446549b09cfa61"),
    ),
    (
        "aggregatable",
        "standard",
        ProofKind::Presentation,
        bytes("b5cf745cae0b53ee6d1a30427cdee08ddba73a4ee7ead2d6ae4fee78301f1e1a"),
    ),
    (
        "aggregatable",
        "large",
        ProofKind::Credential,
        bytes("75eb668badba32c71b02c5702546a20e4bf6dd682118a9c9c16b5af93b2eed41"),
    ),
    (
        "aggregatable",
        "large",
        ProofKind::Presentation,
        bytes("8421eafd6ccdc1b10ebf91a58e559248a2938376943348ea3395206749be9a58"),
    ),
    (
        "aggregatable",
        "extra",
        ProofKind::Credential,
        bytes("853ffac50a452db1b7c7c69dd3b619e0423105bbea84d5963187e93b51412617"),
    ),
    (
        "aggregatable",
        "extra",
        ProofKind::Presentation,
        bytes("e416a8867eeb28b25a7a6a55e77f0ed36ad86247132e46b84cc4884b7aa077a0"),
    ),
];

/// Reads 32 bytes from hexadecimal digits.
const fn bytes(digits: &str) -> [u8; 32] {
    const fn digit(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit - b'a' + 10,
        }
    }
    let digits = digits.as_bytes();
    let mut bytes = [0; 32];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]);
        i += 1;
    }
    bytes
}

/// The verifier key over `chips`.
pub(crate) fn verifier_key<C: Chip>(
    suite: Suite,
    class: SizeClass,
    kind: ProofKind,
    chips: &[C],
) -> VerifierKey {
    VerifierKey::with_hash(suite.parameters(kind, &class), chips, hash(suite, class, kind))
}
