import Foundation

/// Prepares and presents. Keep one: it makes the keys of a size class once, and has the threads that prove.
///
/// Calls may be made from any task, of the main actor too, and none holds up a thread of the caller's. They are done one after another.
/// Cancelling the task of a call stops its work. A wallet that is let go while calls run ends them as they would have ended.
public final class VelumWallet: Sendable {
    /// What UniFFI wrote.
    let native: Wallet

    /// A wallet without keys yet. Starts no threads before it has something to prove.
    public init(options: WalletOptions = WalletOptions()) {
        native = Wallet(options: options)
    }

    /// Makes the keys of a size class, so that neither preparing nor presenting waits for them.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    public func makeKeys(sizeClass: SizeClass, suite: Suite? = nil) async throws {
        try await cancelling { [native] cancellation in
            try await native.makeKeys(sizeClass: sizeClass, options: KeyOptions(suite: suite, cancellation: cancellation))
        }
    }

    /// Makes the credential proof for one presentation to requests (JSON or CBOR) like this one: of the same docType, issuer and elements.
    ///
    /// Time, predicates and session may differ. The document need not be signed by its device yet.
    ///
    /// - Parameters:
    ///   - sizeClass: The smallest that fits unless named. A larger one hides how large the document is.
    ///   - memory: Low takes less of it and longer, for a proof of the same kind.
    ///   - memoryBudget: Bytes that the app may take on top of what it has, as `os_proc_available_memory()` tells them. Where they are too few
    ///     the call fails with `memoryInsufficient` before any proving.
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    public func prepare(
        document: Data, request: Data, sizeClass: SizeClass? = nil, suite: Suite? = nil, memory: Memory = .normal,
        memoryBudget: Int? = nil
    ) async throws -> PreparedProof {
        let options = PrepareOptions(
            suite: suite, sizeClass: sizeClass, memory: memory, memoryBudget: bytes(memoryBudget))
        return try await native.prepare(document, request, options)
    }

    /// The same as a stream of progress, which ends with the proof.
    public func preparing(
        document: Data, request: Data, sizeClass: SizeClass? = nil, suite: Suite? = nil, memory: Memory = .normal,
        memoryBudget: Int? = nil
    ) -> WorkStream<PreparedProof> {
        working { [native] listener in
            let options = PrepareOptions(
                suite: suite, sizeClass: sizeClass, memory: memory, memoryBudget: bytes(memoryBudget), progress: listener)
            return try await native.prepare(document, request, options)
        }
    }

    /// Answers a request in the session of a `SessionTranscript`, and gives the presentation.
    ///
    /// The prepared proof is used up once proving begins. Where a check fails or the device does not sign, it is not.
    ///
    /// - Parameters:
    ///   - signer: Signs the session. Without one the document must have been signed for it.
    ///   - clock: By which the request's time is judged, the device's unless named.
    ///   - discloseDeviceNamespaces: Whether elements that the device signed itself may go along in clear.
    ///   - memory: As for ``prepare(document:request:sizeClass:suite:memory:memoryBudget:)``.
    ///   - memoryBudget: As for ``prepare(document:request:sizeClass:suite:memory:memoryBudget:)``.
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    public func present(
        prepared: PreparedProof, document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil,
        clock: Clock? = nil, discloseDeviceNamespaces: Bool = false, memory: Memory = .normal, memoryBudget: Int? = nil
    ) async throws -> Data {
        let options = PresentOptions(
            clock: clock, discloseDeviceNamespaces: discloseDeviceNamespaces, memory: memory, memoryBudget: bytes(memoryBudget))
        return try await native.present(prepared, document, request, transcript, signer, options)
    }

    /// The same as a stream of progress, which ends with the presentation.
    public func presenting(
        prepared: PreparedProof, document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil,
        clock: Clock? = nil, discloseDeviceNamespaces: Bool = false, memory: Memory = .normal, memoryBudget: Int? = nil
    ) -> WorkStream<Data> {
        working { [native] listener in
            let options = PresentOptions(
                clock: clock, discloseDeviceNamespaces: discloseDeviceNamespaces, memory: memory,
                memoryBudget: bytes(memoryBudget), progress: listener)
            return try await native.present(prepared, document, request, transcript, signer, options)
        }
    }
}

extension Wallet {
    fileprivate func prepare(_ document: Data, _ request: Data, _ options: PrepareOptions) async throws -> PreparedProof {
        try await cancelling { cancellation in
            var options = options
            options.cancellation = cancellation
            return try await prepare(document: document, request: request, options: options)
        }
    }

    fileprivate func present(
        _ prepared: PreparedProof, _ document: Data, _ request: Data, _ transcript: Data, _ signer: (any DeviceSigner)?,
        _ options: PresentOptions
    ) async throws -> Data {
        try await cancelling { cancellation in
            var options = options
            options.cancellation = cancellation
            return try await present(
                prepared: prepared, document: document, request: request, transcript: transcript, signer: signer,
                options: options)
        }
    }
}

/// A budget of bytes: what is below nothing is nothing.
func bytes(_ budget: Int?) -> UInt64? {
    budget.map { UInt64(clamping: $0) }
}
