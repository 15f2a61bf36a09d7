//! Every limit on untrusted input. What fits a proof is smaller: see [`SizeClass`](crate::SizeClass).

/// Bytes of a `DeviceResponse`; portraits are the reason that it is not smaller.
pub const RESPONSE_BYTES: usize = 1 << 20;
/// Documents in one `DeviceResponse`.
pub const DOCUMENTS: usize = 8;
/// Bytes of a docType, a namespace or an element identifier.
pub const NAME_BYTES: usize = 64;
/// Nesting of CBOR arrays, maps and tags; a structure embedded in a byte string counts anew.
pub const CBOR_DEPTH: usize = 8;
/// Bytes of a request, in either form.
pub const REQUEST_BYTES: usize = 64 << 10;
/// Bytes of a `SessionTranscript`.
pub const TRANSCRIPT_BYTES: usize = 64 << 10;
/// Bytes of the `DeviceNameSpaces` map.
pub const DEVICE_NAMESPACES_BYTES: usize = 1_024;
/// Namespaces of device-signed elements in one request.
pub const DEVICE_NAMESPACES: usize = 8;
/// Bytes of the longest MSO that is read at all, tag-24 wrapping included.
pub const MSO_BYTES: usize = 64 << 10;
/// Bytes of a presentation.
pub const PRESENTATION_BYTES: usize = 4 << 20;
/// Predicates in one request.
pub const PREDICATES: usize = 8;
/// Certificates in an `x5chain`.
pub const X5CHAIN_CERTIFICATES: usize = 4;
/// Bytes of one certificate.
pub const CERTIFICATE_BYTES: usize = 8 << 10;
/// Bytes of the shortest `random` of an item (ISO 18013-5, 9.1.2.5).
pub const RANDOM_MIN_BYTES: usize = 16;
/// The largest digestID. ISO 18013-5, 9.1.2.4, has them below 2^31, and issuers sign larger ones.
pub const DIGEST_ID_MAX: u32 = u32::MAX;
/// Presentations in one aggregate.
pub const BATCH_PRESENTATIONS: usize = 1 << 16;
/// Bytes of a batch.
pub const BATCH_BYTES: usize = 4 << 20;
/// Bytes of an aggregate's proof.
pub const AGGREGATE_PROOF_BYTES: usize = 1 << 20;
/// Bytes of a submission, which the longest presentation of the suite for circuits fits with the longest request and session.
pub const SUBMISSION_BYTES: usize = 1 << 20;
/// Bytes of a receipt.
pub const RECEIPT_BYTES: usize = 2 << 20;
/// Nodes on the way from a receipt's presentation to the root of its aggregate.
pub const RECEIPT_STEPS: usize = 64;
/// Nodes beside one of them.
pub const RECEIPT_SIBLINGS: usize = 15;
