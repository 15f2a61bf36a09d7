//! Initial bytes of data items (RFC 8949, 3).

use crate::chips::mdoc::grammar::kind;

/// What an initial byte says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The kind of the item.
    pub(super) kind: u64,
    /// Bytes of the argument behind it.
    pub(super) length: u8,
}

impl Head {
    /// Of every definite-length head that is well formed and no length, count or tag of eight bytes: additional information 28
    /// to 30 is reserved, 31 is an indefinite length, a break or not well formed.
    pub(super) fn of(initial: u8) -> Option<Self> {
        let (major, information) = (initial >> 5, initial & 31);
        let length = match information {
            0..24 => 0,
            24..27 => 1 << (information - 24),
            27 if matches!(major, 0 | 1 | 7) => 8,
            _ => return None,
        };
        let long = if length == 8 { kind::LONG } else { 0 };
        Some(Self { kind: u64::from(major) << 5 | long, length })
    }

    /// Whether the argument is read. One of eight bytes is not.
    pub(super) fn is_read(self) -> bool {
        matches!(self.length, 1 | 2 | 4)
    }
}

/// Every initial byte of a head.
pub(super) fn heads() -> impl Iterator<Item = (u8, Head)> {
    (0..=u8::MAX).filter_map(|initial| Some((initial, Head::of(initial)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart_every_initial_byte_of_a_head() {
        assert_eq!(heads().count(), 224 - 5);
        for refused in [0x1c, 0x5b, 0x5f, 0x7f, 0x9f, 0xbf, 0xdb, 0xfe, 0xff] {
            assert_eq!(Head::of(refused), None, "{refused:#x}");
        }
        for (initial, kind, length) in [
            (0x17, kind::UNSIGNED, 0),
            (0x18, kind::UNSIGNED, 1),
            (0x1b, kind::UNSIGNED + kind::LONG, 8),
            (0x59, kind::BYTES, 2),
            (0x7a, kind::TEXT, 4),
            (0x3b, kind::NEGATIVE + kind::LONG, 8),
            (0x84, kind::ARRAY, 0),
            (0xb9, kind::MAP, 2),
            (0xd8, kind::TAG, 1),
            (0xf5, kind::SIMPLE, 0),
            (0xfb, kind::SIMPLE + kind::LONG, 8),
        ] {
            assert_eq!(Head::of(initial), Some(Head { kind, length }), "{initial:#x}");
        }
        for (initial, head) in heads() {
            assert!(kind::ALL.contains(&head.kind));
            assert!(head.length > 0 || u64::from(initial) - head.kind < 24, "the immediate argument");
        }
    }
}
