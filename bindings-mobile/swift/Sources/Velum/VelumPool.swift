import Foundation

/// A pool of sealed, prepared proofs in a folder. With a prepared proof, an answer need not wait for the long part of
/// its proof.
///
/// Several processes may share the folder, for example an app and its extensions in the container of their group. Each
/// proof is taken once, by one of them. A crash can lose a proof, but it never lets a proof be used twice.
///
/// On Apple's platforms the folder is excluded from backups, because a proof that is restored from a backup could be
/// used again.
public final class VelumPool: Sendable {
    private let native: ProofPool

    /// Opens a pool under a key of 32 uniformly random bytes, which the Keychain keeps. Opening reads the folder, which
    /// takes milliseconds.
    ///
    /// - Parameter folder: The folder. It is created if it is missing.
    /// - Throws: ``VelumError``, or the system's error if it cannot exclude the folder from backups.
    public init(wallet: VelumWallet, folder: URL, key: Data, options: PoolOptions = PoolOptions()) throws {
        native = try ProofPool(wallet: wallet.native, folder: folder.path, key: key, options: options)
        try Self.excludeFromBackup(folder)
    }

    /// Opens a pool over a sealer that the app provides: for a key that never leaves the hardware.
    ///
    /// - Throws: ``VelumError``, or the system's error if it cannot exclude the folder from backups.
    public init(wallet: VelumWallet, folder: URL, sealer: any Sealer, options: PoolOptions = PoolOptions()) throws {
        native = try ProofPool.withSealer(wallet: wallet.native, folder: folder.path, sealer: sealer, options: options)
        try Self.excludeFromBackup(folder)
    }

    /// Prepares proofs until there are `wanted` for requests like this one, and returns how many were added. They stay
    /// in the pool if the call is cancelled.
    ///
    /// - Parameters:
    ///   - memory: As for ``VelumWallet/prepare(document:request:sizeClass:suite:memory:memoryBudget:)``, for each
    ///     proof.
    ///   - memoryBudget: As for ``VelumWallet/prepare(document:request:sizeClass:suite:memory:memoryBudget:)``.
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    @discardableResult
    public func fill(
        document: Data, request: Data, wanted: Int, memory: Memory = .normal, memoryBudget: Int? = nil
    ) async throws -> Int {
        try await native.fill(document, request, wanted, FillOptions(memory: memory, memoryBudget: bytes(memoryBudget)))
    }

    /// Like ``fill(document:request:wanted:memory:memoryBudget:)``, as a stream of progress that ends with the number
    /// of added proofs.
    public func filling(
        document: Data, request: Data, wanted: Int, memory: Memory = .normal, memoryBudget: Int? = nil
    ) -> WorkStream<Int> {
        working { [native] listener in
            let options = FillOptions(memory: memory, memoryBudget: bytes(memoryBudget), progress: listener)
            return try await native.fill(document, request, wanted, options)
        }
    }

    /// Answers a request as
    /// ``VelumWallet/present(prepared:document:request:transcript:signer:clock:discloseDeviceNamespaces:memory:memoryBudget:)``
    /// does. The call takes a proof from the pool, or makes one if the pool has none for the request.
    ///
    /// A proof is taken only after every check, and after the device has signed. No proof is lost before that.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    public func present(
        document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil, clock: Clock? = nil,
        discloseDeviceNamespaces: Bool = false, memory: Memory = .normal, memoryBudget: Int? = nil
    ) async throws -> PoolPresentation {
        let options = PresentOptions(
            clock: clock, discloseDeviceNamespaces: discloseDeviceNamespaces, memory: memory, memoryBudget: bytes(memoryBudget))
        return try await native.present(document, request, transcript, signer, options)
    }

    /// Like ``present(document:request:transcript:signer:clock:discloseDeviceNamespaces:memory:memoryBudget:)``, as a
    /// stream of progress that ends with the answer.
    public func presenting(
        document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil, clock: Clock? = nil,
        discloseDeviceNamespaces: Bool = false, memory: Memory = .normal, memoryBudget: Int? = nil
    ) -> WorkStream<PoolPresentation> {
        working { [native] listener in
            let options = PresentOptions(
                clock: clock, discloseDeviceNamespaces: discloseDeviceNamespaces, memory: memory,
                memoryBudget: bytes(memoryBudget), progress: listener)
            return try await native.present(document, request, transcript, signer, options)
        }
    }

    /// Returns how many proofs there are for requests like this one. No proof is opened.
    public func count(document: Data, request: Data) async throws -> Int {
        Int(try await native.count(document: document, request: request))
    }

    /// Removes the proofs that are of no more use:
    ///
    /// - proofs for documents other than those in `held`;
    /// - proofs in a format that this version does not read;
    /// - proofs that are too old;
    /// - the oldest proofs beyond the pool's bounds.
    ///
    /// Call it whenever a document is added, removed or renewed.
    @discardableResult
    public func sweep(held: [Data]) async throws -> [DroppedProof] {
        try await native.sweep(held: held)
    }

    /// Removes every proof, and returns how many there were.
    @discardableResult
    public func clear() async throws -> Int {
        Int(try await native.clear())
    }

    private static func excludeFromBackup(_ folder: URL) throws {
        #if canImport(Darwin)
        var folder = folder
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
        #endif
    }
}

extension ProofPool {
    fileprivate func fill(
        _ document: Data, _ request: Data, _ wanted: Int, _ options: FillOptions
    ) async throws -> Int {
        try await cancelling { cancellation in
            var options = options
            options.cancellation = cancellation
            return Int(
                try await fill(
                    document: document, request: request, wanted: UInt32(clamping: wanted), options: options))
        }
    }

    fileprivate func present(
        _ document: Data, _ request: Data, _ transcript: Data, _ signer: (any DeviceSigner)?, _ options: PresentOptions
    ) async throws -> PoolPresentation {
        try await cancelling { cancellation in
            var options = options
            options.cancellation = cancellation
            return try await present(
                document: document, request: request, transcript: transcript, signer: signer, options: options)
        }
    }
}
