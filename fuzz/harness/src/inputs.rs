//! Inputs: seeds from the test data, findings that are kept, inputs in several parts, and huge ones.

use std::path::Path;

use serde_bytes::{ByteBuf, Bytes};

/// The form of a target's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Anything, such as DER.
    Bytes,
    /// A CBOR item. Byte strings in it may hold further items. Targets that take several inputs
    /// take an array of byte strings: see [`join`].
    Cbor,
    /// A JSON text.
    Json,
}

/// Joins several inputs into one.
#[must_use]
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().map(|part| Bytes::new(part)).collect();
    let mut joined = Vec::new();
    // Writing to a vector does not fail.
    let _ = ciborium::into_writer(&parts, &mut joined);
    joined
}

/// Takes an input apart that [`join`] made of `N` inputs, fewer than 24. Returns `None` for any other
/// input, before it takes memory.
#[must_use]
pub fn split<const N: usize>(input: &[u8]) -> Option<[Vec<u8>; N]> {
    /// The first byte of a CBOR array without items.
    const ARRAY: u8 = 0x80;
    let (head, mut rest) = input.split_first()?;
    if usize::from(head ^ ARRAY) != N {
        return None;
    }
    let mut parts = Vec::with_capacity(N);
    for _ in 0..N {
        parts.push(ciborium::from_reader::<ByteBuf, _>(&mut rest).ok()?.into_vec());
    }
    if rest.is_empty() { parts.try_into().ok() } else { None }
}

/// The inputs with which a fuzzer found something, in `fuzz/findings/TARGET`.
///
/// # Panics
/// The folder cannot be read, although it exists.
#[must_use]
pub fn findings(target: &str) -> Vec<Vec<u8>> {
    let folder = format!("fuzz/findings/{target}");
    if root().join(&folder).exists() { stored(&folder, |_| true) } else { Vec::new() }
}

/// The files in a folder of the project and the folders below it whose paths from that folder are
/// wanted, in the order of their paths.
///
/// # Panics
/// There is no such file, or one cannot be read: a target must not lose its seeds unnoticed.
#[must_use]
pub fn stored(folder: &str, is_wanted: fn(&str) -> bool) -> Vec<Vec<u8>> {
    let top = root().join(folder);
    let (mut folders, mut paths) = (vec![top.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => paths.push(path),
            }
        }
    }
    // Where the project lies must not matter.
    paths.retain(|path| path.strip_prefix(&top).is_ok_and(|it| is_wanted(&it.to_string_lossy())));
    paths.sort();
    assert!(!paths.is_empty(), "{folder} has no such files");
    paths.iter().map(|path| std::fs::read(path).expect("the file can be read")).collect()
}

/// The folder of the project.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Bytes in the longest inputs.
pub const MOST_BYTES: usize = 1_000_000;

/// Inputs of [`MOST_BYTES`] that are cheap to write and could be dear to read: deep nesting of each
/// kind, very many small items, and lengths that promise more than there is.
#[must_use]
pub fn huge(form: Form) -> Vec<Vec<u8>> {
    let repeated = |unit: &[u8]| unit.iter().copied().cycle().take(MOST_BYTES).collect::<Vec<u8>>();
    let headed = |head: &[u8], unit: &[u8]| {
        let mut input = head.to_vec();
        input.extend(unit.iter().cycle().take(MOST_BYTES - head.len()));
        input
    };
    match form {
        Form::Bytes => vec![repeated(b"\x30\x80"), repeated(b"\x00"), repeated(b"\xff")],
        Form::Json => vec![
            repeated(b"["),
            repeated(b"{\"a\":"),
            headed(b"[", b"0,"),
            headed(b"{", b"\"a\":0,"),
            headed(b"\"", b"\\u0000"),
            repeated(b"9"),
        ],
        Form::Cbor => vec![
            repeated(b"\x81"),
            repeated(b"\xa1\x00"),
            repeated(b"\xc1"),
            repeated(b"\x9f"),
            repeated(b"\xbf\x00"),
            repeated(b"\xd8\x18\x5f"),
            headed(b"\x9f", b"\x00"),
            headed(b"\xbf", b"\x00\x80"),
            headed(b"\x9a\x00\x0f\x42\x3b", b"\x80"),
            headed(b"\xba\x00\x07\xa1\x1d", b"\x60\xa0"),
            headed(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", b"\x00"),
            headed(b"\x5b\x00\x00\x00\x00\xff\xff\xff\xff", b"\x00"),
            headed(b"\x5f", b"\x40"),
            headed(b"\x7f", b"\x60"),
        ],
    }
}

/// Bytes of a nested value: one for the innermost value, and a multiple of the bytes that each kind
/// of nesting takes for a level.
pub(crate) const NESTED_BYTES: usize = 6 * 160_000 + 1;

/// Values of [`NESTED_BYTES`] that nest as deep as that allows, in each way that a form has.
pub(crate) fn nested(form: Form) -> Vec<Vec<u8>> {
    let around = |open: &[u8], inner: &[u8], close: &[u8]| {
        let depth = (NESTED_BYTES - inner.len()) / (open.len() + close.len());
        [&open.repeat(depth), inner, &close.repeat(depth)].concat()
    };
    match form {
        Form::Bytes => Vec::new(),
        Form::Json => vec![around(b"[", b"0", b"]"), around(b"{\"a\":", b"0", b"}")],
        Form::Cbor => vec![
            around(b"\x81", b"\x00", b""),
            around(b"\xa1\x00", b"\x00", b""),
            around(b"\xc1", b"\x00", b""),
            around(b"\x9f", b"\x00", b"\xff"),
            around(b"\xbf\x00", b"\x00", b"\xff"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_apart_as_they_were_joined() {
        let joined = join(&[b"a", b"", b"\x00"]);
        assert_eq!(split(&joined), Some([b"a".to_vec(), vec![], vec![0]]));
        assert_eq!(split::<2>(&joined), None);
        assert_eq!(split::<1>(b"\x81\x00"), None);
    }

    #[test]
    fn huge_inputs_have_their_length() {
        for form in [Form::Bytes, Form::Cbor, Form::Json] {
            assert!(huge(form).iter().all(|input| input.len() == MOST_BYTES), "{form:?}");
            assert!(nested(form).iter().all(|value| value.len() == NESTED_BYTES), "{form:?}");
        }
    }
}
