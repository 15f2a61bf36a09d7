//! Defines what a failure means for scripts: its exit status, its code and its JSON. No other
//! module decides this.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use velum_credentials::{Code, Error};
use velum_wallet::{PoolError, SealerError};

use crate::report::{write_stderr, write_stdout};

/// The input was read and is refused.
const REFUSED: u8 = 1;
/// The command cannot work with its input.
const UNUSABLE: u8 = 2;
/// A defect of this program.
const BUG: u8 = 3;

/// Why a command did not do its work.
#[derive(Debug)]
pub struct Failure {
    status: u8,
    code: FailureCode,
    place: String,
    message: String,
    /// The option of the command that permits what is refused by default.
    option: Option<&'static str>,
}

/// A code that scripts match on: a code of the library or one of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureCode {
    /// A fault of a document, a request or a proof.
    Credentials(Code),
    /// Arguments that cannot be parsed.
    Usage,
    /// A file that cannot be read or written.
    File,
    /// A pool of prepared proofs that is full.
    PoolFull,
    /// A pool whose proofs are sealed with another key.
    OtherKey,
    /// A program that this program runs is missing.
    ProgramMissing,
    /// A receipt that does not show that its presentation is in an aggregate, or an aggregate that
    /// does not verify.
    ReceiptInvalid,
    /// A market, or a service that a part of a market depends on, cannot be reached or refuses.
    Market,
    /// A GPU that was required is missing or failed.
    GpuUnavailable,
}

impl FailureCode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Credentials(code) => code.as_str(),
            Self::Usage => "usage",
            Self::File => "file",
            Self::PoolFull => "pool_full",
            Self::OtherKey => "other_key",
            Self::ProgramMissing => "program_missing",
            Self::ReceiptInvalid => "receipt_invalid",
            Self::Market => "market",
            Self::GpuUnavailable => "gpu_unavailable",
        }
    }

    /// The option of `velum prove` that permits what the library refuses by default.
    fn option(self) -> Option<&'static str> {
        match self {
            Self::Credentials(Code::Clock) => Some("--any-clock"),
            Self::Credentials(Code::DeviceNamespaces) => Some("--disclose-device-namespaces"),
            _ => None,
        }
    }
}

impl Failure {
    fn new(status: u8, code: FailureCode, place: impl Into<String>, message: String) -> Self {
        Self { status, code, place: place.into(), message, option: None }
    }

    /// The same failure, for a command that has no option that permits it.
    pub fn without_option(self) -> Self {
        Self { option: None, ..self }
    }

    /// Arguments that cannot be used.
    pub fn usage(message: String) -> Self {
        Self::new(UNUSABLE, FailureCode::Usage, "arguments", message)
    }

    /// A prepared proof that was already used.
    pub fn prepared_used(path: &Path) -> Self {
        let message = "this prepared proof was used; prepare another";
        Error::new(Code::PreparedUsed, path.display().to_string(), message).into()
    }

    /// A file that cannot be read or written.
    pub fn file(path: &Path, doing: &str, error: &std::io::Error) -> Self {
        let message = format!("cannot {doing} {}: {error}", path.display());
        Self::new(UNUSABLE, FailureCode::File, path.display().to_string(), message)
    }

    /// A program that this program runs is missing.
    pub fn missing(program: &str, message: String) -> Self {
        Self::new(UNUSABLE, FailureCode::ProgramMissing, program, message)
    }

    /// A receipt or an aggregate that is refused.
    pub fn receipt_invalid(place: impl Into<String>, message: String) -> Self {
        Self::new(REFUSED, FailureCode::ReceiptInvalid, place, message)
    }

    /// A market, or a service that a part of a market depends on, cannot be reached or refuses.
    pub fn market(place: impl Into<String>, message: String) -> Self {
        Self::new(UNUSABLE, FailureCode::Market, place, message)
    }

    /// A GPU that was required is missing or failed.
    pub fn gpu_unavailable(message: String) -> Self {
        Self::new(UNUSABLE, FailureCode::GpuUnavailable, "gpu", message)
    }

    /// Work that should have succeeded failed. This is a defect of this program.
    pub fn broken(place: &str, message: String) -> Self {
        Error::new(Code::Internal, place, message).into()
    }

    /// The code of the failure.
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// The place in the input that is at fault.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The same failure, with its place prefixed by the name of something that contains it.
    pub fn within(self, outer: &str) -> Self {
        Self { place: format!("{outer}: {}", self.place), ..self }
    }

    /// Whether the failure is a defect of this program.
    pub fn is_bug(&self) -> bool {
        self.status == BUG
    }

    /// What is wrong, and what to do about it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A defect of this program.
    pub fn bug() -> Self {
        let message = "internal error; please report it with the command that led to it";
        Error::new(Code::Internal, "velum", message).into()
    }

    /// Writes a JSON object to stdout for scripts, or lines to stderr for people.
    pub fn print(&self, json: bool) -> ExitCode {
        let Self { status, code, place, message, option } = self;
        if json {
            let error = json!({ "code": code.as_str(), "message": message, "where": place });
            write_stdout(&json!({ "error": error }).to_string());
        } else if !matches!(code, FailureCode::Usage | FailureCode::File) {
            write_stderr(format_args!(
                "error: {message}\n  where: {place}\n  code: {}",
                code.as_str()
            ));
            if let Some(option) = option {
                write_stderr(format_args!("  option: {option}"));
            }
        } else {
            write_stderr(format_args!("error: {message}"));
        }
        ExitCode::from(*status)
    }
}

/// Input that cannot be read has status 2. Input that was read and fails a check has status 1. A
/// bug has status 3.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.code() {
            Code::Malformed | Code::TooLarge | Code::WrongVersion => UNUSABLE,
            Code::Internal => BUG,
            _ => REFUSED,
        };
        let code = FailureCode::Credentials(error.code());
        let failure = Self::new(status, code, error.place(), error.message().to_owned());
        Self { option: code.option(), ..failure }
    }
}

/// The store of this command is a folder, so a failed store is reported as `file`.
impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        let (place, message) = (error.place().to_owned(), error.message());
        match error {
            PoolError::Prepare(error) => error.into(),
            PoolError::Full(_) => Self::new(REFUSED, FailureCode::PoolFull, place, message),
            PoolError::Sealer(SealerError::OtherKey) => {
                Self::new(UNUSABLE, FailureCode::OtherKey, place, message)
            }
            PoolError::Store(_) => Self::new(UNUSABLE, FailureCode::File, place, message),
            _ => Error::new(Code::Internal, place, message).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use velum_core::class::CLASSES;
    use velum_credentials::limits;

    /// A pool needs a clock whatever the options say. `prepare` has no option that lifts this, so
    /// it gives no hint.
    #[test]
    fn a_hint_is_given_where_it_helps() {
        let clock = || Failure::from(velum_wallet::clock_at(i64::MIN).unwrap_err());
        assert_eq!(clock().option, Some("--any-clock"));
        assert_eq!(clock().without_option().option, None);
        assert_eq!(
            Failure::from(PoolError::Prepare(Error::new(Code::Digest, "a", "b"))).option,
            None
        );
    }

    /// The rows of the tables under a heading of the documentation whose first cell is code. Each
    /// row is a list of cells, the first without its backticks.
    fn rows_under(heading: &str) -> impl Iterator<Item = Vec<&'static str>> {
        let lines =
            include_str!("../../docs/cli.md").lines().skip_while(move |line| *line != heading);
        let section = lines.skip(1).take_while(|line| !line.starts_with("## "));
        section.filter(|line| line.starts_with("| `")).map(|line| {
            let cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim());
            cells
                .enumerate()
                .map(|(index, cell)| if index == 0 { cell.trim_matches('`') } else { cell })
                .collect()
        })
    }

    /// The documentation lists every limit with its number.
    #[test]
    fn every_limit_is_documented() {
        const SOURCE: &str = include_str!("../../credentials/src/limits.rs");
        macro_rules! limits {
            ($($name:ident),+) => { [$((stringify!($name), limits::$name as usize)),+] };
        }
        let known = limits!(
            RESPONSE_BYTES,
            DOCUMENTS,
            NAME_BYTES,
            CBOR_DEPTH,
            REQUEST_BYTES,
            TRANSCRIPT_BYTES,
            DEVICE_NAMESPACES_BYTES,
            DEVICE_NAMESPACES,
            MSO_BYTES,
            PRESENTATION_BYTES,
            PREDICATES,
            X5CHAIN_CERTIFICATES,
            CERTIFICATE_BYTES,
            RANDOM_MIN_BYTES,
            DIGEST_ID_MAX,
            BATCH_PRESENTATIONS,
            BATCH_BYTES,
            AGGREGATE_PROOF_BYTES,
            RECEIPT_BYTES,
            RECEIPT_STEPS,
            RECEIPT_SIBLINGS,
            SUBMISSION_BYTES
        );
        let declared =
            SOURCE.lines().filter_map(|line| line.strip_prefix("pub const ")?.split_once(':'));
        let declared: BTreeSet<_> = declared.map(|(name, _)| name).collect();
        assert_eq!(
            declared,
            known.iter().map(|(name, _)| *name).collect(),
            "name each limit in this test"
        );

        let classes = CLASSES.iter().map(|class| {
            let numbers = [class.max_mso_bytes, class.slots, class.max_item_bytes];
            (class.name, numbers.map(|number| number.to_string()).to_vec())
        });
        let known = known.iter().map(|(name, most)| (*name, vec![most.to_string()]));
        let expected: BTreeSet<_> = known.chain(classes).collect();
        let documented: BTreeSet<_> = rows_under("## Limits")
            .map(|row| {
                let numbers =
                    row[1..].iter().filter(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()));
                (row[0], numbers.map(|number| (*number).to_owned()).collect())
            })
            .collect();
        assert_eq!(documented, expected, "correct \"Limits\" in docs/cli.md");
    }

    /// Scripts are written from the documentation, so it lists every code and no other.
    #[test]
    fn every_code_is_documented() {
        let cli = [
            FailureCode::Usage,
            FailureCode::File,
            FailureCode::PoolFull,
            FailureCode::OtherKey,
            FailureCode::ProgramMissing,
            FailureCode::ReceiptInvalid,
            FailureCode::Market,
            FailureCode::GpuUnavailable,
        ];
        let codes = Code::ALL.iter().copied().map(FailureCode::Credentials).chain(cli);
        let codes: BTreeSet<_> = codes.map(FailureCode::as_str).collect();
        let rows: Vec<_> = rows_under("## Codes").collect();
        let documented: BTreeSet<_> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(documented.len(), rows.len(), "a code has two rows");
        for row in &rows {
            assert!(
                row.len() == 3 && row.iter().all(|cell| !cell.is_empty()),
                "say cause and remedy: {row:?}"
            );
        }
        let missing: Vec<_> = codes.difference(&documented).collect();
        assert!(missing.is_empty(), "add to \"Codes\" in docs/cli.md: {missing:?}");
        let unknown: Vec<_> = documented.difference(&codes).collect();
        assert!(unknown.is_empty(), "remove from \"Codes\" in docs/cli.md: {unknown:?}");
    }
}
