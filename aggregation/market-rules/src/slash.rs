//! What a broken lease costs, and who gets it.
//!
//! The slash depends on the lot's maximum price, never on the bid. If it depended on the bid, a
//! provider that bids nothing would risk nothing.
//!
//! One part of the slash goes to the provider that delivers the lot afterwards, and the other is
//! burned. A provider with two names could rescue its own lot, and would then lose the burned part
//! only.

use velum_market_model::{Amount, Parts};

use crate::Rules;

/// Where the collateral of a broken lease goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slash {
    /// The part for the provider that delivers the lot afterwards.
    pub rescuer: Amount,
    /// The part that nobody gets.
    pub burned: Amount,
    /// The part that goes back to the provider.
    pub returned: Amount,
}

/// What a broken lease of a lot costs.
#[must_use]
pub fn amount(maximum: Amount, rules: &Rules) -> Amount {
    rules.slash.rate.of(maximum.max(rules.slash.minimum_collateral))
}

/// The collateral of a lock. It covers the slash, and is at least what the clients ask for and the
/// least collateral of the market.
#[must_use]
pub fn collateral(maximum: Amount, asked: Amount, rules: &Rules) -> Amount {
    amount(maximum, rules).max(asked).max(rules.slash.minimum_collateral)
}

/// Divides the collateral. Never takes more than what is held.
#[must_use]
pub fn divide(held: Amount, maximum: Amount, rules: &Rules) -> Slash {
    let taken = amount(maximum, rules).min(held);
    let rescuer = rules.slash.rescuer.min(Parts::WHOLE).of(taken);
    Slash { rescuer, burned: taken.saturating_sub(rescuer), returned: held.saturating_sub(taken) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rules_with;

    #[test]
    fn a_slash_goes_by_the_maximum_price_and_no_less_than_the_least_collateral() {
        let rules = rules_with(|settings| {
            settings.slash.rate = Parts::percent(150);
            settings.slash.minimum_collateral = Amount::constant(1000);
        });
        assert_eq!(amount(Amount::constant(10), &rules).get(), 1500);
        assert_eq!(amount(Amount::constant(2000), &rules).get(), 3000);
    }

    #[test]
    fn collateral_covers_the_slash() {
        for rate in [10, 100, 250] {
            let rules = rules_with(|settings| settings.slash.rate = Parts::percent(rate));
            for (maximum, asked) in [(1, 0), (50_000, 0), (50_000, 90_000), (1_000_000, 1)] {
                let (maximum, asked) = (Amount::constant(maximum), Amount::constant(asked));
                let held = collateral(maximum, asked, &rules);
                assert!(held >= amount(maximum, &rules) && held >= asked);
                let slash = divide(held, maximum, &rules);
                assert_eq!(slash.rescuer.get() + slash.burned.get(), amount(maximum, &rules).get());
                assert_eq!(
                    slash.rescuer.get() + slash.burned.get() + slash.returned.get(),
                    held.get()
                );
            }
        }
    }

    #[test]
    fn no_more_is_taken_than_is_held() {
        let rules = rules_with(|_| ());
        let slash = divide(Amount::constant(7), Amount::constant(50_000), &rules);
        assert_eq!(
            slash,
            Slash {
                rescuer: Amount::constant(3),
                burned: Amount::constant(4),
                returned: Amount::ZERO
            }
        );
    }
}
