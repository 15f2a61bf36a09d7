//! Integers of the market: money, times and counts. All are below 2^53, so that every JSON reader
//! reads them exactly.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Every quantity is below this number.
pub const LIMIT: u64 = 1 << 53;

/// A number that is too large to be a quantity.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0} is not below 2^53")]
pub struct QuantityError(pub u64);

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u64", into = "u64")]
        pub struct $name(u64);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(0);
            /// The largest quantity.
            pub const MOST: Self = Self(LIMIT - 1);

            /// A quantity of this value.
            ///
            /// # Errors
            /// Returns [`QuantityError`] for 2^53 and above.
            pub const fn new(value: u64) -> Result<Self, QuantityError> {
                if value < LIMIT { Ok(Self(value)) } else { Err(QuantityError(value)) }
            }

            /// A constant quantity.
            ///
            /// # Panics
            /// Panics for 2^53 and above. In a constant, this is a compile error.
            #[must_use]
            pub const fn constant(value: u64) -> Self {
                assert!(value < LIMIT, "not below 2^53");
                Self(value)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The sum, or `None` if it is too large.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                Self::new(self.0.checked_add(other.0)?).ok()
            }

            /// The difference, or zero if `other` is larger.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl TryFrom<u64> for $name {
            type Error = QuantityError;

            fn try_from(value: u64) -> Result<Self, QuantityError> {
                Self::new(value)
            }
        }

        impl From<$name> for u64 {
            fn from(quantity: $name) -> Self {
                quantity.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

quantity! {
    /// Money, in the smallest unit of the market.
    Amount
}
quantity! {
    /// A time in milliseconds since 1970, in UTC.
    Time
}
quantity! {
    /// A duration in milliseconds.
    Duration
}
quantity! {
    /// A number of things, such as presentations, bytes or epochs.
    Count
}

impl Time {
    /// The time after this duration, or the largest time.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self((self.0 + duration.0).min(LIMIT - 1))
    }

    /// The time before this duration, or 1970.
    #[must_use]
    pub const fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }

    /// The duration since an earlier time, or zero if that time is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

/// A share in parts of a million.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Parts(u32);

impl Parts {
    /// The whole.
    pub const WHOLE: Self = Self(1_000_000);

    /// This many parts of a million. More than a million is more than the whole.
    #[must_use]
    pub const fn of_a_million(parts: u32) -> Self {
        Self(parts)
    }

    /// This many parts of a hundred.
    ///
    /// # Panics
    /// Panics above 429,000 percent.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(percent * 10_000)
    }

    /// The parts of a million.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// This share of an amount, rounded down, and at most the largest amount.
    #[must_use]
    pub fn of(self, amount: Amount) -> Amount {
        let parts = u128::from(amount.0) * u128::from(self.0) / 1_000_000;
        Amount(u64::try_from(parts).unwrap_or(u64::MAX).min(LIMIT - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_end_below_two_to_the_53() {
        assert_eq!(Amount::new(LIMIT - 1), Ok(Amount::MOST));
        assert_eq!(Amount::new(LIMIT), Err(QuantityError(LIMIT)));
        assert_eq!(Amount::MOST.checked_add(Amount::ZERO), Some(Amount::MOST));
        assert_eq!(Amount::MOST.checked_add(Amount::constant(1)), None);
        assert_eq!(Time::MOST.after(Duration::constant(1)), Time::MOST);
    }

    #[test]
    fn a_share_is_rounded_down() {
        let amount = Amount::constant(99);
        assert_eq!(Parts::percent(50).of(amount).get(), 49);
        assert_eq!(Parts::WHOLE.of(amount), amount);
        assert_eq!(Parts::percent(200).of(amount).get(), 198);
        assert_eq!(Parts::percent(200).of(Amount::MOST), Amount::MOST);
    }
}
