//! Every bus of the two proofs: tuple, who gives, who takes.
//!
//! A *position* is the index of a byte among all hashed streams' bytes ([`SizeClass::stream_start`]). Limbs are
//! 16-bit, little end first. Words are big-endian 32-bit numbers.
//!
//! [`SizeClass::stream_start`]: crate::class::SizeClass::stream_start

use crate::air::Bus;

/// `(value, bits)`: `value < 2^bits`, for `bits` among the widths that the range chip provides.
/// Provided by the range chip; looked up by every chip.
pub const RANGE: Bus = Bus::new("range", 2);

/// `(initial byte, major type, bytes of argument, immediate)`: one row for each well-formed definite-length initial
/// byte of CBOR (RFC 8949, 3). The immediate is the additional information below 24, else 0.
/// Provided by the range chip; looked up by the CBOR chip.
pub const CBOR_HEAD: Bus = Bus::new("cbor_head", 4);

/// `(position, byte)`. Provided by the bytes chip; looked up by the text and value chips.
pub const BYTE: Bus = Bus::new("byte", 2);

/// `(position, word)`: the four bytes from `position` on. Provided by the bytes chip; looked up by the SHA-256 chip for
/// its message schedule and by the record chip for digests and coordinates.
pub const WORD: Bus = Bus::new("word", 2);

/// `(position, b0, b1, b2, b3, b4)`: five bytes from `position` on. Provided by the bytes chip; looked up by the CBOR
/// chip for heads.
pub const HEAD_BYTES: Bus = Bus::new("head_bytes", 6);

/// `(start, end, fingerprint)`: the bytes from `start` up to, not including, `end` have this fingerprint, a
/// deterministic function of the bytes alone. Provided by the bytes chip; looked up by the CBOR chip for map keys.
pub const FINGERPRINT: Bus = Bus::new("fingerprint", 3);

/// `(stream, final block, length)`: the message of `stream` has `length` bytes and its padding ends with `final block`.
/// Sent once a stream by the bytes chip; received once a stream by the links chip.
pub const STREAM_END: Bus = Bus::new("stream_end", 3);

/// `(block, k, H_k, H_(k+4))` for `k` in 0..4: hash value words after `block` (FIPS 180-4, 6.2.2).
/// Provided by the SHA-256 chip; looked up by the links chip, and by a SHA-256 table that continues a stream of another.
pub const HASH_WORDS: Bus = Bus::new("hash_words", 4);

/// `(position, text)`: the bytes from `position` on are the encoding that text number `text` stands for.
/// Sent once for each text in use by the text chip; received by the CBOR chip.
pub const TEXT_AT: Bus = Bus::new("text_at", 2);

/// `(date, number)`: `YYYYMMDDhhmmss` read in decimal of the tdate number `date`.
/// Sent once a date by the text chip; received by the record chip.
pub const DATE: Bus = Bus::new("date", 2);

/// `(position, parent, parent path, remaining, context)`: a data item starts at `position` as a child of the item that
/// starts at `parent`, with `remaining` children of that item still to come, itself included.
/// Sent and received by the CBOR chip; the links chip sends `(start, root(stream), 0, 1, stream)` for each stream in use.
pub const CBOR_OPEN: Bus = Bus::new("cbor_open", 5);

/// `(parent, end)`: the last child of the item that starts at `parent` ends before `end`.
/// Sent and received by the CBOR chip; the links chip receives `(root(stream), end)` for each stream in use.
pub const CBOR_CLOSE: Bus = Bus::new("cbor_close", 2);

/// `(parent path, context, path, role, argument, next context)`: a rule of the documents' grammar, unique in its first
/// two. Provided and looked up by the CBOR chip.
pub const CBOR_PATH: Bus = Bus::new("cbor_path", 6);

/// `(field, a, b)`: what the CBOR chip found at a path of interest, once a field.
/// Sent by the CBOR chip; received by the links (digestIDs), record (coordinates) and values (element values) chips.
/// Fields are numbered in [`field`].
pub const FIELD: Bus = Bus::new("field", 3);

/// `(namespace, digestID, position)`: an entry of `valueDigests`, its digest's first byte at `position`.
/// Sent once an entry by the CBOR chip; received by the keys chip, which shows each digestID once a namespace.
pub const DIGEST_ENTRY: Bus = Bus::new("digest_entry", 3);

/// `(namespace, digestID, position)`, unique in its first two. Provided by the keys chip; looked up by the links chip.
pub const DIGEST_AT: Bus = Bus::new("digest_at", 3);

/// `(map path, fingerprint)`: a key that is none of those asked for in its map.
/// Sent by the CBOR chip; received by the keys chip, which shows that it is none of them.
pub const OTHER_KEY: Bus = Bus::new("other_key", 2);

/// `(operand, k, word)`: big-endian word `k` in 0..8 of operand [`es256::X`], [`es256::Y`] or [`es256::HASH`] of the one
/// ECDSA signature that the proof is about. Sent once a word by the links and record chips; received once a word by the
/// ES256 chip, which also sends itself the words of three scalars.
pub const ES256: Bus = Bus::new("es256", 3);

/// `(address, limb 0, ..., limb 23)`: the value at `address`, in limbs of 11, 11 and 10 bits a word.
/// Provided and looked up by the ES256 chip.
pub const ES256_VALUE: Bus = Bus::new("es256_value", 25);

/// `(permutation, e0, ..., e7)`: permutation number `permutation` absorbs these elements.
/// Sent once a permutation by the record and values chips; received once a permutation by the Poseidon2 chip.
pub const ABSORB: Bus = Bus::new("absorb", 9);

/// `(permutation, h0, h1, h2, h3)`: the digest after permutation number `permutation`.
/// Sent once for each slot in use and for the record by the Poseidon2 chip; received once each by the record chip.
pub const SQUEEZE: Bus = Bus::new("squeeze", 5);

/// Operands on [`ES256`].
pub mod es256 {
    /// x coordinate of the public key.
    pub const X: u64 = 0;
    /// y coordinate of the public key.
    pub const Y: u64 = 1;
    /// Hash of the signed message.
    pub const HASH: u64 = 2;
    /// The scalar `w` of the ES256 chip, which both sends and receives it.
    pub const W: u64 = 3;
    /// Its scalar `v1`.
    pub const V1: u64 = 4;
    /// Its scalar `v2`.
    pub const V2: u64 = 5;
}

/// Fields on [`FIELD`].
pub mod field {
    /// `(position of the 32 bytes, 32)` of `deviceKey`'s x.
    pub const DEVICE_KEY_X: u64 = 1;
    /// `(position of the 32 bytes, 32)` of `deviceKey`'s y.
    pub const DEVICE_KEY_Y: u64 = 2;

    /// `(digestID, 0)` of the item in `slot`.
    pub const fn digest_id(slot: usize) -> u64 {
        16 + slot as u64
    }

    /// `(position of its first byte, length)` of the `elementValue` of the item in `slot`.
    pub const fn element_value(slot: usize) -> u64 {
        32 + slot as u64
    }
}

/// Dates on [`DATE`].
pub mod date {
    /// `validityInfo.signed`.
    pub const SIGNED: u64 = 0;
    /// `validityInfo.validFrom`.
    pub const VALID_FROM: u64 = 1;
    /// `validityInfo.validUntil`.
    pub const VALID_UNTIL: u64 = 2;
}

/// The parent that the root item of `stream` names on [`CBOR_OPEN`] and [`CBOR_CLOSE`]: no position is as large.
pub const fn root(stream: usize) -> u64 {
    (1 << 20) + stream as u64
}
