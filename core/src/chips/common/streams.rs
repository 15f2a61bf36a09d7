//! The hashed byte streams of a credential, padded and laid end to end, as the tables see them.

use zeroize::Zeroize;

use crate::class::{BLOCK_BYTES, SizeClass, sha256_blocks};

/// The byte that follows the end of a message (FIPS 180-4, 5.1.1).
pub(super) const END_OF_MESSAGE: u8 = 0x80;

/// Why messages do not fit into a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// There are more messages than the class has streams.
    #[error(
        "{given} streams to hash, but size class {class} has {max}: ask for fewer elements or use \
         a larger class"
    )]
    TooMany {
        /// Number of messages.
        given: usize,
        /// Name of the class.
        class: &'static str,
        /// Number of streams in the class.
        max: usize,
    },
    /// A message is longer, with its padding, than the region of its stream.
    #[error(
        "stream {stream} has {length} bytes, but size class {class} allows {max}: use a larger \
         class"
    )]
    TooLong {
        /// The stream.
        stream: usize,
        /// Number of bytes in its message.
        length: usize,
        /// Name of the class.
        class: &'static str,
        /// Largest number of bytes that the stream's region takes.
        max: usize,
    },
}

/// The messages of all streams of a class. Each is padded as FIPS 180-4, 5.1.1 says and followed by
/// zeros up to the end of its region. Zeroised when dropped.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub(crate) struct Streams {
    #[zeroize(skip)]
    class: SizeClass,
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Streams {
    /// Lays out one message per stream. Streams without a message get the empty message.
    ///
    /// # Errors
    ///
    /// [`StreamError`] if there are too many messages or one of them is too long for its region.
    pub(crate) fn new(class: SizeClass, messages: &[&[u8]]) -> Result<Self, StreamError> {
        if messages.len() > class.streams() {
            let (given, max) = (messages.len(), class.streams());
            return Err(StreamError::TooMany { given, class: class.name, max });
        }
        let mut streams = Self {
            class,
            bytes: vec![0; class.blocks() * BLOCK_BYTES],
            lengths: vec![0; class.streams()],
        };
        for stream in 0..class.streams() {
            streams.fill(stream, messages.get(stream).copied().unwrap_or_default())?;
        }
        Ok(streams)
    }

    fn fill(&mut self, stream: usize, message: &[u8]) -> Result<(), StreamError> {
        let (class, length) = (self.class, message.len());
        if sha256_blocks(length) > class.stream_blocks(stream) {
            let max = max_length(class, stream);
            return Err(StreamError::TooLong { stream, length, class: class.name, max });
        }
        let region = &mut self.bytes[class.stream_start(stream)..];
        region[..length].copy_from_slice(message);
        region[length] = END_OF_MESSAGE;
        let end = sha256_blocks(length) * BLOCK_BYTES;
        region[end - 8..end].copy_from_slice(&(8 * length as u64).to_be_bytes());
        self.lengths[stream] = length;
        Ok(())
    }

    /// The class whose regions hold the streams.
    pub(crate) fn class(&self) -> SizeClass {
        self.class
    }

    /// The message of `stream`, or an empty message if there is no such stream.
    pub(crate) fn message(&self, stream: usize) -> &[u8] {
        let start = if stream < self.lengths.len() { self.class.stream_start(stream) } else { 0 };
        self.bytes.get(start..start + self.length(stream)).unwrap_or_default()
    }

    /// Number of bytes in the message of `stream`, or 0 if there is no such stream.
    pub(crate) fn length(&self, stream: usize) -> usize {
        self.lengths.get(stream).copied().unwrap_or(0)
    }

    /// Index, among all blocks, of the block that ends the padding of `stream`.
    pub(crate) fn final_block(&self, stream: usize) -> usize {
        self.class.first_block(stream) + sha256_blocks(self.length(stream)) - 1
    }

    /// The byte at `position`, or 0 behind all regions.
    pub(crate) fn byte(&self, position: usize) -> u8 {
        self.bytes.get(position).copied().unwrap_or(0)
    }

    /// The big-endian word of the four bytes from `position` on.
    pub(crate) fn word(&self, position: usize) -> u32 {
        u32::from_be_bytes(std::array::from_fn(|i| self.byte(position.saturating_add(i))))
    }
}

/// Number of bytes in the longest message that stream `stream` of `class` takes.
const fn max_length(class: SizeClass, stream: usize) -> usize {
    class.stream_blocks(stream) * BLOCK_BYTES - 9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CLASSES, STANDARD};

    #[test]
    fn takes_messages_up_to_the_end_of_the_region() {
        for class in CLASSES {
            for stream in 0..class.streams() {
                let max = max_length(class, stream);
                assert!(
                    max >= if stream == 0 { class.max_mso_bytes } else { class.max_item_bytes }
                );
                let message = vec![1; max + 1];
                let mut messages = vec![&[][..]; stream + 1];
                messages[stream] = &message[1..];
                let streams = Streams::new(class, &messages).unwrap();
                assert_eq!(streams.final_block(stream), class.first_block(stream + 1) - 1);

                messages[stream] = &message;
                let error =
                    StreamError::TooLong { stream, length: max + 1, class: class.name, max };
                assert_eq!(Streams::new(class, &messages).err(), Some(error));
            }
            let messages = vec![&[][..]; class.streams() + 1];
            assert!(matches!(Streams::new(class, &messages), Err(StreamError::TooMany { .. })));
        }
    }

    #[test]
    fn pads_as_fips_180_4_shows() {
        let streams = Streams::new(STANDARD, &[b"", b"abc"]).unwrap();
        let start = STANDARD.stream_start(1);
        assert_eq!((streams.word(start), streams.word(start + 60)), (0x6162_6380, 24));
        assert_eq!((streams.word(0), streams.word(60)), (0x8000_0000, 0));
        assert_eq!((streams.length(1), streams.final_block(1)), (3, STANDARD.first_block(1)));
        assert_eq!((streams.byte(usize::MAX), streams.length(99)), (0, 0));
    }
}
