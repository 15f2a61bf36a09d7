//! All buses of the two proofs: their tuples, who provides or sends them, and who looks them up or
//! receives them.
//!
//! A *position* is the index of a byte among the bytes of all hashed streams
//! ([`SizeClass::stream_start`]). Words are big-endian 32-bit numbers.
//!
//! [`SizeClass::stream_start`]: crate::class::SizeClass::stream_start

use velum_stark::air::Bus;

/// `(value, bits)`: `value < 2^bits`, for `bits` among the widths that the range chip provides.
///
/// Provided by the range chip. Looked up by the bytes, text, keys, ES256, record and values chips.
pub(crate) const RANGE: Bus = Bus::new("range", 2);

/// `(position, length, value)`: the big-endian number that the `length` bytes from `position` on
/// form, for a `length` of 1, 2 or 4.
///
/// Provided by the bytes chip. Looked up by the CBOR, text, values, SHA-256, links and record
/// chips.
pub(crate) const BYTES: Bus = Bus::new("bytes", 3);

/// `(start, end, fingerprint)`: the bytes from `start` up to but not including `end` have this
/// fingerprint, which is a deterministic function of the bytes alone.
///
/// Provided by the bytes chip. Looked up by the keys chip.
pub(crate) const FINGERPRINT: Bus = Bus::new("fingerprint", 3);

/// `(stream, final block, length)`: the message of `stream` has `length` bytes, and its padding
/// ends with `final block`.
///
/// Sent once per stream by the bytes chip. Received once per stream by the links chip.
pub(crate) const STREAM_END: Bus = Bus::new("stream_end", 3);

/// `(block, k, H_k, H_(k+4))` for `k` in 0..4: words of the hash value after `block` (FIPS 180-4,
/// 6.2.2).
///
/// Provided by the SHA-256 chip. Looked up by the links chip, and by a SHA-256 table that continues
/// a stream of another SHA-256 table.
pub(crate) const HASH_WORDS: Bus = Bus::new("hash_words", 4);

/// `(date, number)`: the digits `YYYYMMDDhhmmss` of the tdate number `date`, read as a decimal
/// number.
///
/// Sent once per date by the text chip. Received by the record chip.
pub(crate) const DATE: Bus = Bus::new("date", 2);

/// `(position, parent, remaining, state)`: `remaining` children of `parent` are still to come. The
/// first of them begins at `position` and stands in `state`. If none is to come, `parent` ends at
/// `position`. A parent is identified by the row of its item or, if its item is a whole stream, by
/// [`root`].
///
/// Sent and received by the CBOR chip. For each stream in use, the links chip sends its start and
/// receives its end.
pub(crate) const CBOR_OPEN: Bus = Bus::new("cbor_open", 4);

/// One of two kinds of tuple:
///
/// * `(state, kind, number, next state, ...)`: a rule of the documents' grammar, with the codes of
///   its shape and of its finding;
/// * `(0, initial byte, kind, bytes of argument, reads, long, 1, 1)`: a well-formed initial byte.
///   `reads` is 1 if the bytes of the argument are read, `long` is 1 if they are those of a long
///   head.
///
/// Provided and looked up by the CBOR chip.
pub(crate) const CBOR_RULE: Bus = Bus::new("cbor_rule", 8);

/// `(number, a, b)`: what the CBOR chip found, according to the rule of the item
/// ([`Finding`](crate::chips::mdoc::grammar::Finding)). The number is that of a text or a
/// [`field`].
///
/// Sent by the CBOR chip, at most once per item, and by the values chip for a date and time
/// ([`field::date_time`]). Received by the text, links (digestIDs), record (coordinates), values
/// (element values and their tags) and keys chips (digests, and keys that are not asked for).
pub(crate) const FIELD: Bus = Bus::new("field", 3);

/// `(namespace, digestID, position)`, unique in its first two elements.
///
/// Provided by the keys chip. Looked up by the links chip.
pub(crate) const DIGEST_AT: Bus = Bus::new("digest_at", 3);

/// `(operand, k, word)`: big-endian word `k` in 0..8 of operand [`es256::X`], [`es256::Y`] or
/// [`es256::HASH`] of the one ECDSA signature that the proof is about.
///
/// Sent once per word by the links and record chips. Received once per word by the ES256 chip,
/// which also sends the words of three scalars to itself.
pub(crate) const ES256: Bus = Bus::new("es256", 3);

/// `(address, limb 0, ..., limb 23)`: the value at `address`, as limbs of 11, 11 and 10 bits for
/// each word.
///
/// Provided and looked up by the ES256 chip.
pub(crate) const ES256_VALUE: Bus = Bus::new("es256_value", 25);

/// `(permutation, e0, ..., e7)`: the permutation with this number absorbs these elements.
///
/// Sent once per permutation by the record and values chips. Received once per permutation by the
/// Poseidon2 chip.
pub(crate) const ABSORB: Bus = Bus::new("absorb", 9);

/// `(permutation, h0, h1, h2, h3)`: the digest after the permutation with this number.
///
/// Sent by the Poseidon2 chip, once for each slot in use and once for the record. Received once
/// each by the record chip.
pub(crate) const SQUEEZE: Bus = Bus::new("squeeze", 5);

/// Operands on [`ES256`].
pub(crate) mod es256 {
    /// The x coordinate of the public key.
    pub(crate) const X: u64 = 0;
    /// The y coordinate of the public key.
    pub(crate) const Y: u64 = 1;
    /// The hash of the signed message.
    pub(crate) const HASH: u64 = 2;
    /// The scalar `w` of the ES256 chip, which both sends and receives it.
    pub(crate) const W: u64 = 3;
    /// The scalar `v1` of the ES256 chip.
    pub(crate) const V1: u64 = 4;
    /// The scalar `v2` of the ES256 chip.
    pub(crate) const V2: u64 = 5;
}

/// Numbers on [`FIELD`] besides those of texts. Where there is one number per slot, there is room
/// for [`NUMBERED_SLOTS`](crate::class::NUMBERED_SLOTS) slots.
pub(crate) mod field {
    use crate::class::NUMBERED_SLOTS;
    use crate::value::ValueKind;

    /// `(position of the 32 bytes, 32)` of the x coordinate of `deviceKey`.
    pub(crate) const DEVICE_KEY_X: u64 = 192;
    /// `(position of the 32 bytes, 32)` of the y coordinate of `deviceKey`.
    pub(crate) const DEVICE_KEY_Y: u64 = 193;

    /// `(position behind the head, argument)` of a key that is not asked for. `index` is its sort
    /// in [`OTHER_KEYS`](crate::chips::mdoc::grammar::OTHER_KEYS).
    pub(crate) const fn other_key(index: usize) -> u64 {
        194 + index as u64
    }

    /// `(position behind the digestID, digestID)` of the item in `slot`.
    pub(crate) const fn digest_id(slot: usize) -> u64 {
        208 + slot as u64
    }

    /// The `elementValue` of the item in `slot`. For a value that is taken as it is encoded, this
    /// is `(position of its first byte, length)`. For the other kinds, it is
    /// `(position behind its head, argument)`.
    pub(crate) const fn element_value(slot: usize, kind: ValueKind) -> u64 {
        value_sort(slot, kind as u64)
    }

    /// `(position behind its head, argument)` of a text that must be a date and time in UTC. Sent
    /// by the values chip and received by the text chip.
    pub(crate) const fn date_time(slot: usize) -> u64 {
        value_sort(slot, DATE_TIME_SORT)
    }

    /// `(position behind the tag's head, tag)` of the tag of a scalar.
    pub(crate) const fn value_tag(slot: usize) -> u64 {
        value_sort(slot, TAG_SORT)
    }

    /// The number of a finding about a value. Findings are numbered by sort. The sorts below 8 are
    /// the kinds as the CBOR chip finds them.
    pub(crate) const fn value_sort(slot: usize, sort: u64) -> u64 {
        VALUES + SORTS * sort + slot as u64
    }

    const VALUES: u64 = 512;
    /// Distance between the numbers of one sort and those of the next.
    pub(crate) const SORTS: u64 = NUMBERED_SLOTS as u64;
    pub(crate) const DATE_TIME_SORT: u64 = 8;
    pub(crate) const TAG_SORT: u64 = 9;

    /// `(position of the 32 bytes, digestID)` of a digest in the requested namespace with this
    /// index.
    ///
    /// No number is greater, except those of further namespaces: the keys chip counts on from here,
    /// beyond the last requested namespace, and would otherwise take other findings for digests.
    pub(crate) const fn digest(namespace: usize) -> u64 {
        1_024 + namespace as u64
    }
}

/// Dates on [`DATE`].
pub(crate) mod date {
    /// `validityInfo.signed`.
    pub(crate) const SIGNED: u64 = 0;
    /// `validityInfo.validFrom`.
    pub(crate) const VALID_FROM: u64 = 1;
    /// `validityInfo.validUntil`.
    pub(crate) const VALID_UNTIL: u64 = 2;
}

/// The parent of the item that is all of `stream`, on [`CBOR_OPEN`]. No table has as many rows.
pub(crate) const fn root(stream: usize) -> u64 {
    (1 << 20) + stream as u64
}
