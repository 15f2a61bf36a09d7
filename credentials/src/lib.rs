//! ISO 18013-5 documents, requests and presentations for the Velum prover.
