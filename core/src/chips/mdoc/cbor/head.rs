//! Initial bytes of data items (RFC 8949, 3): which heads are well formed, and how each may be
//! read.

use crate::chips::mdoc::grammar::kind;

/// One reading of an initial byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The kind of the item.
    pub(super) kind: u64,
    /// Number of argument bytes behind the initial byte.
    pub(super) length: u8,
    /// Whether the argument is read: all of it or, if `is_long`, its last four bytes.
    pub(super) is_read: bool,
    /// Whether the argument has eight bytes of which the first four are zero.
    pub(super) is_long: bool,
}

impl Head {
    /// The readings of an initial byte, for every well-formed definite-length head. Additional
    /// information 28 to 30 is reserved, and 31 means an indefinite length, a break, or a head that
    /// is not well formed.
    ///
    /// An argument of eight bytes has two readings: as a number below 2^32, and unread, as a number
    /// of another kind. Lengths, counts and tags have the first reading only.
    pub(super) fn of(initial: u8) -> impl Iterator<Item = Self> {
        let (major, information) = (initial >> 5, initial & 31);
        let length = match information {
            0..24 => Some(0),
            24..28 => Some(1 << (information - 24)),
            _ => None,
        };
        let kind = u64::from(major) << 5;
        length.into_iter().flat_map(move |length| {
            let is_long = length == 8;
            let read = Self { kind, length, is_read: length > 0, is_long };
            let unread = Self { kind: kind | kind::LONG, length, is_read: false, is_long: false };
            // A floating-point number of eight bytes is not a number below 2^32.
            let read = (!is_long || kind != kind::SIMPLE).then_some(read);
            let unread = (is_long && matches!(major, 0 | 1 | 7)).then_some(unread);
            read.into_iter().chain(unread)
        })
    }
}

/// Every reading of every initial byte that begins a head.
pub(super) fn heads() -> impl Iterator<Item = (u8, Head)> {
    (0..=u8::MAX).flat_map(|initial| Head::of(initial).map(move |head| (initial, head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(initial: u8) -> Vec<(u64, u8, bool, bool)> {
        Head::of(initial).map(|head| (head.kind, head.length, head.is_read, head.is_long)).collect()
    }

    #[test]
    fn takes_apart_every_initial_byte_of_a_head() {
        // 28 heads of each of eight major types, and a second reading of the long heads of the two
        // integer types. Long floating-point numbers have one reading.
        assert_eq!(heads().count(), 8 * 28 + 2);
        for refused in [0x1c, 0x1f, 0x5c, 0x5f, 0x7f, 0x9f, 0xbf, 0xfc, 0xfe, 0xff] {
            assert_eq!(readings(refused), [], "{refused:#x}");
        }
        for (initial, kind, length) in [
            (0x17, kind::UNSIGNED, 0),
            (0x18, kind::UNSIGNED, 1),
            (0x59, kind::BYTES, 2),
            (0x7a, kind::TEXT, 4),
            (0x84, kind::ARRAY, 0),
            (0xb9, kind::MAP, 2),
            (0xd8, kind::TAG, 1),
            (0xf5, kind::SIMPLE, 0),
            (0xfa, kind::SIMPLE, 4),
        ] {
            assert_eq!(readings(initial), [(kind, length, length > 0, false)], "{initial:#x}");
        }
        for (initial, kind) in [(0x1b, kind::UNSIGNED), (0x3b, kind::NEGATIVE)] {
            let unread = (kind + kind::LONG, 8, false, false);
            assert_eq!(readings(initial), [(kind, 8, true, true), unread], "{initial:#x}");
        }
        for (initial, kind) in
            [(0x5b, kind::BYTES), (0x7b, kind::TEXT), (0x9b, kind::ARRAY), (0xdb, kind::TAG)]
        {
            assert_eq!(readings(initial), [(kind, 8, true, true)], "{initial:#x}");
        }
        assert_eq!(readings(0xfb), [(kind::SIMPLE + kind::LONG, 8, false, false)]);
        for (initial, head) in heads() {
            assert!(kind::ALL.contains(&head.kind));
            assert!(
                head.length > 0 || u64::from(initial) - head.kind < 24,
                "the immediate argument"
            );
        }
    }
}
