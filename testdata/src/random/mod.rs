//! Random documents, and a judge who says what a document means.
//!
//! The [`generator`](Document::generate) writes what issuers might sign, and much that none should: heads of every width, keys in
//! any order, twice, in other encodings and under names that look alike, tags, exotic keys, digests at the wrong place. The
//! [`judge`](Judgement::of) reads it as leniently as RFC 8949 and ISO 18013-5 let it be read and says what it means, or why it
//! means nothing or two things. Both are written from the standards and share no code with any reader under test, so that what a
//! reader and its proof make of a document can be compared with something else than themselves.
//!
//! Every document follows from [`Choices`], which follow from a seed and can be made fewer and smaller until what is left
//! is the part that matters ([`shrink`]).

mod choices;
mod digests;
mod generator;
mod items;
mod judge;
mod moment;
mod reader;
mod search;
mod writer;

pub use choices::{Choices, shrink};
pub use generator::{Document, POINTS};
pub use judge::{Judgement, Meaning, Reason, Value};
pub use search::{Finding, Misreading, Outcome, Record, Search, Tally};
