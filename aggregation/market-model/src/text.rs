//! Short texts that people and programs choose. They are printable ASCII, so that a text has one
//! form, and no other text looks like it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("it has to be {least} to {most} characters of printable ASCII")]
pub struct TextError {
    /// The fewest characters.
    pub least: usize,
    /// The most characters.
    pub most: usize,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $least:literal, $most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
                if printable && ($least..=$most).contains(&text.len()) {
                    Ok(Self(text))
                } else {
                    Err(TextError { least: $least, most: $most })
                }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

text! {
    /// A client chooses this key so that a job which it sends twice is one job.
    IdempotencyKey, 16, 64
}
text! {
    /// The name and version of a proof system, such as "velum aggregatable 6".
    ProofSystemName, 1, 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_characters_have_limits() {
        let key = |text: &str| IdempotencyKey::try_from(text.to_owned());
        assert!(key(&"a".repeat(16)).is_ok() && key(&"a".repeat(64)).is_ok());
        for wrong in ["a".repeat(15), "a".repeat(65), "a\n".repeat(10), "é".repeat(10)] {
            assert_eq!(key(&wrong), Err(TextError { least: 16, most: 64 }), "{wrong}");
        }
    }
}
