//! Proofs that are cancelled at arbitrary moments, among other proofs. What a cancelled proof
//! leaves behind must not affect the next one.

use velum_credentials::{CancelToken, Code, Control, Error, PrepareOptions, Prover, Verifier};
use velum_testdata::UNDER_18;

use super::{ANY_CLOCK, Session, whole};

/// Pseudorandom numbers, the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

/// The result of a call that is cancelled when it checks for cancellation for the `looks`-th time.
/// `None` if it was cancelled before it finished.
#[track_caller]
fn cancelled_after<T>(
    looks: usize,
    call: impl FnOnce(Control<'_>) -> Result<T, Error>,
) -> Option<T> {
    let token = CancelToken::after_looks(looks);
    match call(Control::none().cancelled_by(&token)) {
        Ok(value) => Some(value),
        Err(error) => {
            assert_eq!(error.code(), Code::Cancelled, "{error}");
            None
        }
    }
}

/// The result of a call, and how often the call checks for cancellation.
fn looks_of<T>(call: impl FnOnce(Control<'_>) -> Result<T, Error>) -> (T, usize) {
    let token = CancelToken::after_looks(usize::MAX);
    let value = call(Control::none().cancelled_by(&token)).unwrap();
    (value, token.looks())
}

#[test]
fn a_cancelled_proof_leaves_the_next_as_it_would_be() {
    prove_and_cancel(if whole() { 1_000 } else { 24 });
}

#[test]
#[ignore = "takes half an hour"]
fn ten_thousand_proofs_leave_the_next_as_it_would_be() {
    prove_and_cancel(10_000);
}

/// A prover checks each proof before it returns it, and fails with `internal` if a proof does not
/// verify.
fn prove_and_cancel(proofs: usize) {
    let (session, prover, verifier) = (Session::of(&UNDER_18), Prover::new(), Verifier::new());
    let document = session.response.document(session.request.doc_type()).unwrap();
    let prepare = |control: Control<'_>| {
        prover.prepare(document, &session.request, PrepareOptions::default().with_control(control))
    };
    let present = |prepared, control: Control<'_>| {
        session.present(&prover, prepared, ANY_CLOCK.with_control(control))
    };
    let (prepared, preparing) = looks_of(prepare);
    let (_, presenting) = looks_of(|control| present(prepared, control));

    let (mut numbers, mut cancelled, mut verified) = (Numbers(1), 0, 0);
    while cancelled + verified < proofs {
        // About half of them finish without being cancelled.
        let prepared = cancelled_after(numbers.below(2 * preparing), prepare);
        let presented = prepared.map(|prepared| {
            cancelled_after(numbers.below(2 * presenting), |control| present(prepared, control))
        });
        match presented.flatten() {
            None => cancelled += 1,
            Some(presentation) => {
                session.verify(&verifier, &presentation).unwrap();
                verified += 1;
            }
        }
    }
    assert!(cancelled > 0 && verified > 0, "{cancelled} cancelled, {verified} verified");
}
