//! How much memory proving needs, for callers to which the system grants a limited amount.

use velum_credentials::{Memory, ProofKind, SizeClass, Suite};

const MB: u64 = 1_000_000;

/// Peak memory of a process on one thread, in megabytes.
#[derive(Clone, Copy)]
struct Peak {
    normal: u64,
    low: u64,
}

const fn peak(normal: u64, low: u64) -> Peak {
    Peak { normal, low }
}

/// The most that each further thread adds, in megabytes.
const THREAD: u64 = 2;

/// The most memory, in bytes, of a process that makes one such proof and nothing else. It includes
/// the key of the proof, the program and the stacks of its threads. It does not include the keys of
/// other proofs, nor the memory that earlier proofs keep unless
/// [`free_memory`](crate::Wallet::free_memory) was called.
///
/// The figures were measured on x86-64 Linux, and a tenth is added.
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

/// The figures that `velum prepare` and `velum prove --prepared` print about themselves, each in a
/// process of its own.
fn measured(kind: ProofKind, suite: Suite, class: SizeClass) -> Peak {
    let [standard, large, extra] = match kind {
        // Suites other than `direct` never keep extended columns, so their two figures are equal.
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
