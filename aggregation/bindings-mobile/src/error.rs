//! The error type of the library.

use velum_credentials::{Code, Error};

/// What went wrong, and where. It never contains the value of an element.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReceiptProblem {
    /// What went wrong, as a fixed code. The codes are those of the `velum` command, such as
    /// `receipt_invalid` if an aggregate does not show what is claimed.
    pub code: String,
    /// Where: a path into the input, such as `receipt.path`.
    pub place: String,
    /// What is wrong in this case, and what to do about it.
    pub message: String,
}

/// Why a receipt shows nothing, grouped by who can do something about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ReceiptError {
    /// The given bytes cannot be read: `malformed`, `too_large`, `wrong_version`.
    #[error("{}", problem.message)]
    Unreadable {
        /// What went wrong.
        problem: ReceiptProblem,
    },
    /// The input was read but fails a check.
    #[error("{}", problem.message)]
    Refused {
        /// What went wrong.
        problem: ReceiptProblem,
    },
    /// A bug, or a failure of the system. It says nothing about the receipt.
    #[error("{}", problem.message)]
    Internal {
        /// What went wrong.
        problem: ReceiptProblem,
    },
}

impl ReceiptError {
    /// What went wrong.
    pub fn problem(&self) -> &ReceiptProblem {
        match self {
            Self::Unreadable { problem }
            | Self::Refused { problem }
            | Self::Internal { problem } => problem,
        }
    }

    pub(crate) fn malformed(place: &str, message: String) -> Self {
        Self::new(Code::Malformed.as_str(), place, message)
    }

    pub(crate) fn internal(message: &str) -> Self {
        Self::new(Code::Internal.as_str(), "velum", message.to_owned())
    }

    fn new(code: &str, place: &str, message: String) -> Self {
        let unreadable = [Code::Malformed, Code::TooLarge, Code::WrongVersion];
        let problem = ReceiptProblem { code: code.to_owned(), place: place.to_owned(), message };
        if unreadable.iter().any(|known| known.as_str() == code) {
            Self::Unreadable { problem }
        } else if code == Code::Internal.as_str() {
            Self::Internal { problem }
        } else {
            Self::Refused { problem }
        }
    }
}

impl From<Error> for ReceiptError {
    fn from(error: Error) -> Self {
        Self::new(error.code().as_str(), error.place(), error.message().to_owned())
    }
}

impl From<velum_receipt::ReceiptError> for ReceiptError {
    fn from(error: velum_receipt::ReceiptError) -> Self {
        Self::new(error.code(), error.place(), error.message())
    }
}
