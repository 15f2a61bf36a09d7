import Foundation
// What UniFFI writes around the native library: part of this module for whoever imports it.
@_exported import VelumReceiptBindings

/// Verifies that the presentation of a receipt answers a request (JSON or CBOR) in the session of a transcript, and that an aggregate of one of the named
/// profiles counts it.
///
/// Everything public is derived from the request and the transcript given here. Takes milliseconds, and does not hold up its caller's actor.
///
/// - Parameters:
///   - profiles: Those that are allowed. There is no default: they differ in what is proven of them.
///   - payee: For whom the aggregate must be counted, 32 bytes; anyone unless named.
/// - Throws: ``ReceiptError``.
public func verifyReceipt(
    _ receipt: Data, request: Data, transcript: Data, profiles: [ReceiptProfile], payee: Data? = nil
) async throws -> VerifiedReceipt {
    try verifyReceiptNatively(
        receipt: receipt, request: request, transcript: transcript, profiles: profiles, payee: payee)
}

extension ReceiptError {
    /// What went wrong.
    public var problem: ReceiptProblem {
        switch self {
        case .Unreadable(let problem), .Refused(let problem), .Internal(let problem): problem
        }
    }
}

extension ReceiptError: LocalizedError {
    /// What is wrong, in this very case (English).
    public var errorDescription: String? { problem.message }
}
