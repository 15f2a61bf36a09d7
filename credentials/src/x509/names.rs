//! When two distinguished names are one (RFC 5280, section 7.1).

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::Any;
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::{Name, RelativeDistinguishedName};

/// Whether the names match: as many relative names, and each matches the one in its place.
pub(super) fn match_names(a: &Name, b: &Name) -> bool {
    a.0.len() == b.0.len() && is_within(a, b)
}

/// Whether `name` is the name `base` or below it: its first relative names match those of `base`.
pub(super) fn is_within(name: &Name, base: &Name) -> bool {
    name.0.len() >= base.0.len() && name.0.iter().zip(&base.0).all(|(a, b)| match_relative(a, b))
}

/// As sets: as many attributes, and each has its match in the other.
fn match_relative(a: &RelativeDistinguishedName, b: &RelativeDistinguishedName) -> bool {
    let matched = |attribute: &AttributeTypeAndValue| {
        b.0.iter().any(|other| other.oid == attribute.oid && match_values(&other.value, &attribute.value))
    };
    a.0.len() == b.0.len() && a.0.iter().all(matched)
}

/// Strings match whatever their type, case and spaces between words; anything else by its bytes.
fn match_values(a: &Any, b: &Any) -> bool {
    match (folded(a), folded(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn folded(value: &Any) -> Option<String> {
    if !matches!(value.tag(), Tag::PrintableString | Tag::Utf8String | Tag::Ia5String) {
        return None;
    }
    let text = std::str::from_utf8(value.value()).ok()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}
