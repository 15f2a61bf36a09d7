//! The interface of what makes results.

use bytes::Bytes;

use crate::task::Task;

/// Makes the results of tasks, and checks them.
pub trait Prove: Send + Sync + 'static {
    /// Whether bytes are a result of the task, whoever has written them.
    fn holds(&self, task: &Task, result: &[u8]) -> bool;

    /// Makes the result of a task from the blob of its submission, or from the results of its
    /// inputs in their order. The inputs may be any bytes.
    ///
    /// # Errors
    /// Returns [`Unproven`].
    fn prove(&self, task: &Task, inputs: &[Bytes]) -> Result<Vec<u8>, Unproven>;
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The input at this place is not the result that it should be, and has to be made again.
    Input(usize),
    /// There is no result, however often it is tried.
    Refused(String),
    /// Something went wrong that should not go wrong.
    Failed(String),
}
