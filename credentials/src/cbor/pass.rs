//! Passes over an item whose content nobody needs: the end of the item is found, and nothing else
//! about it is checked.

use super::{BREAK, Cursor, Major, error_at};
use crate::error::Error;

/// A container of indefinite length that is being passed over. Containers of definite length need
/// no entry of their own: their items are counted together. The stack therefore grows by 16 bytes
/// for a byte of input at most, whatever the input nests.
struct Indefinite {
    /// The items still to come around this container, up to the end of the next outer one.
    left_outside: u64,
    is_map: bool,
    /// Whether an odd number of its items has been read.
    odd: bool,
}

impl<'a> Cursor<'a> {
    /// Reads one whole item whose content nobody needs, and returns its bytes. The item must be
    /// well formed. Its depth, lengths, texts and keys are not restricted.
    pub(crate) fn pass(&mut self) -> Result<&'a [u8], Error> {
        let start = self.position;
        let mut open: Vec<Indefinite> = Vec::new();
        // A count that saturates is far above the length of the input, which ends first.
        let mut left: u64 = 1;
        loop {
            if left == 0 {
                let Some(container) = open.last_mut() else { break };
                if self.peek_byte() == Some(BREAK) {
                    if container.is_map && container.odd {
                        return Err(error_at(
                            self.position,
                            "a map ends after a key; the value is missing",
                        ));
                    }
                    self.position += 1;
                    left = container.left_outside;
                    open.pop();
                    continue;
                }
                container.odd = !container.odd;
                left = 1;
            }
            left -= 1;
            let head = self.head()?;
            match (head.major, head.argument) {
                (Major::Unsigned | Major::Negative | Major::Simple, _) => {}
                (Major::Bytes | Major::Text, Some(length)) => {
                    self.take(length)?;
                }
                (Major::Bytes | Major::Text, None) => self.pass_chunks(head.major)?,
                (Major::Tag, _) => left = left.saturating_add(1),
                (Major::Array, Some(items)) => left = left.saturating_add(items),
                (Major::Map, Some(pairs)) => {
                    left = left.saturating_add(pairs.saturating_mul(2));
                }
                (Major::Array | Major::Map, None) => {
                    let is_map = head.major == Major::Map;
                    open.push(Indefinite { left_outside: left, is_map, odd: false });
                    left = 0;
                }
            }
        }
        Ok(self.input.get(start..self.position).unwrap_or_default())
    }

    /// Reads the chunks of a string of indefinite length, and the break behind them.
    fn pass_chunks(&mut self, of: Major) -> Result<(), Error> {
        while self.peek_byte() != Some(BREAK) {
            let chunk = self.expect(of)?;
            self.take(chunk.definite()?)?;
        }
        self.position += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::cbor::{Cursor, Rules};

    #[test]
    fn what_nobody_looks_into_is_well_formed_and_no_more() {
        let deep = "81".repeat(100_000) + "00";
        let indefinite = "9f".repeat(100_000) + &"ff".repeat(100_000);
        for hex in [
            "00",
            "5f41014102ff",
            "7f6161ff",
            "5fff",
            "bf01029f00ff03ff",
            "a201000100",
            "61ff",
            "c1d818420000",
            "f97e00",
            "839f00ffbf9fff00ff8180",
            "a1bfff9f81a0ff",
            &deep,
            &indefinite,
        ] {
            let bytes = hex::decode(hex.to_owned() + "07").unwrap();
            let mut cursor = Cursor::new(&bytes, Rules::Wire);
            assert_eq!(cursor.pass().unwrap().len(), bytes.len() - 1);
            assert_eq!(cursor.unsigned().unwrap().1, 7);
        }
        for hex in [
            "",
            "81",
            "a100",
            "5f00ff",
            "5f6161ff",
            "5f5f4101ffff",
            "7f61",
            "bf01ff",
            "bf01bfff",
            "bf8100ff",
            "829f00ff",
            "9f8200ff",
            "9f00",
            "ff",
            "1c",
            "81ff",
            "5bffffffffffffffff",
            "bbffffffffffffffff00",
        ] {
            assert!(Cursor::new(&hex::decode(hex).unwrap(), Rules::Wire).pass().is_err(), "{hex}");
        }
    }
}
