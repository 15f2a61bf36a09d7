import Foundation

/// Prepares proofs and makes presentations. Keep one wallet: it makes the keys of a size class once, and it owns the
/// threads that prove.
///
/// Calls may be made from any task, including tasks of the main actor, and never block a thread of the caller's. They
/// run one after another. Cancelling the task of a call stops its work. If a wallet is released while calls run, the
/// calls end normally.
public final class VelumWallet: Sendable {
    /// The object that UniFFI generates.
    let native: Wallet

    /// Creates a wallet without keys. It starts no threads until it has something to prove.
    public init(options: WalletOptions = WalletOptions()) {
        native = Wallet(options: options)
    }

    /// Makes the keys of a size class, so that neither preparing nor presenting waits for them.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    public func makeKeys(sizeClass: SizeClass, suite: Suite? = nil) async throws {
        try await cancelling { [native] cancellation in
            try await native.makeKeys(sizeClass: sizeClass, options: KeyOptions(suite: suite, cancellation: cancellation))
        }
    }

    /// Makes the credential proof for one presentation to requests like this one (JSON or CBOR), which have the same
    /// docType, issuer and elements.
    ///
    /// The time, the predicates and the session may differ. The device need not have signed the document yet.
    ///
    /// - Parameters:
    ///   - sizeClass: The size class. The default is the smallest class that fits. A larger class hides how large the
    ///     document is.
    ///   - memory: With low memory, proving uses less memory and takes longer. The proof is of the same kind.
    ///   - memoryBudget: The bytes that the app may use on top of what it uses already, as `os_proc_available_memory()`
    ///     reports them. If they are too few, the call throws an error with the code `memoryInsufficient` before it
    ///     proves anything.
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    public func prepare(
        document: Data, request: Data, sizeClass: SizeClass? = nil, suite: Suite? = nil, memory: Memory = .normal,
        memoryBudget: Int? = nil
    ) async throws -> PreparedProof {
        let options = PrepareOptions(
            suite: suite, sizeClass: sizeClass, memory: memory, memoryBudget: bytes(memoryBudget))
        return try await native.prepare(document, request, options)
    }

    /// Like ``prepare(document:request:sizeClass:suite:memory:memoryBudget:)``, as a stream of progress that ends with
    /// the proof.
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

    /// Answers a request in the session of a `SessionTranscript`, and returns the presentation.
    ///
    /// The prepared proof is used up once proving begins. If a check fails or the device does not sign, the proof is
    /// not used up.
    ///
    /// - Parameters:
    ///   - signer: Signs the session. Without a signer, the document must already be signed for the session.
    ///   - clock: The clock against which the time of the request is checked. The default is the device's clock.
    ///   - discloseDeviceNamespaces: Whether elements that the device signed itself may be included in clear.
    ///   - memory: As for ``prepare(document:request:sizeClass:suite:memory:memoryBudget:)``.
    ///   - memoryBudget: As for ``prepare(document:request:sizeClass:suite:memory:memoryBudget:)``.
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    public func present(
        prepared: PreparedProof, document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil,
        clock: Clock? = nil, discloseDeviceNamespaces: Bool = false, memory: Memory = .normal, memoryBudget: Int? = nil
    ) async throws -> Data {
        let options = PresentOptions(
            clock: clock, discloseDeviceNamespaces: discloseDeviceNamespaces, memory: memory, memoryBudget: bytes(memoryBudget))
        return try await native.present(prepared, document, request, transcript, signer, options)
    }

    /// Like
    /// ``present(prepared:document:request:transcript:signer:clock:discloseDeviceNamespaces:memory:memoryBudget:)``, as
    /// a stream of progress that ends with the presentation.
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

/// Converts a budget in bytes. A negative budget becomes zero.
func bytes(_ budget: Int?) -> UInt64? {
    budget.map { UInt64(clamping: $0) }
}
