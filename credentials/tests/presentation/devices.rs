//! Proving on devices other than the CPU, and as a future.

use std::sync::Mutex;

use velum_credentials::{Code, PrepareOptions, ProofKind, Prover, SizeClass, Suite, Verifier};
use velum_stark::block_on;
use velum_stark::control::{CancelToken, Control, Progress, Stage};
use velum_stark::testing::faulty::{At, Faulty, How};
use velum_testdata::MUSTERMANN;

use super::{ANY_CLOCK, Session};

#[test]
fn a_device_that_breaks_is_told_by_its_code() {
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    for (at, how) in [
        (At::Prepare, How::Fails),
        (At::Main, How::Fails),
        (At::Rows, How::Fails),
        (At::Terminals, How::Short),
    ] {
        let prover = Prover::on(Faulty::breaking(at, how), Suite::Direct);
        let error = prover.prepare(document, request, PrepareOptions::default()).err().unwrap();
        assert_eq!(error.code(), Code::Backend, "{at:?}: {error}");
        let says = if how == How::Fails { "the device is lost" } else { "terminals" };
        assert!(error.to_string().contains(says), "{at:?}: {error}");
    }
}

#[test]
fn a_device_that_proves_something_else_hands_out_no_proof() {
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    let prover = Prover::on(Faulty::breaking(At::Open, How::Wrong), Suite::Direct);
    let error = prover.prepare(document, request, PrepareOptions::default()).err().unwrap();
    assert_eq!(error.code(), Code::Internal, "{error}");
}

#[test]
fn a_device_answers_as_the_processor_does_and_makes_its_keys_once() {
    fn crosses<T: Send>(value: T) -> T {
        value
    }
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    let device = Faulty::default();
    let prover = Prover::on(device.clone(), Suite::Direct);
    let standard = SizeClass::by_name("standard").unwrap();
    std::thread::scope(|threads| {
        for _ in 0..3 {
            let make =
                || prover.make_keys(ProofKind::Credential, standard, &Control::none()).unwrap();
            threads.spawn(make);
        }
    });
    assert_eq!(device.prepared(), 1);
    let prepared =
        block_on(crosses(prover.prepare_async(document, request, PrepareOptions::default())));
    let presented =
        prover.present_async(prepared.unwrap(), document, &session.transcript, request, ANY_CLOCK);
    let presentation = block_on(crosses(presented)).unwrap();
    // One for each of the two proofs.
    assert_eq!(device.prepared(), 2);
    Verifier::new().verify(&presentation, &session.transcript, request).unwrap();
}

/// Whatever fails, the CPU makes the proof within the same call, with fresh randomness.
#[test]
fn the_processor_takes_the_place_of_a_device_that_fails() {
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    for (at, how) in [
        (At::Prepare, How::Fails),
        (At::Main, How::Fails),
        (At::Open, How::Wrong),
        (At::OpenLayer, How::Fails),
        (At::Rows, How::Short),
    ] {
        let device = Faulty::breaking(at, how).replaceable();
        let prover = Prover::on(device.clone(), Suite::Direct);
        let seen = Mutex::new(Vec::new());
        let report = |progress: Progress| seen.lock().unwrap().push(progress);
        let control = Control::none().reporting_to(&report);
        let prepared =
            prover.prepare(document, request, PrepareOptions::default().with_control(control));
        let options = ANY_CLOCK.with_control(control);
        let presentation = prover
            .present(prepared.unwrap(), document, &session.transcript, request, options)
            .unwrap();
        Verifier::new().verify(&presentation, &session.transcript, request).unwrap();

        let seen = seen.into_inner().unwrap();
        let fallbacks = seen.iter().filter(|progress| progress.stage == Stage::Fallback);
        assert_eq!(fallbacks.count(), 2, "{at:?}: once for each proof");
        let falls = seen.windows(2).filter(|pair| pair[1].fraction < pair[0].fraction);
        assert_eq!(falls.count(), 1, "{at:?}: when the second proof begins");

        let bytes = presentation.to_bytes();
        let salts = device.salts();
        let is_in_proof = |salt: &[u8; 16]| bytes.windows(salt.len()).any(|window| window == salt);
        assert!(at == At::Prepare || salts.len() >= 2, "{at:?}");
        assert!(!salts.iter().step_by(97).any(is_in_proof), "{at:?}: a coin serves twice");
    }
}

#[test]
fn a_call_that_is_cancelled_falls_back_to_nothing() {
    let session = Session::of(&MUSTERMANN);
    let request = &session.request;
    let document = session.response.document(request.doc_type()).unwrap();
    let prover = Prover::on(Faulty::breaking(At::Rows, How::Fails).replaceable(), Suite::Direct);
    let token = CancelToken::new();
    let report = |progress: Progress| {
        if progress.stage == Stage::Queries {
            token.cancel();
        }
    };
    let control = Control::none().cancelled_by(&token).reporting_to(&report);
    let outcome =
        prover.prepare(document, request, PrepareOptions::default().with_control(control));
    assert_eq!(outcome.err().unwrap().code(), Code::Cancelled);
}
