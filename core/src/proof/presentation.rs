//! The presentation proof: the commitment opens to a record that meets the request in this session.

use velum_stark::chip_enum;

use crate::chips::common::es256::Es256Chip;
use crate::chips::common::poseidon2::Poseidon2Chip;
use crate::chips::common::range::RangeChip;
use crate::chips::common::record::RecordChip;
use crate::chips::common::values::ValuesChip;
use crate::proof::StatementError;
use crate::statement::PresentationStatement;

chip_enum! {
    /// A table of the presentation proof.
    pub enum PresentationChip {
        Es256(Es256Chip),
        Values(ValuesChip),
        Record(RecordChip),
        Poseidon2(Poseidon2Chip),
        Range(RangeChip),
    }
}

/// The tables of a statement, in order.
///
/// # Errors
/// [`StatementError`] if the statement does not fit its size class.
pub fn presentation_chips(
    statement: &PresentationStatement,
) -> Result<Vec<PresentationChip>, StatementError> {
    Ok(vec![
        PresentationChip::Es256(Es256Chip::new()),
        PresentationChip::Values(ValuesChip::presentation(statement)?),
        PresentationChip::Record(RecordChip::presentation(statement)?),
        PresentationChip::Poseidon2(Poseidon2Chip::new(&statement.subject)),
        PresentationChip::Range(RangeChip),
    ])
}

#[cfg(feature = "prover")]
pub use fill::presentation_traces;

#[cfg(feature = "prover")]
mod fill {
    use velum_stark::air::{Trace, fill_multiplicities};

    use super::PresentationChip;
    use crate::proof::WitnessError;
    use crate::record::RecordElements;
    use crate::statement::{PresentationStatement, PresentationWitness, PublicKey};

    /// Fills the tables of a statement on the assumption that the witness satisfies it. Only the
    /// proof shows whether it does.
    ///
    /// # Errors
    /// [`WitnessError`] if the witness does not fit into the tables.
    pub fn presentation_traces(
        chips: &[PresentationChip],
        statement: &PresentationStatement,
        witness: &PresentationWitness,
    ) -> Result<Vec<Trace>, WitnessError> {
        let record = &witness.record;
        let elements = RecordElements::new(&statement.subject, record)?;
        let device = PublicKey { x: record.device_key_x, y: record.device_key_y };
        let mut traces = chips
            .iter()
            .map(|chip| {
                Ok(match chip {
                    PresentationChip::Es256(chip) => {
                        chip.trace(&device, &statement.device_authentication, &witness.signature)
                    }
                    PresentationChip::Values(chip) => chip.trace(record, None)?,
                    PresentationChip::Record(chip) => chip.trace(&elements, None),
                    PresentationChip::Poseidon2(chip) => chip.trace(&elements.blocks()),
                    PresentationChip::Range(chip) => chip.trace(),
                })
            })
            .collect::<Result<Vec<_>, WitnessError>>()?;
        fill_multiplicities(chips, &mut traces);
        Ok(traces)
    }
}
