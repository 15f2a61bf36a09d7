//! What makes results.

use bytes::Bytes;

use crate::task::Task;

/// Makes the results of tasks, and judges them.
pub trait Prove: Send + Sync + 'static {
    /// Whether bytes are a result of the task, whoever has written them.
    fn holds(&self, task: &Task, result: &[u8]) -> bool;

    /// Makes the result of a task: from the submission's blob, or from the results of its inputs in their order. They may be any bytes.
    ///
    /// # Errors
    /// [`Unproven`].
    fn prove(&self, task: &Task, inputs: &[Bytes]) -> Result<Vec<u8>, Unproven>;
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// An input, by its place, is not the result that it should be, and has to be made again.
    Input(usize),
    /// There is none, however often it is tried.
    Refused(String),
    /// Something went wrong that should not.
    Failed(String),
}
