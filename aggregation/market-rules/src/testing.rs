//! What tests have in common: rules with a change.

use crate::{Rules, Settings};

/// The default rules, but for a change.
pub(crate) fn rules_with(change: impl FnOnce(&mut Settings)) -> Rules {
    let mut settings = Settings::from(Rules::default());
    change(&mut settings);
    Rules::new(settings).expect("rules that hold")
}
