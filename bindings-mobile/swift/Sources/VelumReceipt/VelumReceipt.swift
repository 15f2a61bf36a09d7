import Foundation
// The code that UniFFI generates around the native library. It is re-exported, so that it is part of this module for
// whoever imports it.
@_exported import VelumReceiptBindings

/// Verifies that the presentation of a receipt answers a request (JSON or CBOR) in the session of a transcript, and
/// that an aggregate of one of the named profiles counts it.
///
/// Everything public is derived from the request and the transcript given here. Takes milliseconds, and does not block
/// the actor of its caller.
///
/// - Parameters:
///   - profiles: The profiles that are allowed. There is no default, because the profiles differ in what is proven
///     about them.
///   - payee: The payee for whom the aggregate must be counted, 32 bytes. By default anyone.
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
    /// A description of this particular failure (English).
    public var errorDescription: String? { problem.message }
}
