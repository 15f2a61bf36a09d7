//! Every bus of the two proofs: tuple, who gives, who takes.
//!
//! A *position* is the index of a byte among all hashed streams' bytes ([`SizeClass::stream_start`]). Words are
//! big-endian 32-bit numbers.
//!
//! [`SizeClass::stream_start`]: crate::class::SizeClass::stream_start

use velum_stark::air::Bus;

/// `(value, bits)`: `value < 2^bits`, for `bits` among the widths that the range chip provides.
/// Provided by the range chip; looked up by every chip.
pub(crate) const RANGE: Bus = Bus::new("range", 2);

/// `(position, length, value)`: the big-endian number that the `length` bytes from `position` on make, for 1, 2 and 4 bytes.
/// Provided by the bytes chip; looked up by the CBOR, text, value, SHA-256, links and record chips.
pub(crate) const BYTES: Bus = Bus::new("bytes", 3);

/// `(start, end, fingerprint)`: the bytes from `start` up to, not including, `end` have this fingerprint, a
/// deterministic function of the bytes alone. Provided by the bytes chip; looked up by the keys chip.
pub(crate) const FINGERPRINT: Bus = Bus::new("fingerprint", 3);

/// `(stream, final block, length)`: the message of `stream` has `length` bytes and its padding ends with `final block`.
/// Sent once a stream by the bytes chip; received once a stream by the links chip.
pub(crate) const STREAM_END: Bus = Bus::new("stream_end", 3);

/// `(block, k, H_k, H_(k+4))` for `k` in 0..4: hash value words after `block` (FIPS 180-4, 6.2.2).
/// Provided by the SHA-256 chip; looked up by the links chip, and by a SHA-256 table that continues a stream of another.
pub(crate) const HASH_WORDS: Bus = Bus::new("hash_words", 4);

/// `(date, number)`: `YYYYMMDDhhmmss` read in decimal of the tdate number `date`.
/// Sent once a date by the text chip; received by the record chip.
pub(crate) const DATE: Bus = Bus::new("date", 2);

/// `(position, parent, remaining, state)`: `remaining` children of `parent` are still to come, and the first begins at
/// `position` and stands in `state`; with none to come, `parent` ends there. A parent is the row of an item or, of the item that
/// is a whole stream, [`root`].
/// Sent and received by the CBOR chip; for each stream in use the links chip sends its start and receives its end.
pub(crate) const CBOR_OPEN: Bus = Bus::new("cbor_open", 4);

/// `(state, kind, number, next state, ...)`: a rule of the documents' grammar and the codes of its shape and finding; and
/// `(0, initial byte, kind, bytes of argument, 1 if these are read, 1 if they are those of a long head, 1, 1)`: a well-formed initial byte.
/// Provided and looked up by the CBOR chip.
pub(crate) const CBOR_RULE: Bus = Bus::new("cbor_rule", 8);

/// `(number, a, b)`: what the CBOR chip found, by the rule of the item ([`Finding`](crate::chips::mdoc::grammar::Finding)); its number
/// is that of a text or a [`field`].
/// Sent by the CBOR chip, once an item; received by the text, links (digestIDs), record (coordinates), values (element values) and
/// keys chips (digests, and keys not asked for).
pub(crate) const FIELD: Bus = Bus::new("field", 3);

/// `(namespace, digestID, position)`, unique in its first two. Provided by the keys chip; looked up by the links chip.
pub(crate) const DIGEST_AT: Bus = Bus::new("digest_at", 3);

/// `(operand, k, word)`: big-endian word `k` in 0..8 of operand [`es256::X`], [`es256::Y`] or [`es256::HASH`] of the one
/// ECDSA signature that the proof is about. Sent once a word by the links and record chips; received once a word by the
/// ES256 chip, which also sends itself the words of three scalars.
pub(crate) const ES256: Bus = Bus::new("es256", 3);

/// `(address, limb 0, ..., limb 23)`: the value at `address`, in limbs of 11, 11 and 10 bits a word.
/// Provided and looked up by the ES256 chip.
pub(crate) const ES256_VALUE: Bus = Bus::new("es256_value", 25);

/// `(permutation, e0, ..., e7)`: permutation number `permutation` absorbs these elements.
/// Sent once a permutation by the record and values chips; received once a permutation by the Poseidon2 chip.
pub(crate) const ABSORB: Bus = Bus::new("absorb", 9);

/// `(permutation, h0, h1, h2, h3)`: the digest after permutation number `permutation`.
/// Sent once for each slot in use and for the record by the Poseidon2 chip; received once each by the record chip.
pub(crate) const SQUEEZE: Bus = Bus::new("squeeze", 5);

/// Operands on [`ES256`].
pub(crate) mod es256 {
    /// x coordinate of the public key.
    pub(crate) const X: u64 = 0;
    /// y coordinate of the public key.
    pub(crate) const Y: u64 = 1;
    /// Hash of the signed message.
    pub(crate) const HASH: u64 = 2;
    /// The scalar `w` of the ES256 chip, which both sends and receives it.
    pub(crate) const W: u64 = 3;
    /// Its scalar `v1`.
    pub(crate) const V1: u64 = 4;
    /// Its scalar `v2`.
    pub(crate) const V2: u64 = 5;
}

/// Numbers on [`FIELD`] besides those of texts, with room for [`NUMBERED_SLOTS`](crate::class::NUMBERED_SLOTS) where there is one a
/// slot.
pub(crate) mod field {
    use crate::class::NUMBERED_SLOTS;
    use crate::value::ValueKind;

    /// `(position of the 32 bytes, 32)` of `deviceKey`'s x.
    pub(crate) const DEVICE_KEY_X: u64 = 192;
    /// `(position of the 32 bytes, 32)` of `deviceKey`'s y.
    pub(crate) const DEVICE_KEY_Y: u64 = 193;

    /// `(position behind the head, argument)` of a key that is not asked for, of sort `index` among
    /// [`OTHER_KEYS`](crate::chips::mdoc::grammar::OTHER_KEYS).
    pub(crate) const fn other_key(index: usize) -> u64 {
        194 + index as u64
    }

    /// `(position behind it, digestID)` of the item in `slot`.
    pub(crate) const fn digest_id(slot: usize) -> u64 {
        208 + slot as u64
    }

    /// The `elementValue` of the item in `slot`: `(position of its first byte, length)` of one that is taken as it is encoded,
    /// `(position behind its head, argument)` of the other kinds.
    pub(crate) const fn element_value(slot: usize, kind: ValueKind) -> u64 {
        value_sort(slot, kind as u64)
    }

    /// `(position behind its head, argument)` of a text that is to be a date and time in UTC. Sent by the values chip, received by the
    /// text chip.
    pub(crate) const fn date_time(slot: usize) -> u64 {
        value_sort(slot, DATE_TIME_SORT)
    }

    /// `(position behind it, tag)` of the tag of a scalar.
    pub(crate) const fn value_tag(slot: usize) -> u64 {
        value_sort(slot, TAG_SORT)
    }

    /// What is found of values is numbered by sort: the kinds as the CBOR chip finds them, which are less than 8.
    pub(crate) const fn value_sort(slot: usize, sort: u64) -> u64 {
        VALUES + SORTS * sort + slot as u64
    }

    const VALUES: u64 = 512;
    /// What a sort is to the next.
    pub(crate) const SORTS: u64 = NUMBERED_SLOTS as u64;
    pub(crate) const DATE_TIME_SORT: u64 = 8;
    pub(crate) const TAG_SORT: u64 = 9;

    /// `(position of the 32 bytes, digestID)` of a digest in the asked namespace of this index. No number is greater but
    /// those of other namespaces: the keys chip counts these on beyond the last, and would else take findings of others for
    /// digests.
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

/// The parent of the item that is all of `stream` on [`CBOR_OPEN`]: no table has as many rows.
pub(crate) const fn root(stream: usize) -> u64 {
    (1 << 20) + stream as u64
}
