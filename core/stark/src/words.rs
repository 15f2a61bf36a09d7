//! The numbers of the words that a batch combines.
//!
//! The weight of a word is the product of the batching challenges whose bits are set in its number.
//! The mask of FRI has number 0, and the terms have other numbers. A number that belongs to no term
//! stands for a word of zeros.

#[cfg(feature = "poseidon2")]
use std::collections::BTreeMap;

use crate::hash::HashFunction;
use crate::shape::Term;

/// Binary logarithm of the count of numbers in a block. A circuit sums up the cells of a block at
/// once.
pub const LOG_BLOCK: usize = 4;

/// Count of numbers in a block.
pub const BLOCK: usize = 1 << LOG_BLOCK;

/// Number of terms for which a separate block is worthwhile.
#[cfg(feature = "poseidon2")]
const FILLED: usize = BLOCK / 2;

/// The number of each term.
///
/// Numbers are in the order of the terms, unless a circuit verifies the proofs. For a circuit,
/// terms of one point and of columns over one field stand together in blocks.
pub(crate) fn numbers(terms: &[Term], hash: HashFunction) -> Vec<usize> {
    match hash {
        #[cfg(feature = "poseidon2")]
        HashFunction::Poseidon2 => in_blocks(terms),
        HashFunction::Blake3 | HashFunction::Blake3Truncated => (1..=terms.len()).collect(),
    }
}

#[cfg(feature = "poseidon2")]
fn in_blocks(terms: &[Term]) -> Vec<usize> {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, term) in terms.iter().enumerate() {
        alike.entry((term.point, term.is_extension)).or_default().push(at);
    }
    let blocks = alike.values().flat_map(|terms| terms.chunks(BLOCK));
    let (blocks, single): (Vec<_>, Vec<_>) = blocks.partition(|terms| terms.len() >= FILLED);
    let mut numbers = vec![0; terms.len()];
    let mut first = BLOCK;
    for block in blocks {
        block.iter().zip(first..).for_each(|(&term, number)| numbers[term] = number);
        first += BLOCK;
    }
    let rest = (1..BLOCK).chain(first..);
    single.into_iter().flatten().zip(rest).for_each(|(&term, number)| numbers[term] = number);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(points: &[(usize, bool, usize)]) -> Vec<Term> {
        let term = |point: usize, is_extension: bool| Term {
            tree: 0,
            group: 0,
            column: 0,
            is_extension,
            point,
        };
        points
            .iter()
            .flat_map(|&(point, field, count)| (0..count).map(move |_| term(point, field)))
            .collect()
    }

    #[test]
    fn terms_of_a_point_stand_together_for_circuits() {
        let terms =
            terms(&[(3, false, 20), (1, true, 9), (3, true, 2), (1, false, 16), (3, false, 5)]);
        let numbers = numbers(&terms, HashFunction::Poseidon2);
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), terms.len());
        assert!(!sorted.contains(&0));
        for (term, number) in
            terms.iter().zip(&numbers).filter(|(_, number)| (BLOCK..5 * BLOCK).contains(number))
        {
            let others =
                terms.iter().zip(&numbers).filter(|(_, other)| *other / BLOCK == number / BLOCK);
            for (other, _) in others {
                assert_eq!((other.point, other.is_extension), (term.point, term.is_extension));
            }
        }
        // Point 1 has a block of 16 base terms and a block of 9 extension terms. The 25 base terms
        // of point 3 fill a block of 16 and a block of 9. Its 2 extension terms are in the first
        // block.
        assert_eq!(sorted.last(), Some(&(4 * BLOCK + 8)));
        assert_eq!(sorted.iter().filter(|&&number| number < BLOCK).count(), 2);
    }

    #[test]
    fn terms_are_numbered_in_order_for_others() {
        let terms = terms(&[(3, false, 20), (1, true, 9)]);
        let expected: Vec<_> = (1..=29).collect();
        assert_eq!(numbers(&terms, HashFunction::Blake3), expected);
        assert_eq!(numbers(&terms, HashFunction::Blake3Truncated), expected);
    }
}
