//! When two distinguished names are equal (RFC 5280, section 7.1).
//!
//! Letters outside ASCII match by their bytes. So do strings of types other than PrintableString,
//! UTF8String and IA5String. Tables of cases and encodings would otherwise be part of every web
//! module. If two values differ, and one of them holds such letters, has such a type or holds a
//! control character, it is unknown whether RFC 5280 considers them equal. The caller then decides
//! which answer to assume.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::Any;
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::{Name, RelativeDistinguishedName};

/// Whether the names match. They must have equally many relative names, and each must match the one
/// in its place. Names for which this is unknown do not match.
pub(super) fn match_names(a: &Name, b: &Name) -> bool {
    a.0.len() == b.0.len() && is_within(a, b, false)
}

/// Whether `name` is the name `base` or a name below it: its first relative names match those of
/// `base`. `unknown` is the answer to assume if it is unknown whether two values match.
pub(super) fn is_within(name: &Name, base: &Name, unknown: bool) -> bool {
    name.0.len() >= base.0.len()
        && name.0.iter().zip(&base.0).all(|(a, b)| match_relative(a, b, unknown))
}

/// Compares relative names as sets: they have equally many attributes, and each has a match in the
/// other name.
fn match_relative(
    a: &RelativeDistinguishedName,
    b: &RelativeDistinguishedName,
    unknown: bool,
) -> bool {
    let is_matched = |attribute: &AttributeTypeAndValue, others: &RelativeDistinguishedName| {
        let mut same_type = others.0.iter().filter(|other| other.oid == attribute.oid);
        same_type.any(|other| match_values(&other.value, &attribute.value, unknown))
    };
    a.0.len() == b.0.len()
        && a.0.iter().all(|attribute| is_matched(attribute, b))
        && b.0.iter().all(|attribute| is_matched(attribute, a))
}

/// Strings match regardless of their type, their case and the number of spaces between words. Any
/// other value matches by its bytes.
fn match_values(a: &Any, b: &Any, unknown: bool) -> bool {
    let (text_a, text_b) = (folded(a), folded(b));
    let is_known = |text: &Option<String>| text.as_deref().is_some_and(is_visible_ascii);
    let same = match (&text_a, &text_b) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    same || unknown && !(is_known(&text_a) && is_known(&text_b))
}

fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn folded(value: &Any) -> Option<String> {
    if !matches!(value.tag(), Tag::PrintableString | Tag::Utf8String | Tag::Ia5String) {
        return None;
    }
    let text = std::str::from_utf8(value.value()).ok()?;
    Some(text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn case_and_spaces_between_words_do_not_matter() {
        for (a, b, matched) in [
            ("C=DE,O=Stadt  am Main", "C=de,O=STADT AM MAIN", true),
            ("C=DE,O=Stadt", "C=DE,O=Staat", false),
            ("C=DE,O=Stadt", "O=Stadt,C=DE", false),
            ("C=DE,O=Stadt", "C=DE,CN=Stadt", false),
            ("C=DE", "C=DE,O=Stadt", false),
            ("C=DE,O=M\u{fc}nchen", "C=DE,O=m\u{fc}NCHEN", true),
        ] {
            assert_eq!(match_names(&name(a), &name(b)), matched, "{a} {b}");
        }
        // The text of a name begins with its last part.
        assert!(is_within(&name("O=Stadt,C=DE"), &name("C=de"), false));
        assert!(!is_within(&name("C=DE"), &name("O=Stadt,C=DE"), true));
    }

    #[test]
    fn other_letters_in_another_case_are_not_known_to_match() {
        let (small, capital) = (name("O=m\u{fc}nchen"), name("O=M\u{dc}NCHEN"));
        assert!(!match_names(&small, &capital));
        assert!(!is_within(&small, &capital, false) && is_within(&small, &capital, true));
        assert!(!is_within(&name("O=a"), &name("O=b"), true));
        assert!(
            is_within(&name("O=a\u{1}"), &name("O=a"), true)
                && !match_names(&name("O=a\u{1}"), &name("O=a"))
        );
    }

    #[test]
    fn relative_names_match_as_sets() {
        let (two, twice) = (name("O=State+OU=Licences"), name("O=State+O=STATE"));
        assert!(match_names(&two, &name("OU=LICENCES+O=state")));
        assert!(!match_names(&two, &twice) && !match_names(&twice, &two));
        assert!(!is_within(&twice, &two, true) && !is_within(&two, &twice, true));
    }
}
