//! Certificates in PEM (RFC 7468).

use thiserror::Error;
use x509_cert::der::pem;

const BEGIN: &str = "-----BEGIN ";
const LABEL: &str = "CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Why a PEM text gives no certificates. Blocks are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PemError {
    /// The text has no PEM block.
    #[error("no PEM certificate: expected a block that begins with -----BEGIN CERTIFICATE-----")]
    Empty,
    /// A block holds something else, such as a key.
    #[error("PEM block {block} is not labelled CERTIFICATE")]
    Label {
        /// The index of the block.
        block: usize,
    },
    /// A block has no end line.
    #[error("PEM block {block} has no -----END CERTIFICATE----- line")]
    Unterminated {
        /// The index of the block.
        block: usize,
    },
    /// A block is not well-formed PEM.
    #[error("PEM block {block}: {reason}")]
    Malformed {
        /// The index of the block.
        block: usize,
        /// The reason from the decoder.
        reason: String,
    },
}

/// The DER bytes of every certificate in `text`, in order; there is at least one. Text around the
/// blocks is skipped. The certificates themselves are not read.
///
/// # Errors
/// [`PemError`] for a text without blocks, for a block of another kind, and for a malformed block.
pub fn read_pem(text: &str) -> Result<Vec<Vec<u8>>, PemError> {
    let mut certificates = Vec::new();
    let mut rest = text;
    while let Some((_, from_label)) = rest.split_once(BEGIN) {
        let block = certificates.len();
        if !from_label.starts_with(LABEL) {
            return Err(PemError::Label { block });
        }
        let (body, after) = from_label.split_once(END).ok_or(PemError::Unterminated { block })?;
        let (_, der) = pem::decode_vec(format!("{BEGIN}{body}{END}\n").as_bytes())
            .map_err(|error| PemError::Malformed { block, reason: error.to_string() })?;
        certificates.push(der);
        rest = after;
    }
    if certificates.is_empty() { Err(PemError::Empty) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_cert::der::pem::LineEnding;

    fn block(label: &str, der: &[u8]) -> String {
        pem::encode_string(label, LineEnding::LF, der).unwrap()
    }

    #[test]
    fn one_or_more_certificates() {
        let (first, second) = (vec![0x30; 100], vec![0x31; 7]);
        let both = format!(
            "subject: a comment\n{}\n\n{}\n",
            block("CERTIFICATE", &first),
            block("CERTIFICATE", &second)
        );
        assert_eq!(read_pem(&both), Ok(vec![first.clone(), second.clone()]));
        assert_eq!(read_pem(&both.replace('\n', "\r\n")), Ok(vec![first, second]));
    }

    #[test]
    fn other_texts_are_refused() {
        let whole = block("CERTIFICATE", &[0x30; 100]);
        assert_eq!(read_pem(""), Err(PemError::Empty));
        assert_eq!(read_pem("MIIB"), Err(PemError::Empty));
        assert_eq!(read_pem(&block("PRIVATE KEY", &[0x30])), Err(PemError::Label { block: 0 }));
        assert_eq!(
            read_pem(&(whole.clone() + &block("X509 CRL", &[0x30]))),
            Err(PemError::Label { block: 1 })
        );
        assert_eq!(read_pem(&whole[..whole.len() - 3]), Err(PemError::Unterminated { block: 0 }));
        let damaged = whole.replacen("MD", "M*", 1);
        assert!(matches!(read_pem(&damaged), Err(PemError::Malformed { block: 0, .. })));
    }
}
