//! Changed rules for tests.

use crate::{Rules, Settings};

/// The default rules with a change.
pub(crate) fn rules_with(change: impl FnOnce(&mut Settings)) -> Rules {
    let mut settings = Settings::from(Rules::default());
    change(&mut settings);
    Rules::new(settings).expect("rules that hold")
}
