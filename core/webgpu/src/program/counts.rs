//! Counts what instructions compute and read on each row.

use std::collections::BTreeSet;

use super::{Code, KIND, kind, operation};
use crate::measure::Work;

/// What the interpreter does on a row.
pub(crate) struct Counts {
    pub(crate) work: Work,
    /// Number of operands that are cells. A cell counts each time that it is an operand.
    pub(crate) loads: u64,
}

impl Code {
    /// The work of a row. Each cell that is an operand is counted as read once.
    pub(crate) fn counts(&self) -> Counts {
        let (mut work, mut loads, mut cells) = (Work::default(), 0, BTreeSet::new());
        for &[operation, _, first, second] in &self.instructions {
            work += match operation & 0xff {
                operation::ADD | operation::SUB => Work::additions(1),
                operation::MUL => Work::multiplications(1),
                operation::ADD_X | operation::SUB_X => Work::additions(2),
                operation::MUL_X => Work::PRODUCT_X,
                operation::WEIGH => Work::PRODUCT_X + Work::additions(2),
                operation::WRITE_SUM => Work::PRODUCT_X + Work::written(2),
                _ => Work::written(2),
            };
            let is_unary = matches!(operation & 0xff, operation::WRITE | operation::WRITE_SUM);
            let operands = [
                (first, operation & operation::FIRST_X),
                (second, operation & operation::SECOND_X),
            ];
            for (operand, is_extension) in operands.into_iter().take(if is_unary { 1 } else { 2 }) {
                if matches!(operand >> KIND, kind::REGISTER | kind::CONSTANT) {
                    continue;
                }
                let width = if is_extension == 0 { 1 } else { 2 };
                loads += width;
                if cells.insert(operand) {
                    work += Work::read(width);
                }
            }
        }
        Counts { work, loads }
    }
}
