//! Random documents, and a judge that says what a document means.
//!
//! The [`generator`](Document::generate) writes what issuers might sign, and much that no issuer
//! should sign:
//!
//! * heads of every width;
//! * keys in any order, twice, in other encodings, and under names that look alike;
//! * tags and exotic keys;
//! * digests at the wrong place.
//!
//! The [`judge`](Judgement::of) reads a document as leniently as RFC 8949 and ISO 18013-5 allow. It
//! says what the document means, or why it means nothing or two things.
//!
//! Both are written from the standards and share no code with any reader under test. What a reader
//! and its proof make of a document can therefore be compared with an independent result.
//!
//! Every document follows from [`Choices`], which follow from a seed. Choices can be made fewer and
//! smaller until only the part that matters is left ([`shrink`]).
//!
//! The picture shows one case of a search, from its seed to a finding.
//!
//! ```text
//! seed --Choices::of_seed--> Choices <--Choices::again-- list of numbers <------------+
//!                               |                                                     |
//!                               | Document::generate                                  |
//!                               v                                                     |
//!              Document: Sig_structure, items, what is asked                          |
//!                 |                             |                                     |
//!                 |                             | with a Misreading: generated again, |
//!                 |                             |   as a reader with that fault reads |
//!                 | Judgement::of               | the system under test               |
//!                 v                             v                                     |
//!       Judgement:                    Outcome: Refused, Unprovable,                   |
//!         meaning, or why not           Proven(Record)                                |
//!         reasons to refuse all the same        |                                     |
//!                 |                             |                                     |
//!                 +-----> Search::run <---------+                                     |
//!                             | they agree --> Tally      they disagree --> Finding   |
//!                             |                                                |      |
//!                             +---- Search::explain: shrink to the smallest <--+ -----+
//! ```
//!
//! `choices` holds the choices. `generator`, with `digests`, `items` and `writer`, generates
//! documents. `judge`, with `reader` and `moment`, judges them. `search` looks for documents on
//! which a system and the judge disagree.

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
