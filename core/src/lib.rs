//! Zero-knowledge proofs about ISO 18013-5 credentials: chips (AIRs), prover and verifier.
