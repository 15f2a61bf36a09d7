import Foundation
// What UniFFI writes around the native library: part of this module for whoever imports it, and a module of its own because it does not
// compile in the language mode of Swift 6.
@_exported import VelumBindings

/// Verifies that a presentation answers a request (JSON or CBOR) in the session of a transcript, and says what is learnt.
///
/// Verify one presentation in a session, and no session twice. Takes milliseconds, after the first of a size class, which makes its keys.
///
/// - Parameter suites: Those that are allowed, `direct` and `compact` unless named.
/// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
public func verify(
    presentation: Data, transcript: Data, request: Data, suites: [Suite]? = nil
) async throws -> Verified {
    try await cancelling { cancellation in
        try await verifyNatively(
            presentation: presentation, transcript: transcript, request: request, suites: suites, cancellation: cancellation)
    }
}
