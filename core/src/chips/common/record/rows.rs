//! What each row of the record table is for, in either proof. The class alone determines it.

use crate::chips::buses::{date, es256, field};
use crate::class::{CLASSES, SizeClass};
use crate::digest::RATE;
use crate::record::{
    COORDINATE_WORDS, first_record_permutation, offset, record_elements, salt_offset,
    slot_permutations,
};
use crate::statement::DIGEST_ELEMENTS;

/// The proof to which the table belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Credential,
    Presentation,
}

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    /// The record's element with this index.
    Element(usize),
    /// The rest of the device key word that stands `limb` times [`LIMB_ROWS`] rows above.
    WordRest {
        /// How many limbs the rest lacks.
        limb: usize,
    },
    /// The rest of a date's difference from a bound.
    Difference {
        /// Which bound.
        bound: Bound,
        /// How many limbs the rest lacks.
        limb: usize,
    },
    /// What is left of a number after its last limb, which must be zero.
    Nothing,
    /// The position of a device key word in the document (credential proof).
    Position { operand: u64, word: usize },
    /// A word of the issuer's key (credential proof).
    IssuerWord { operand: u64, word: usize },
    /// A word of the digest that the device signed (presentation proof).
    HashWord { word: usize },
    /// An element of the commitment.
    Commitment { element: usize },
}

/// A bound of one of the record's dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// `signed` is not before this.
    SignedFrom,
    /// `signed` is not after this.
    SignedUntil,
    /// `validFrom` is not after `now`.
    ValidFrom,
    /// `validUntil` is not before `now`.
    ValidUntil,
}

impl Bound {
    /// Whether the date must not be before the bound. Otherwise it must not be after the bound.
    pub(super) fn is_lower(self) -> bool {
        matches!(self, Self::SignedFrom | Self::ValidUntil)
    }

    /// The index of the date's element.
    fn date(self) -> usize {
        offset::DATES
            + match self {
                Self::SignedFrom | Self::SignedUntil => date::SIGNED,
                Self::ValidFrom => date::VALID_FROM,
                Self::ValidUntil => date::VALID_UNTIL,
            } as usize
    }

    /// The row of the difference.
    pub(super) fn row(self) -> usize {
        self.date() + if self.is_lower() { ROWS_TO_LOWER } else { ROWS_TO_UPPER }
    }
}

/// Every bound.
pub(super) const BOUNDS: [Bound; 4] =
    [Bound::SignedFrom, Bound::SignedUntil, Bound::ValidFrom, Bound::ValidUntil];

/// Number of rows from a device key word to its position.
pub(super) const ROWS_TO_POSITION: usize = LIMB_ROWS;
/// Number of rows from a date to its difference from a lower bound.
pub(super) const ROWS_TO_LOWER: usize = LIMB_ROWS;
/// Number of rows from a date to its difference from an upper bound. It differs from
/// [`ROWS_TO_LOWER`] so that the differences from all bounds have different rows.
pub(super) const ROWS_TO_UPPER: usize = ROWS_TO_LOWER + 3;

/// Number of rows from a number to its rest without the lowest limb.
pub(super) const LIMB_ROWS: usize = 64;

const _: () = {
    let mut class = 0;
    while class < CLASSES.len() {
        let elements = record_elements(&CLASSES[class]).next_multiple_of(RATE);
        assert!(
            elements <= offset::DEVICE_KEY_X + LIMB_ROWS,
            "a record ends before what stands below its numbers"
        );
        class += 1;
    }
};

/// The first row behind the elements and behind the positions, the first rests of words and the
/// differences.
const OTHER_ROWS: usize = offset::SLOT_DIGESTS + ROWS_TO_UPPER;

/// Number of bits in a limb, except for the last limb of a number.
pub(super) const LIMB_BITS: usize = 11;

/// Number of bits in a device key word, and number of its limbs.
pub(super) const WORD_BITS: usize = 32;
pub(super) const WORD_LIMBS: usize = WORD_BITS.div_ceil(LIMB_BITS);

/// Number of bits in a difference of dates, and number of its limbs.
pub(super) const DIFFERENCE_BITS: usize = 48;
pub(super) const DIFFERENCE_LIMBS: usize = DIFFERENCE_BITS.div_ceil(LIMB_BITS);

/// What a record's element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// Public, and thus known to the verifier.
    Given,
    /// Word `word` of the device key's coordinate.
    DeviceKey { operand: u64, word: usize },
    /// The date with this number on DATE.
    Date(u64),
    /// Element `element` of the digest of `slot`.
    SlotDigest { slot: usize, element: usize },
    /// Uniform.
    Salt,
}

/// What the record's element with this index is. The elements from the record's end on are padding.
pub(super) fn element(class: &SizeClass, index: usize) -> Element {
    match index {
        offset::DEVICE_KEY_X..offset::DATES => {
            let word = index - offset::DEVICE_KEY_X;
            let operand = if word < COORDINATE_WORDS { es256::X } else { es256::Y };
            Element::DeviceKey { operand, word: word % COORDINATE_WORDS }
        }
        offset::DATES..offset::SLOT_DIGESTS => {
            Element::Date(date::SIGNED + (index - offset::DATES) as u64)
        }
        _ if index < offset::DEVICE_KEY_X => Element::Given,
        _ if index < salt_offset(class) => {
            let index = index - offset::SLOT_DIGESTS;
            Element::SlotDigest { slot: index / DIGEST_ELEMENTS, element: index % DIGEST_ELEMENTS }
        }
        _ if index < record_elements(class) => Element::Salt,
        _ => Element::Given,
    }
}

/// The rows in use, and what they are for.
pub(super) fn rows(class: &SizeClass, kind: Kind) -> Vec<(usize, RowKind)> {
    let elements = record_elements(class).next_multiple_of(RATE);
    let mut rows: Vec<_> = (0..elements).map(|index| (index, RowKind::Element(index))).collect();
    let words = 0..COORDINATE_WORDS;
    let mut others = Vec::new();
    match kind {
        Kind::Credential => {
            let words = [es256::X, es256::Y]
                .into_iter()
                .flat_map(|operand| words.clone().map(move |word| (operand, word)));
            let positions =
                words.clone().map(|(operand, word)| RowKind::Position { operand, word });
            rows.extend((offset::DEVICE_KEY_X + ROWS_TO_POSITION..).zip(positions));
            others.extend(words.map(|(operand, word)| RowKind::IssuerWord { operand, word }));
        }
        Kind::Presentation => {
            for first in offset::DEVICE_KEY_X..offset::DATES {
                let rests = (1..WORD_LIMBS).map(|limb| RowKind::WordRest { limb });
                rows.extend(below(first, 1, rests));
            }
            for bound in BOUNDS {
                let limbs = (0..DIFFERENCE_LIMBS).map(|limb| RowKind::Difference { bound, limb });
                rows.extend(below(bound.row(), 0, limbs));
            }
            others.extend(words.map(|word| RowKind::HashWord { word }));
        }
    }
    others.extend((0..DIGEST_ELEMENTS).map(|element| RowKind::Commitment { element }));
    rows.extend((OTHER_ROWS..).zip(others));
    rows
}

/// The rows of the rests of a number that stands on row `first`, from the rest that lacks `limb`
/// limbs on, and the row after its last limb.
fn below(
    first: usize,
    limb: usize,
    rests: impl Iterator<Item = RowKind>,
) -> impl Iterator<Item = (usize, RowKind)> {
    (first + limb * LIMB_ROWS..).step_by(LIMB_ROWS).zip(rests.chain([RowKind::Nothing]))
}

/// The permutation whose digest begins on this row, if one does.
pub(super) fn squeezed(class: &SizeClass, row: RowKind) -> Option<usize> {
    match row {
        RowKind::Commitment { element: 0 } => {
            Some(first_record_permutation(class) + record_elements(class).div_ceil(RATE) - 1)
        }
        RowKind::Element(index) => match element(class, index) {
            Element::SlotDigest { slot, element: 0 } => {
                Some((slot + 1) * slot_permutations(class) - 1)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The operand and the index of the word that the row sends to the ES256 table, if it sends one.
pub(super) fn es256_word(class: &SizeClass, kind: Kind, row: RowKind) -> Option<(u64, usize)> {
    match row {
        RowKind::IssuerWord { operand, word } => Some((operand, word)),
        RowKind::HashWord { word } => Some((es256::HASH, word)),
        RowKind::Element(index) if kind == Kind::Presentation => match element(class, index) {
            Element::DeviceKey { operand, word } => Some((operand, word)),
            _ => None,
        },
        _ => None,
    }
}

/// The field by which a coordinate of the device key is found.
pub(super) fn coordinate_field(operand: u64) -> u64 {
    if operand == es256::X { field::DEVICE_KEY_X } else { field::DEVICE_KEY_Y }
}
