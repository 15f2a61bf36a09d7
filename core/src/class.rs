//! Size classes: the public bounds that fix the shape of every table.
//!
//! A class fixes where each hashed stream lies. Stream, block and byte positions are therefore
//! fixed columns. Stream 0 is the issuer's `Sig_structure`. Stream `1 + i` is the tag-24
//! `IssuerSignedItem` of slot `i`.

/// Number of bytes of `Sig_structure` before the tag-24 MSO: `84 6a "Signature1" 43 a10126 40` and
/// a 3-byte `bstr` head.
pub const SIG_STRUCTURE_PREFIX: usize = 20;

/// Number of bytes in a SHA-256 block.
pub const BLOCK_BYTES: usize = 64;

/// A public size class. No two classes of this crate have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SizeClass {
    /// Name in requests, proofs and output.
    pub name: &'static str,
    /// Identifier that transcripts absorb and the record holds.
    pub id: u8,
    /// Largest tag-24 `MobileSecurityObjectBytes`, in bytes.
    pub max_mso_bytes: usize,
    /// Number of slots: distinct (namespace, element) pairs in a request.
    pub slots: usize,
    /// Largest tag-24 `IssuerSignedItemBytes`, in bytes.
    pub max_item_bytes: usize,
}

/// MSO up to 2,560 bytes, 4 items of up to 192 bytes.
pub const STANDARD: SizeClass =
    SizeClass { name: "standard", id: 1, max_mso_bytes: 2_560, slots: 4, max_item_bytes: 192 };

/// MSO up to 4,096 bytes, 8 items of up to 384 bytes.
pub const LARGE: SizeClass =
    SizeClass { name: "large", id: 2, max_mso_bytes: 4_096, slots: 8, max_item_bytes: 384 };

/// MSO up to 8,192 bytes, 8 items of up to 1,024 bytes.
pub const EXTRA: SizeClass =
    SizeClass { name: "extra", id: 3, max_mso_bytes: 8_192, slots: 8, max_item_bytes: 1_024 };

/// All classes, smallest first.
pub const CLASSES: [SizeClass; 3] = [STANDARD, LARGE, EXTRA];

/// Number of slots for which the numbers of fields, texts, states and streams have room. A class
/// with more slots than today's classes therefore leaves their verifier keys as they are.
///
/// Two tables limit the slots of a class further: the keys table can distinguish a key from at most
/// 8 others (`chips::mdoc::keys`), and only a record of at most 9 slots ends before the rows that
/// follow it (`chips::common::record`).
pub(crate) const NUMBERED_SLOTS: usize = 16;

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        assert!(CLASSES[class].slots <= NUMBERED_SLOTS);
        class += 1;
    }
};

/// Number of SHA-256 blocks of a message of `bytes` bytes with its padding (FIPS 180-4, 5.1.1).
pub const fn sha256_blocks(bytes: usize) -> usize {
    (bytes + 9).div_ceil(BLOCK_BYTES)
}

impl SizeClass {
    /// The class with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        CLASSES.into_iter().find(|class| class.name == name)
    }

    /// The class with this identifier.
    pub fn by_id(id: u8) -> Option<Self> {
        CLASSES.into_iter().find(|class| class.id == id)
    }

    /// Number of hashed streams.
    pub const fn streams(&self) -> usize {
        1 + self.slots
    }

    /// Number of SHA-256 blocks reserved for stream `stream`.
    pub const fn stream_blocks(&self, stream: usize) -> usize {
        if stream == 0 {
            sha256_blocks(SIG_STRUCTURE_PREFIX + self.max_mso_bytes)
        } else {
            sha256_blocks(self.max_item_bytes)
        }
    }

    /// Index of the first block of stream `stream`.
    pub const fn first_block(&self, stream: usize) -> usize {
        if stream == 0 { 0 } else { self.stream_blocks(0) + (stream - 1) * self.stream_blocks(1) }
    }

    /// Position of the first byte of stream `stream` among the bytes of all streams.
    pub const fn stream_start(&self, stream: usize) -> usize {
        self.first_block(stream) * BLOCK_BYTES
    }

    /// Number of SHA-256 blocks of all streams.
    pub const fn blocks(&self) -> usize {
        self.first_block(self.streams())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_lie_end_to_end() {
        assert_eq!(
            (STANDARD.stream_blocks(0), STANDARD.stream_blocks(1), STANDARD.blocks()),
            (41, 4, 57)
        );
        assert_eq!((LARGE.stream_blocks(0), LARGE.stream_blocks(1), LARGE.blocks()), (65, 7, 121));
        assert_eq!(
            (EXTRA.stream_blocks(0), EXTRA.stream_blocks(1), EXTRA.blocks()),
            (129, 17, 265)
        );
        for class in CLASSES {
            for stream in 0..class.streams() {
                let end = class.first_block(stream) + class.stream_blocks(stream);
                assert_eq!(class.first_block(stream + 1), end);
            }
        }
    }
}
