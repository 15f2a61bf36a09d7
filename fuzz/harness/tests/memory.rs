//! The bound on memory. It is a process of its own, because what other tests allocate would count.

use std::panic::catch_unwind;

use velum_fuzz_harness::inputs::Form;
use velum_fuzz_harness::{MEMORY_BYTES, Target};

#[test]
fn memory_that_was_freed_again_counts() {
    let taking = |run| Target { name: "a", form: Form::Bytes, seeds: Vec::new, replayed: 0, run };
    let taken = taking(|_| drop(std::hint::black_box(vec![1_u8; MEMORY_BYTES / 2]))).check(b"");
    assert!((MEMORY_BYTES / 2..MEMORY_BYTES * 5 / 8).contains(&taken), "{taken}");

    let too_much = taking(|_| drop(std::hint::black_box(vec![1_u8; MEMORY_BYTES + 1])));
    assert!(catch_unwind(|| too_much.check(b"")).is_err());
}
