//! How much memory proving takes, for callers whom the system gives no more than so much.

use velum_credentials::{Memory, ProofKind, SizeClass, Suite};

const MB: u64 = 1_000_000;

/// Megabytes that a process takes at its peak on one thread.
#[derive(Clone, Copy)]
struct Peak {
    normal: u64,
    low: u64,
}

const fn peak(normal: u64, low: u64) -> Peak {
    Peak { normal, low }
}

/// Megabytes that each further thread adds at most.
const THREAD: u64 = 2;

/// The most bytes that a process takes which makes such a proof and nothing else: its key, the program and the stacks of its threads included. Keys
/// of other proofs come on top, and what earlier proofs left where nobody called [`free_memory`](crate::Wallet::free_memory).
///
/// Measured on x86-64 Linux, with a tenth added.
#[must_use]
pub fn memory_needed(
    kind: ProofKind,
    suite: Suite,
    class: SizeClass,
    memory: Memory,
    threads: usize,
) -> u64 {
    let peak = measured(kind, suite, class);
    let one_thread = match memory {
        Memory::Normal => peak.normal,
        Memory::Low => peak.low,
    };
    let more_threads = u64::try_from(threads.saturating_sub(1)).unwrap_or(u64::MAX);
    let megabytes = one_thread.saturating_add(THREAD.saturating_mul(more_threads));
    megabytes.saturating_mul(MB + MB / 10)
}

/// As `velum prepare` and `velum prove --prepared` print of themselves, in a process of its own each.
fn measured(kind: ProofKind, suite: Suite, class: SizeClass) -> Peak {
    let [standard, large, extra] = match kind {
        // Columns of these are never kept extended.
        ProofKind::Credential if suite.is_for_circuits() => {
            [peak(68, 68), peak(125, 125), peak(261, 261)]
        }
        ProofKind::Presentation if suite.is_for_circuits() => {
            [peak(33, 33), peak(55, 55), peak(149, 149)]
        }
        ProofKind::Credential if suite == Suite::Compact => {
            [peak(85, 85), peak(158, 158), peak(329, 329)]
        }
        ProofKind::Presentation if suite == Suite::Compact => {
            [peak(32, 32), peak(53, 53), peak(151, 151)]
        }
        ProofKind::Credential => [peak(90, 61), peak(168, 108), peak(371, 232)],
        ProofKind::Presentation => [peak(35, 28), peak(57, 45), peak(151, 121)],
    };
    match class.id {
        1 => standard,
        2 => large,
        _ => extra,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use velum_credentials::SUITES;

    #[test]
    fn every_suite_and_class_has_a_need_that_grows_with_the_class_and_the_threads() {
        let classes: Vec<_> = (1..=u8::MAX).map_while(SizeClass::by_id).collect();
        assert_eq!(classes.len(), 3, "the table has a column for each class");
        for suite in SUITES.iter().copied() {
            assert!(
                ["direct", "compact", "aggregatable"].contains(&suite.name()),
                "the table has a row for each suite"
            );
            for kind in [ProofKind::Credential, ProofKind::Presentation] {
                let need =
                    |class, memory, threads| memory_needed(kind, suite, class, memory, threads);
                for memory in [Memory::Normal, Memory::Low] {
                    assert!(classes.iter().map(|class| need(*class, memory, 1)).is_sorted());
                }
                for class in classes.iter().copied() {
                    assert!(need(class, Memory::Low, 1) <= need(class, Memory::Normal, 1));
                    assert!(need(class, Memory::Normal, 1) < need(class, Memory::Normal, 4));
                    assert_eq!(need(class, Memory::Normal, 0), need(class, Memory::Normal, 1));
                }
            }
        }
    }
}
