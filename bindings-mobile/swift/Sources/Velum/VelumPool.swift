import Foundation

/// A pool of prepared proofs in a folder, sealed, so that an answer need not wait for the long part of its proof.
///
/// Each proof is taken once, by one of all the processes that share the folder: an app and its extensions, say, in the container of their
/// group. A crash can lose a proof and never lets one be used twice.
///
/// On Apple's platforms the folder is marked so that no backup takes it: a proof that came back from a backup could be used again.
public final class VelumPool: Sendable {
    private let native: ProofPool

    /// A pool under a key of 32 uniformly random bytes, which the Keychain keeps. Reads the folder, which takes milliseconds.
    ///
    /// - Parameter folder: It is made if it is missing.
    /// - Throws: ``VelumError``; what the system says where it cannot keep the folder out of backups.
    public init(wallet: VelumWallet, folder: URL, key: Data, options: PoolOptions = PoolOptions()) throws {
        native = try ProofPool(wallet: wallet.native, folder: folder.path, key: key, options: options)
        try Self.excludeFromBackup(folder)
    }

    /// A pool over a sealer of the app's: a key that never leaves the hardware.
    ///
    /// - Throws: As above.
    public init(wallet: VelumWallet, folder: URL, sealer: any Sealer, options: PoolOptions = PoolOptions()) throws {
        native = try ProofPool.withSealer(wallet: wallet.native, folder: folder.path, sealer: sealer, options: options)
        try Self.excludeFromBackup(folder)
    }

    /// Prepares until there are `wanted` proofs for requests like this one, and says how many it added. Those stay when it is cancelled.
    ///
    /// - Parameters:
    ///   - memory: As for ``VelumWallet/prepare(document:request:sizeClass:suite:memory:memoryBudget:)``, each time.
    ///   - memoryBudget: As there.
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    @discardableResult
    public func fill(
        document: Data, request: Data, wanted: Int, memory: Memory = .normal, memoryBudget: Int? = nil
    ) async throws -> Int {
        try await native.fill(document, request, wanted, FillOptions(memory: memory, memoryBudget: bytes(memoryBudget)))
    }

    /// The same as a stream of progress, which ends with how many were added.
    public func filling(
        document: Data, request: Data, wanted: Int, memory: Memory = .normal, memoryBudget: Int? = nil
    ) -> WorkStream<Int> {
        working { [native] listener in
            let options = FillOptions(memory: memory, memoryBudget: bytes(memoryBudget), progress: listener)
            return try await native.fill(document, request, wanted, options)
        }
    }

    /// Answers a request as ``VelumWallet/present(prepared:document:request:transcript:signer:clock:discloseDeviceNamespaces:memory:memoryBudget:)`` does,
    /// with a proof out of the pool, or one that is made now where there is none.
    ///
    /// A proof is taken after every check, and after the device has signed: none is lost before.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    public func present(
        document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil, clock: Clock? = nil,
        discloseDeviceNamespaces: Bool = false, memory: Memory = .normal, memoryBudget: Int? = nil
    ) async throws -> PoolPresentation {
        let options = PresentOptions(
            clock: clock, discloseDeviceNamespaces: discloseDeviceNamespaces, memory: memory, memoryBudget: bytes(memoryBudget))
        return try await native.present(document, request, transcript, signer, options)
    }

    /// The same as a stream of progress, which ends with the answer.
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

    /// How many proofs there are for requests like this one. None is opened.
    public func count(document: Data, request: Data) async throws -> Int {
        Int(try await native.count(document: document, request: request))
    }

    /// Drops what is of no use any more: proofs of documents other than those of `held`, those out of age, and the oldest of those beyond
    /// the bounds. Call it whenever a document comes, goes or is renewed.
    @discardableResult
    public func sweep(held: [Data]) async throws -> [DroppedProof] {
        try await native.sweep(held: held)
    }

    /// Removes every proof, and says how many there were.
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
