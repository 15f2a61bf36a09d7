//! The tables about a record, for the tests of the chips in these tables.

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::testing::Partner;
use velum_stark::air::{Trace, check, fill_multiplicities};
use velum_stark::chip_enum;
use velum_stark::field::F;

use crate::chips::buses::{BYTES, DATE, ES256, FIELD, date, es256, field};
use crate::chips::common::poseidon2::Poseidon2Chip;
use crate::chips::common::range::RangeChip;
use crate::chips::common::record::RecordChip;
use crate::chips::common::values::ValuesChip;
use crate::record::{
    COORDINATE_WORDS, Positions, RecordElements, ValuePosition, coordinate_words, offset,
};
use crate::statement::{
    CredentialStatement, PresentationStatement, PublicKey, RecordOpening, Subject,
};
use crate::value::{SlotValue, ValueKind};

/// Every table that shares a bus with the record's chips, and a partner that stands in for the
/// other tables.
#[derive(Clone)]
pub(crate) struct Tables {
    pub(crate) chips: Vec<Table>,
    pub(crate) traces: Vec<Trace>,
}

chip_enum! {
    pub(crate) enum Table {
        Values(ValuesChip),
        Record(RecordChip),
        Poseidon2(Poseidon2Chip),
        Range(RangeChip),
        Partner(Partner),
    }
}

/// Index of the values table.
pub(crate) const VALUES: usize = 0;
/// Index of the record table.
pub(crate) const RECORD: usize = 1;

/// Where the documents of [`Tables::of_credential`] hold their parts: anywhere, as long as nothing
/// overlaps.
pub(crate) fn positions(opening: &RecordOpening) -> Positions {
    let value = |(slot, encoding): (usize, &Vec<u8>)| {
        let (content, SlotValue { tag, .. }) = (3_003 + 500 * slot, SlotValue::read(encoding));
        ValuePosition { tag: tag.map(|_| content - 2), content }
    };
    let values = opening.values.iter().enumerate().map(value).collect();
    Positions { device_key_x: 1_003, device_key_y: 1_041, values }
}

impl Tables {
    /// The tables of a presentation with the values of `opening` and the hashes of `elements`.
    pub(crate) fn of_presentation(
        statement: &PresentationStatement,
        opening: &RecordOpening,
        elements: &RecordElements,
    ) -> Self {
        let mut partner = Partner::default();
        receive_es256(
            &mut partner,
            es256::HASH,
            &coordinate_words(&statement.device_authentication),
        );
        let words = |from: usize| &elements.record[from..from + COORDINATE_WORDS];
        receive_es256(&mut partner, es256::X, words(offset::DEVICE_KEY_X));
        receive_es256(&mut partner, es256::Y, words(offset::DEVICE_KEY_Y));

        let values = ValuesChip::presentation(statement).unwrap();
        let record = RecordChip::presentation(statement).unwrap();
        let values_trace = values.trace(opening, None).unwrap();
        let record_trace = record.trace(elements, None);
        Self::new(
            (values, values_trace),
            (record, record_trace),
            partner,
            &statement.subject,
            elements,
        )
    }

    /// The tables of a credential proof about a document that holds what `document` opens, with the
    /// values of `opening` and the hashes of `elements`.
    pub(crate) fn of_credential(
        statement: &CredentialStatement,
        document: &RecordOpening,
        opening: &RecordOpening,
        elements: &RecordElements,
    ) -> Self {
        let at = positions(document);
        let mut partner = Partner::default();
        let PublicKey { x, y } = &statement.subject.issuer;
        receive_es256(&mut partner, es256::X, &coordinate_words(x));
        receive_es256(&mut partner, es256::Y, &coordinate_words(y));
        for (coordinate, position, number) in [
            (&document.device_key_x, at.device_key_x, field::DEVICE_KEY_X),
            (&document.device_key_y, at.device_key_y, field::DEVICE_KEY_Y),
        ] {
            partner.send(FIELD, &[number, position as u64, 32]);
            for (word, value) in coordinate_words(coordinate).into_iter().enumerate() {
                partner
                    .provided
                    .push((BYTES, vec![F::from_usize(position + 4 * word), F::from_u8(4), value]));
            }
        }
        for (number, value) in
            [date::SIGNED, date::VALID_FROM, date::VALID_UNTIL].into_iter().zip(document.dates)
        {
            partner.send(DATE, &[number, value]);
        }
        for (slot, encoding) in document.values.iter().enumerate() {
            let SlotValue { tag, kind, argument, content } = SlotValue::read(encoding);
            let (position, argument) = (at.values[slot].content as u64, u64::from(argument));
            partner.send(FIELD, &[field::element_value(slot, kind.found()), position, argument]);
            if let (Some(tag), Some(behind)) = (tag, at.values[slot].tag) {
                partner.send(FIELD, &[field::value_tag(slot), behind as u64, tag.into()]);
            }
            if kind == ValueKind::DateTime {
                partner.receive(FIELD, &[field::date_time(slot), position, argument]);
            }
            for (position, &byte) in (position..).zip(content) {
                partner.provide(BYTES, &[position, 1, u64::from(byte)]);
            }
        }

        let values = ValuesChip::credential(statement).unwrap();
        let record = RecordChip::credential(statement).unwrap();
        let values_trace = values.trace(opening, Some(&at)).unwrap();
        let record_trace = record.trace(elements, Some(&at));
        Self::new(
            (values, values_trace),
            (record, record_trace),
            partner,
            &statement.subject,
            elements,
        )
    }

    fn new(
        (values, values_trace): (ValuesChip, Trace),
        (record, record_trace): (RecordChip, Trace),
        partner: Partner,
        subject: &Subject,
        elements: &RecordElements,
    ) -> Self {
        let poseidon2 = Poseidon2Chip::new(subject);
        let hashed = poseidon2.trace(&elements.blocks());
        let traces = vec![values_trace, record_trace, hashed, RangeChip.trace(), partner.trace()];
        let chips = vec![
            Table::Values(values),
            Table::Record(record),
            Table::Poseidon2(poseidon2),
            Table::Range(RangeChip),
            Table::Partner(partner),
        ];
        Self { chips, traces }
    }

    /// Fills the multiplicities.
    pub(crate) fn filled(mut self) -> Self {
        fill_multiplicities(&self.chips, &mut self.traces);
        self
    }

    /// The rules that fail.
    pub(crate) fn rules(self) -> Vec<String> {
        let Self { chips, traces } = self.filled();
        check(&chips, &traces).rules()
    }

    /// The partner, for changes.
    pub(crate) fn partner(&mut self) -> &mut Partner {
        match self.chips.last_mut() {
            Some(Table::Partner(partner)) => partner,
            _ => unreachable!("the partner is the last table"),
        }
    }
}

fn receive_es256(partner: &mut Partner, operand: u64, words: &[F]) {
    for (word, &value) in words.iter().enumerate() {
        partner.tuples.push((
            ES256,
            vec![F::from_u64(operand), F::from_usize(word), value],
            F::NEG_ONE,
        ));
    }
}
