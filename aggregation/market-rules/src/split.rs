//! Splits the price of a lot over its jobs.

use velum_market_model::Amount;

/// Splits `price` so that each job pays at least its minimum and at most its maximum, and all jobs
/// together pay exactly the price.
///
/// Each job pays its minimum and a part of the rest in proportion to its range. Rounding is by the
/// largest remainder. If remainders are equal, the earlier job comes first. Returns `None` if the
/// price is not between the sums of the minima and the maxima.
#[must_use]
pub fn split(price: Amount, bounds: &[(Amount, Amount)]) -> Option<Vec<Amount>> {
    let sum = |amounts: &mut dyn Iterator<Item = Amount>| {
        amounts.map(|amount| u128::from(amount.get())).sum::<u128>()
    };
    let minimum = sum(&mut bounds.iter().map(|(minimum, _)| *minimum));
    let range = sum(&mut bounds.iter().map(|(minimum, maximum)| maximum.saturating_sub(*minimum)));
    let spread = u128::from(price.get()).checked_sub(minimum).filter(|spread| *spread <= range)?;
    // If all ranges are zero, there is nothing to divide, and every job pays its minimum.
    let range = range.max(1);
    let product = |(minimum, maximum): &(Amount, Amount)| {
        spread * u128::from(maximum.saturating_sub(*minimum).get())
    };
    let mut shares: Vec<u128> =
        bounds.iter().map(|bound| u128::from(bound.0.get()) + product(bound) / range).collect();
    let mut left = (minimum + spread).checked_sub(shares.iter().sum())?;
    let mut by_remainder: Vec<usize> = (0..bounds.len()).collect();
    by_remainder.sort_by_key(|place| std::cmp::Reverse(product(&bounds[*place]) % range));
    for place in by_remainder {
        if left == 0 {
            break;
        }
        // Each job that is reached here has a remainder above zero, so its share is below its
        // maximum.
        shares[place] += 1;
        left -= 1;
    }
    shares.into_iter().map(|share| Amount::new(u64::try_from(share).ok()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split_of(price: u64, bounds: &[(u64, u64)]) -> Option<Vec<u64>> {
        let amount = Amount::constant;
        let bounds: Vec<_> =
            bounds.iter().map(|(minimum, maximum)| (amount(*minimum), amount(*maximum))).collect();
        Some(split(amount(price), &bounds)?.into_iter().map(Amount::get).collect())
    }

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        assert_eq!(split_of(10, &[(0, 9), (0, 9), (0, 9)]), Some(vec![4, 3, 3]));
        assert_eq!(split_of(11, &[(1, 5), (2, 12)]), Some(vec![3, 8]));
        assert_eq!(split_of(7, &[(3, 3), (4, 4)]), Some(vec![3, 4]));
    }

    #[test]
    fn only_prices_between_the_sums_are_split() {
        assert_eq!(split_of(3, &[(1, 5), (2, 12)]), Some(vec![1, 2]));
        assert_eq!(split_of(17, &[(1, 5), (2, 12)]), Some(vec![5, 12]));
        assert_eq!(split_of(2, &[(1, 5), (2, 12)]), None);
        assert_eq!(split_of(18, &[(1, 5), (2, 12)]), None);
        assert_eq!(split_of(0, &[]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn shares_are_within_bounds_and_add_up(
            bounds in proptest::collection::vec((0..1u64 << 40, 0..1u64 << 40), 1..70),
            part in 0..=1_000_000u64,
        ) {
            let bounds: Vec<_> = bounds.into_iter().map(|(minimum, range)| (minimum, minimum + range)).collect();
            let (low, high) = bounds.iter().fold((0, 0), |(low, high), bound| (low + bound.0, high + bound.1));
            let price = low + u64::try_from(u128::from(high - low) * u128::from(part) / 1_000_000).unwrap();
            let shares = split_of(price, &bounds).unwrap();
            prop_assert_eq!(shares.iter().sum::<u64>(), price);
            for (share, (minimum, maximum)) in shares.iter().zip(&bounds) {
                prop_assert!(minimum <= share && share <= maximum);
            }
        }
    }
}
