//! Every limit on untrusted input. Proofs have smaller limits: see [`SizeClass`](crate::SizeClass).

/// Bytes of a `DeviceResponse`. The limit is this large because of portraits.
pub const RESPONSE_BYTES: usize = 1 << 20;
/// Documents in one `DeviceResponse`.
pub const DOCUMENTS: usize = 8;
/// Bytes of a docType, a namespace or an element identifier.
pub const NAME_BYTES: usize = 64;
/// Nesting of CBOR arrays, maps and tags. A structure embedded in a byte string starts a new count.
pub const CBOR_DEPTH: usize = 8;
/// Bytes of a request, in either form.
pub const REQUEST_BYTES: usize = 64 << 10;
/// Bytes of a `SessionTranscript`.
pub const TRANSCRIPT_BYTES: usize = 64 << 10;
/// Bytes of the `DeviceNameSpaces` map.
pub const DEVICE_NAMESPACES_BYTES: usize = 1_024;
/// Namespaces of device-signed elements in one request.
pub const DEVICE_NAMESPACES: usize = 8;
/// Bytes of the longest MSO that is read at all, including its tag-24 wrapping.
pub const MSO_BYTES: usize = 64 << 10;
/// Bytes of a presentation.
pub const PRESENTATION_BYTES: usize = 4 << 20;
/// Predicates in one request.
pub const PREDICATES: usize = 8;
/// Certificates in an `x5chain`.
pub const X5CHAIN_CERTIFICATES: usize = 4;
/// Bytes of one certificate.
pub const CERTIFICATE_BYTES: usize = 8 << 10;
/// Bytes of the shortest `random` of an item (ISO/IEC 18013-5, 9.1.2.5).
pub const RANDOM_MIN_BYTES: usize = 16;
/// The largest digestID. ISO/IEC 18013-5, 9.1.2.4, requires digestIDs below 2^31, but issuers sign
/// larger ones.
pub const DIGEST_ID_MAX: u32 = u32::MAX;
/// Presentations in one aggregate.
pub const BATCH_PRESENTATIONS: usize = 1 << 16;
/// Bytes of a batch.
pub const BATCH_BYTES: usize = 4 << 20;
/// Bytes of an aggregate's proof.
pub const AGGREGATE_PROOF_BYTES: usize = 1 << 20;
/// Bytes of a submission. The longest presentation in the suite for circuits fits, together with
/// the longest request and session.
pub const SUBMISSION_BYTES: usize = 1 << 20;
/// Bytes of a receipt.
pub const RECEIPT_BYTES: usize = 2 << 20;
/// Nodes on the way from a receipt's presentation to the root of its aggregate.
pub const RECEIPT_STEPS: usize = 64;
/// Siblings of one of these nodes.
pub const RECEIPT_SIBLINGS: usize = 15;
