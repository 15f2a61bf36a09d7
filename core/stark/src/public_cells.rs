//! Public columns as the few values that they hold, which a circuit takes as inputs instead of the
//! columns.

use crate::air::Chip;
use crate::field::F;

/// The cells in which the values of public columns stand, by table. They are the same for every
/// statement of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicCells {
    tables: Vec<Vec<Vec<(usize, usize)>>>,
}

impl PublicCells {
    /// The cells of the public columns of `chips`, which may belong to any statement of a key.
    pub fn of<C: Chip>(chips: &[C]) -> Self {
        Self { tables: chips.iter().map(Chip::public_cells).collect() }
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.tables.iter().map(Vec::len).sum()
    }

    /// The cells of a table, `(column, row)`, for each value. The list is empty if there is no such
    /// table.
    pub fn table(&self, table: usize) -> &[Vec<(usize, usize)>] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// The values of a statement's chips, table by table, or `None` if these values do not
    /// determine their public columns. Code that uses the values instead of the columns relies on
    /// this check.
    pub fn values<C: Chip>(&self, chips: &[C]) -> Option<Vec<F>> {
        if chips.len() != self.tables.len() {
            return None;
        }
        let mut values = Vec::with_capacity(self.count());
        for (chip, entries) in chips.iter().zip(&self.tables) {
            let public = chip.public();
            let mut rest = public.clone();
            for cells in entries {
                let cell = |&(column, row): &(usize, usize)| public.get(column)?.get(row).copied();
                let value = cells.first().and_then(cell)?;
                for place @ &(column, row) in cells {
                    if cell(place)? != value {
                        return None;
                    }
                    rest[column][row] = F::default();
                }
                values.push(value);
            }
            if rest.iter().flatten().any(|cell| *cell != F::default()) {
                return None;
            }
        }
        Some(values)
    }
}
