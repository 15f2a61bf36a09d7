import Foundation
// The code that UniFFI generates around the native library. It is re-exported, so that it is part of this module for
// whoever imports it. It is a module of its own because it does not compile in the language mode of Swift 6.
@_exported import VelumBindings

/// Verifies that a presentation answers a request (JSON or CBOR) in the session of a transcript, and returns what was
/// learnt.
///
/// Verify one presentation per session, and never use a session twice. Verifying takes milliseconds. The first call for
/// a size class takes longer, because it makes the keys of that class.
///
/// - Parameter suites: The suites that are allowed. The default is `direct` and `compact`.
/// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
public func verify(
    presentation: Data, transcript: Data, request: Data, suites: [Suite]? = nil
) async throws -> Verified {
    try await cancelling { cancellation in
        try await verifyNatively(
            presentation: presentation, transcript: transcript, request: request, suites: suites, cancellation: cancellation)
    }
}
