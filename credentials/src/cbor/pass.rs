//! Passes over an item whose content nobody needs: the end of the item is found, and nothing else
//! about it is checked.

use super::{BREAK, Cursor, Major, error_at};
use crate::error::Error;

/// A container that is being passed over: how many items it holds (`None` means up to the break),
/// and how many have been read.
struct Open {
    left: Option<u64>,
    is_map: bool,
    read: u64,
}

impl<'a> Cursor<'a> {
    /// Reads one whole item whose content nobody needs, and returns its bytes. The item must be
    /// well formed. Its depth, lengths, texts and keys are not restricted.
    pub(crate) fn pass(&mut self) -> Result<&'a [u8], Error> {
        let start = self.position;
        let mut open = vec![Open { left: Some(1), is_map: false, read: 0 }];
        while let Some(container) = open.last_mut() {
            let ended = match container.left {
                Some(left) => container.read == left,
                None => self.peek_byte() == Some(BREAK),
            };
            if ended {
                if container.left.is_none() {
                    if container.is_map && container.read % 2 == 1 {
                        return Err(error_at(
                            self.position,
                            "a map ends after a key; the value is missing",
                        ));
                    }
                    self.position += 1;
                }
                open.pop();
                continue;
            }
            container.read += 1;
            let head = self.head()?;
            match (head.major, head.argument) {
                (Major::Unsigned | Major::Negative | Major::Simple, _) => {}
                (Major::Bytes | Major::Text, Some(length)) => {
                    self.take(length)?;
                }
                (Major::Bytes | Major::Text, None) => self.pass_chunks(head.major)?,
                (Major::Tag, _) => open.push(Open { left: Some(1), is_map: false, read: 0 }),
                (Major::Array, left) => open.push(Open { left, is_map: false, read: 0 }),
                (Major::Map, pairs) => {
                    let left = pairs.map(|pairs| pairs.saturating_mul(2));
                    open.push(Open { left, is_map: true, read: 0 });
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
            &deep,
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
