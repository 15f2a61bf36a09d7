//! Switches one rule of the checker off, so that `cargo xtask soundness-mutants` can find out which
//! test notices. Exists only in builds for tests. No prover or verifier uses it.

use std::sync::OnceLock;

/// The environment variable that names the rule, as [`Failure::rule`](super::Failure::rule) writes
/// it.
const VARIABLE: &str = "VELUM_MUTANT";

/// Whether the constraint `chip/label` is switched off.
pub(crate) fn constraint_is_off(chip: &str, label: &str) -> bool {
    switched_off().is_some_and(|rule| {
        rule.strip_prefix(chip).and_then(|rest| rest.strip_prefix('/')) == Some(label)
    })
}

/// Whether the bus is switched off.
pub(crate) fn bus_is_off(bus: &str) -> bool {
    switched_off().is_some_and(|rule| rule.strip_prefix("bus ") == Some(bus))
}

fn switched_off() -> Option<&'static str> {
    static RULE: OnceLock<Option<String>> = OnceLock::new();
    RULE.get_or_init(|| std::env::var(VARIABLE).ok()).as_deref()
}
