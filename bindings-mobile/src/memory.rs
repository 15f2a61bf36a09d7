//! The memory that proving may use.

use velum_credentials::{ProofKind, SizeClass, Suite};
use velum_wallet::memory_needed;

use crate::error::{ErrorCode, VelumError};

/// The place that errors about the budget name.
const PLACE: &str = "options.memoryBudget";

/// How much memory proving uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum Memory {
    /// As much memory as the fastest way needs.
    #[default]
    Normal,
    /// As little memory as possible, at the cost of time. The proof is of the same kind.
    Low,
}

impl From<Memory> for velum_credentials::Memory {
    fn from(memory: Memory) -> Self {
        match memory {
            Memory::Normal => Self::Normal,
            Memory::Low => Self::Low,
        }
    }
}

/// The memory settings of the caller, and the number of threads that use the memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) memory: Memory,
    /// In bytes.
    pub(crate) budget: Option<u64>,
    pub(crate) threads: usize,
}

impl Limits {
    /// Checks that the budget suffices for a proof of this kind.
    ///
    /// # Errors
    /// `memory_insufficient` if it does not. How to make the proof is the caller's choice. If
    /// another way would fit into the budget, the remedy names it.
    pub(crate) fn check(
        &self,
        kind: ProofKind,
        suite: Suite,
        class: SizeClass,
    ) -> Result<(), VelumError> {
        let Some(budget) = self.budget else { return Ok(()) };
        let need =
            |memory: Memory, threads| memory_needed(kind, suite, class, memory.into(), threads);
        let needed = need(self.memory, self.threads);
        if needed <= budget {
            return Ok(());
        }
        let (kind, class, threads) = (kind.name(), class.name, self.threads);
        let message = format!(
            "a {kind} of suite {} and size class {class} takes up to {needed} bytes on {threads} {}, and the budget is {budget}",
            suite.name(),
            if threads == 1 { "thread" } else { "threads" },
        );
        let fits = |memory, threads| need(memory, threads) <= budget;
        let remedy = if self.memory == Memory::Normal && fits(Memory::Low, threads) {
            "prove with `memory` low, or make no proof now"
        } else if fits(self.memory, 1) {
            "prove on one thread, or make no proof now"
        } else if fits(Memory::Low, 1) {
            "prove with `memory` low and on one thread, or make no proof now"
        } else {
            "make no proof now"
        };
        Err(VelumError::mended_by(ErrorCode::MemoryInsufficient, PLACE, message, remedy.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The remedy for a budget of this many bytes on this many threads.
    fn remedy(memory: Memory, threads: usize, budget: u64) -> Option<String> {
        let limits = Limits { memory, budget: Some(budget), threads };
        let class = velum_credentials::SizeClass::by_id(1).unwrap();
        let error = limits.check(ProofKind::Credential, Suite::Direct, class).err()?;
        assert_eq!(
            (error.code(), error.problem().place.as_str()),
            (ErrorCode::MemoryInsufficient, PLACE)
        );
        assert!(error.problem().message.contains(&budget.to_string()), "{error}");
        error.problem().remedy.clone()
    }

    #[test]
    fn the_remedy_is_the_first_change_that_fits() {
        let class = velum_credentials::SizeClass::by_id(1).unwrap();
        let need = |memory: Memory, threads| {
            memory_needed(ProofKind::Credential, Suite::Direct, class, memory.into(), threads)
        };
        let (normal, low) = (need(Memory::Normal, 1), need(Memory::Low, 1));
        assert!(low < normal && normal < need(Memory::Normal, 4));
        assert_eq!(remedy(Memory::Normal, 1, normal), None);
        assert_eq!(remedy(Memory::Low, 1, low), None);
        assert_eq!(
            remedy(Memory::Normal, 1, normal - 1).unwrap(),
            "prove with `memory` low, or make no proof now"
        );
        assert_eq!(
            remedy(Memory::Low, 4, low).unwrap(),
            "prove on one thread, or make no proof now"
        );
        let both = remedy(Memory::Normal, 4, low).unwrap();
        assert_eq!(both, "prove with `memory` low and on one thread, or make no proof now");
        for memory in [Memory::Normal, Memory::Low] {
            assert_eq!(remedy(memory, 1, low - 1).unwrap(), "make no proof now");
        }
    }
}
