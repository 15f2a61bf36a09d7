//! Searches for documents on which a system and the judge disagree.

use std::fmt;

use super::choices::{Choices, shrink};
use super::generator::Document;
use super::judge::{Judgement, Meaning, Reason};

/// A fault that is planted to check that the search would find it. The system gets the document as
/// a reader with this fault reads it. The judge gets the document itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misreading {
    /// Reads digestIDs modulo 2^31.
    DigestIdModulo,
    /// Takes the first of two equal keys.
    FirstDuplicate,
    /// Takes the last of two equal keys.
    LastDuplicate,
    /// Takes a docType that starts with the requested docType for the requested one.
    DocTypePrefix,
    /// Reads a date with a fraction of a second as the next second.
    DatesUp,
}

impl Misreading {
    /// All misreadings.
    pub const ALL: [Self; 5] = [
        Self::DigestIdModulo,
        Self::FirstDuplicate,
        Self::LastDuplicate,
        Self::DocTypePrefix,
        Self::DatesUp,
    ];
}

/// The record to which a system commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The type of the document.
    pub doc_type: String,
    /// x and y of the device's key.
    pub device_key: [[u8; 32]; 2],
    /// `signed`, `validFrom`, `validUntil` as `YYYYMMDDhhmmss`.
    pub dates: [u64; 3],
    /// For each requested element, an encoding of its value.
    pub values: Vec<Vec<u8>>,
}

impl Record {
    /// Whether the record says what a document means.
    fn says(&self, meaning: &Meaning) -> bool {
        let is_any = |(recorded, values): (&Vec<u8>, &Vec<super::judge::Value>)| {
            values.iter().any(|value| value.is(recorded))
        };
        self.doc_type == meaning.doc_type
            && self.device_key == meaning.device_key
            && self.dates == meaning.dates
            && self.values.len() == meaning.values.len()
            && self.values.iter().zip(&meaning.values).all(is_any)
    }
}

/// What a system makes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It refuses the document, for this reason.
    Refused(String),
    /// It accepts the document but cannot prove anything about it, for this reason.
    Unprovable(String),
    /// It proves that the document has this record.
    Proven(Record),
}

/// A search through the documents of successive seeds. The number of threads does not influence
/// what is found.
pub struct Search<'a> {
    /// The first seed.
    pub seed: u64,
    /// Number of documents to prove without a finding. If no document has to be provable, it is the
    /// number of documents to try.
    pub cases: usize,
    /// Whether every document with one clear meaning has to be provable. Then the search ends once
    /// `cases` documents were proven.
    pub is_complete: bool,
    /// The reasons for which the system may refuse a document all the same.
    pub may_refuse: fn(Reason) -> bool,
    /// The planted fault.
    pub misreading: Option<Misreading>,
    /// The system under test. Its own choices follow those of the document.
    #[allow(clippy::type_complexity, reason = "a function of a document and choices")]
    pub system: &'a (dyn Fn(&Document, &mut Choices) -> Outcome + Sync),
}

/// The counts of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of documents that were tried.
    pub tried: usize,
    /// Number of documents that were proven, each with the record that it means.
    pub proven: usize,
    /// Number of documents with one clear meaning.
    pub clear: usize,
}

/// A document on which the system and the judge disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The seed of the document.
    pub seed: u64,
    /// The counts up to this document, which is the last one tried.
    pub tally: Tally,
}

#[derive(Clone, Debug)]
enum Disagreement {
    /// The system proves what the document does not mean.
    Unsound { record: Record, judgement: Judgement },
    /// The system refuses a document that has one clear meaning and nothing that it may refuse.
    Incomplete { why: String, meaning: Meaning },
    /// The system accepts a document and cannot prove anything about it.
    Unprovable { why: String, judgement: Judgement },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsound { record, judgement } => {
                write!(f, "proven: {record:x?}, judged: {judgement:x?}")
            }
            Self::Incomplete { why, meaning } => write!(f, "refused ({why}), meant: {meaning:x?}"),
            Self::Unprovable { why, judgement } => {
                write!(f, "taken, not proven ({why}), judged: {judgement:x?}")
            }
        }
    }
}

impl Disagreement {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Number of cases that a thread tries before all threads are waited for.
const BATCH: usize = 16;

/// Number of tries to make a finding smaller.
const TRIES: usize = 600;

/// The outcome of a case.
struct Case {
    is_proven: bool,
    is_clear: bool,
    disagreement: Option<Disagreement>,
}

impl Search<'_> {
    /// Searches until there is a finding or enough documents were tried.
    ///
    /// # Errors
    /// The finding of the first seed that has one.
    ///
    /// # Panics
    /// The system panics.
    pub fn run(&self) -> Result<Tally, Finding> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut tally, mut seed) = (Tally::default(), self.seed);
        loop {
            let cases: Vec<_> = std::thread::scope(|scope| {
                let batches = (0..threads).map(|thread| seed + (thread * BATCH) as u64);
                let start = |first: u64| {
                    let cases =
                        move || (first..first + BATCH as u64).map(|seed| self.case(seed)).collect();
                    scope.spawn(cases)
                };
                let running: Vec<std::thread::ScopedJoinHandle<'_, Vec<_>>> =
                    batches.map(start).collect();
                running
                    .into_iter()
                    .flat_map(|thread| thread.join().expect("the system panics"))
                    .collect()
            });
            for case in cases {
                tally.tried += 1;
                tally.proven += usize::from(case.is_proven);
                tally.clear += usize::from(case.is_clear);
                if case.disagreement.is_some() {
                    return Err(Finding { seed, tally });
                }
                if self.cases == if self.is_complete { tally.proven } else { tally.tried } {
                    return Ok(tally);
                }
                seed += 1;
            }
        }
    }

    fn case(&self, seed: u64) -> Case {
        self.try_choices(Choices::of_seed(seed)).1
    }

    /// Generates a document, and compares the system with the judge.
    fn try_choices(&self, mut choices: Choices) -> (Document, Case, Choices) {
        let document = Document::generate(&mut choices, None);
        let judgement = Judgement::of(&document);
        let read = self.misreading.map(|misreading| {
            Document::generate(&mut Choices::again(choices.made()), Some(misreading))
        });
        let outcome = (self.system)(read.as_ref().unwrap_or(&document), &mut choices);
        let (is_clear, is_proven) =
            (judgement.meaning.is_ok(), matches!(outcome, Outcome::Proven(_)));
        let is_free = judgement.reasons.iter().all(|&reason| !(self.may_refuse)(reason));
        let disagreement = match (outcome, &judgement.meaning) {
            (Outcome::Proven(record), Ok(meaning)) if record.says(meaning) => None,
            (Outcome::Proven(record), _) => Some(Disagreement::Unsound { record, judgement }),
            (Outcome::Unprovable(why), _) => Some(Disagreement::Unprovable { why, judgement }),
            (Outcome::Refused(why), Ok(meaning)) if self.is_complete && is_free => {
                Some(Disagreement::Incomplete { why, meaning: meaning.clone() })
            }
            (Outcome::Refused(_), _) => None,
        };
        (document, Case { is_proven, is_clear, disagreement }, choices)
    }

    /// The document of a finding, made as small as possible, and the disagreement about it.
    ///
    /// # Panics
    /// The finding belongs to another search.
    #[must_use]
    pub fn explain(&self, finding: &Finding) -> String {
        let (_, case, choices) = self.try_choices(Choices::of_seed(finding.seed));
        let found =
            case.disagreement.expect("a document and what is thought of it follow from the seed");
        let shrunken = shrink(choices.made(), TRIES, |choices| {
            let case = self.try_choices(Choices::again(choices)).1;
            case.disagreement.is_some_and(|other| other.is_like(&found))
        });
        let (document, case, _) = self.try_choices(Choices::again(&shrunken));
        let disagreement = case.disagreement.unwrap_or(found);
        format!("{finding:?}\nof the choices {shrunken:?}\n{disagreement}\n{document}")
    }
}
