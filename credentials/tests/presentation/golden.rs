//! Presentations that an earlier build made. A suite version promises that they still verify.

use std::path::Path;

use velum_core::class::SizeClass;
use velum_core::suite::{SUITES, Suite};
use velum_credentials::{Code, PrepareOptions, Prepared, Presentation, Prover, Verifier};
use velum_testdata::{GOLDEN, MUSTERMANN};

use super::{ANY_CLOCK, Session, assert_code};

#[test]
fn golden_presentations_verify() {
    let (session, verifier) = (Session::of(&MUSTERMANN), Verifier::allowing(SUITES));
    for golden in GOLDEN {
        let name = format!("{} {}", golden.suite, golden.class);
        let presentation = Presentation::from_bytes(golden.presentation).unwrap_or_else(|error| {
            panic!(
                "{name}: {error}; where its suite's version was raised, make it anew: see testdata/README.md"
            )
        });
        assert_eq!(presentation.suite().name(), golden.suite, "{name}");
        assert_eq!(presentation.size_class().name, golden.class, "{name}");
        assert_eq!(presentation.to_bytes(), golden.presentation, "{name}");
        let verified = session.verify(&verifier, &presentation);
        assert!(
            verified.is_ok(),
            "{name}: {verified:?}: presentations of this suite no longer verify. Raise the suite's version (Suite::version), \
             say so in docs/compatibility.md, and make it anew: see testdata/README.md"
        );
    }
}

/// The heads of what builds of version 1 wrote: arrays with other numbers of members.
#[test]
fn what_version_1_wrote_is_of_another_version() {
    let presentation = [&[0x8a, 1, 1, 1, 0, 0x80][..], &[0; 64]].concat();
    assert_code(Presentation::from_bytes(&presentation), Code::WrongVersion);
    let prepared = [&[0x8d, 0x71][..], b"velum prepared v1", &[1, 1], &[0; 64]].concat();
    assert_code(Prepared::from_bytes(&prepared), Code::WrongVersion);
}

/// The head of what builds of version 2 wrote.
#[test]
fn what_version_2_wrote_is_of_another_version() {
    let presentation = [&[0x8b, 2, 1, 3, 1, 0, 0x80][..], &[0; 64]].concat();
    assert_code(Presentation::from_bytes(&presentation), Code::WrongVersion);
}

/// The head of what builds of suite version 2 wrote.
#[test]
fn what_suite_version_2_wrote_is_of_another_version() {
    for suite in [1, 2] {
        let presentation = [&[0x8c, 3, suite, 2, 1, 0, 0x80][..], &[0; 64]].concat();
        assert_code(Presentation::from_bytes(&presentation), Code::WrongVersion);
    }
}

/// Makes the golden presentations again, for a suite whose version was raised.
#[test]
#[ignore = "writes into testdata"]
fn write_golden_presentations() {
    let session = Session::of(&MUSTERMANN);
    for golden in GOLDEN {
        let prover = Prover::with_suite(Suite::by_name(golden.suite).unwrap());
        let document = session.response.document(session.request.doc_type()).unwrap();
        let size_class = SizeClass::by_name(golden.class);
        let options = PrepareOptions::default().with_size_class(size_class);
        let prepared = prover.prepare(document, &session.request, options).unwrap();
        let presentation = session.present(&prover, prepared, ANY_CLOCK).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/golden");
        let file = folder.join(format!("{}-{}.cbor", golden.suite, golden.class));
        std::fs::write(file, presentation.to_bytes()).unwrap();
    }
}
