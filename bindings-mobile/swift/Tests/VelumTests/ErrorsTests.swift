import Foundation
import Testing
import Velum

/// Work that ends with an error.
struct Provoked: Sendable, CustomStringConvertible {
    let code: ErrorCode
    let work: @Sendable () async throws -> Void

    init(_ code: ErrorCode, _ work: @escaping @Sendable () async throws -> Void) {
        (self.code, self.work) = (code, work)
    }

    var description: String { "\(code)" }
}

private func prepare(_ answered: Case) async throws {
    _ = try await wallet.prepare(document: answered.document, request: answered.request)
}

/// Presents a proof that was prepared for Mustermann. It is used up if nothing fails.
private func present(_ answered: Case, clock: Clock = .any, signer: (any DeviceSigner)? = nil) async throws {
    let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
    _ = try await wallet.present(prepared, answered, signer, clock: clock)
}

private func presentDoe(_ signer: TestSigner) async throws {
    let prepared = try await wallet.prepare(document: doe.document, request: doe.request)
    do {
        _ = try await wallet.present(prepared, doe.inSession(of: mustermann), signer)
    } catch {
        #expect(!prepared.isUsed())
        throw error
    }
}

private func sign(throwing error: DeviceSignerError) async throws {
    try await presentDoe(TestSigner(try .ofDoe()) { _ in throw error })
}

/// Opens a pool in a folder of its own, or in the given folder.
private func pool(
    in folder: URL? = nil, key: Data = poolKey, options: PoolOptions = PoolOptions(), sealer: (any Sealer)? = nil,
    _ work: (VelumPool) async throws -> Void
) async throws {
    let temporary = try TemporaryFolder()
    let folder = folder ?? temporary.url.appendingPathComponent("pool")
    if let sealer {
        try await work(VelumPool(wallet: wallet, folder: folder, sealer: sealer, options: options))
    } else {
        try await work(VelumPool(wallet: wallet, folder: folder, key: key, options: options))
    }
}

private let issuer =
    "04dc1c1f55cff4cd5c76cf4169278f7217667f86ee81d8669b63f2e19bc12a0c9f12355dd0385fed3bc33bedc9781b9aad47b33e4c24704b8d14288b1b3cb45c28"

private let ofDocuments = [
    Provoked(.issuerUntrusted) {
        try await prepare(mustermann.asking(try mustermann.inspected.deviceKey.hexadecimal, insteadOf: issuer))
    },
    Provoked(.issuerSignature) { try await prepare(mustermann.tampered(after: "validUntil", by: 8)) },
    Provoked(.docType) { try await prepare(mustermann.asking("other", insteadOf: docType)) },
    Provoked(.digest) { try await prepare(mustermann.tampered(after: "family_name", by: 20)) },
    Provoked(.elementMissing) { try await prepare(mustermann.asking("no_such", insteadOf: "family_name")) },
    Provoked(.tooLarge) { _ = try Velum.inspect(document: Data(count: 2 << 20)) },
    Provoked(.malformed) { _ = try Velum.inspect(document: Data("{}".utf8)) },
    Provoked(.notYetValid) { try await present(mustermann.asking("2020-10-15T", insteadOf: "2024-10-15T")) },
    Provoked(.expired) { try await present(mustermann.asking("2030-10-15T", insteadOf: "2024-10-15T")) },
    Provoked(.predicate) { try await present(mustermann.asking("\"Other\"", insteadOf: "\"Mustermann\"")) },
    Provoked(.clock) { try await present(mustermann, clock: .ofDevice) },
    Provoked(.deviceSignature) { try await present(mustermann.inSession(of: doe)) },
    Provoked(.deviceMacUnsupported) { try await present(doe) },
    Provoked(.deviceSignatureMissing) { try await present(mustermann.issued) },
    Provoked(.deviceNamespacesUnauthorised) { try await present(unauthorised) },
    Provoked(.cancelled) {
        let cancellation = Cancellation()
        cancellation.cancel()
        _ = try await verifyNatively(presentation: Data(), transcript: Data(), request: Data(), cancellation: cancellation)
    },
]

private let ofProofs = [
    Provoked(.preparedMismatch) { try await present(try await signedDoe()) },
    Provoked(.preparedUsed) {
        let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        _ = try await wallet.present(prepared, mustermann)
        _ = try await wallet.present(prepared, mustermann)
    },
    Provoked(.proofInvalid) {
        let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        let presentation = try await wallet.present(prepared, mustermann)
        _ = try await Velum.verify(
            presentation: presentation, transcript: doe.transcript, request: mustermann.request)
    },
    Provoked(.memoryInsufficient) {
        _ = try await wallet.prepare(document: mustermann.document, request: mustermann.request, memoryBudget: 1_000_000)
    },
    Provoked(.memoryInsufficient) {
        let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        do {
            _ = try await wallet.present(
                prepared: prepared, document: mustermann.document, request: mustermann.request,
                transcript: mustermann.transcript, clock: .any, memoryBudget: -1)
        } catch {
            #expect(!prepared.isUsed())
            throw error
        }
    },
    Provoked(.wrongVersion) {
        _ = try await Velum.verify(
            presentation: golden("direct-standard"), transcript: mustermann.transcript,
            request: mustermann.request, suites: [])
    },
]

/// Errors that need a document that is issued for the test.
private let ofMinted: [Provoked] = {
    #if os(Linux) || os(macOS)
    [
        Provoked(.deviceNamespaces) {
            let folder = try TemporaryFolder()
            let signing = try minted(folder, more: ", \"device_namespaces\": {\"org.example\": {\"seat\": \"12A\"}}")
            let prepared = try await wallet.prepare(document: signing.document, request: signing.request)
            _ = try await wallet.present(prepared, signing)
        }
    ]
    #else
    []
    #endif
}()

private let ofSigners = [
    Provoked(.signerCancelled) { try await sign(throwing: .Cancelled) },
    Provoked(.signerLocked) { try await sign(throwing: .Locked) },
    Provoked(.signerKeyCannotSign) { try await sign(throwing: .KeyCannotSign) },
    Provoked(.signerHardware) { try await sign(throwing: .Hardware(reason: "gone")) },
    Provoked(.signerHardware) { try await presentDoe(TestSigner(try .ofDoe()) { _ in throw Unexpected(what: "else") }) },
    Provoked(.signerOtherKey) {
        let other = try mustermann.inspected.deviceKey
        try await presentDoe(
            TestSigner(try .ofDoe(), key: { other }) { _ in
                Issue.record("a key of another document was asked to sign")
                throw DeviceSignerError.Cancelled
            })
    },
    Provoked(.deviceSignature) { try await presentDoe(TestSigner(try .ofDoe()) { _ in Data(repeating: 7, count: 64) }) },
]

private let ofPools = [
    Provoked(.malformed) { try await pool(key: Data(count: 31)) { _ in } },
    Provoked(.poolFull) { try await pool(options: PoolOptions(entries: 0)) { try await $0.fillOne() } },
    Provoked(.memoryInsufficient) {
        try await pool {
            try await $0.fill(document: mustermann.document, request: mustermann.request, wanted: 1, memoryBudget: 1_000_000)
        }
    },
    Provoked(.storeFailed) {
        let folder = try TemporaryFolder()
        try await pool(in: try folder.file("file", Data())) { _ in }
    },
    Provoked(.sealerRefused) { try await pool(sealer: Refusing()) { try await $0.fillOne() } },
    Provoked(.otherKey) {
        let folder = try TemporaryFolder()
        try await pool(in: folder.url) { try await $0.fillOne() }
        try await pool(in: folder.url, key: Data(count: 32)) { _ = try await $0.answer() }
    },
]

/// A disk of one megabyte, which has room for two proofs.
private let ofDisks = ProcessInfo.processInfo.environment["VELUM_SMALL_DISK"].map { disk in
    [
        Provoked(.storeFull) {
            let folder = try TemporaryFolder(in: URL(fileURLWithPath: disk))
            let pool = try VelumPool(wallet: wallet, folder: folder.url, key: poolKey)
            do {
                try await pool.fill(document: mustermann.document, request: mustermann.request, wanted: 9)
            } catch {
                // The proofs that were added before are intact.
                let count = try await pool.count(document: mustermann.document, request: mustermann.request)
                #expect(count > 0)
                #expect(try await pool.answer().fromPool)
                throw error
            }
        }
    ]
}

struct ErrorsTests {
    @Test(arguments: ofDocuments) func ofADocumentOrARequest(_ provoked: Provoked) async throws {
        try await expect(provoked)
    }

    @Test(arguments: ofProofs) func ofAProof(_ provoked: Provoked) async throws {
        try await expect(provoked)
    }

    @Test(arguments: ofMinted) func ofADocumentThatIsMinted(_ provoked: Provoked) async throws {
        try await expect(provoked)
    }

    @Test(arguments: ofSigners) func ofASigner(_ provoked: Provoked) async throws {
        let error = try await expect(provoked)
        if provoked.code != .deviceSignature {
            guard case .Signer = error else { throw Unexpected(what: "\(error)") }
        }
    }

    @Test(arguments: ofPools) func ofAPool(_ provoked: Provoked) async throws {
        try await expect(provoked)
    }

    @Test(.enabled(if: ofDisks != nil, "needs a disk that is soon full"), arguments: ofDisks ?? [])
    func ofADiskThatIsFull(_ provoked: Provoked) async throws {
        guard case .Pool = try await expect(provoked) else { throw Unexpected(what: "no error of a pool") }
    }

    /// A backend that fails and a bug cannot be provoked from here.
    @Test func everyCodeIsProvoked() {
        let provoked = Set((ofDocuments + ofProofs + ofSigners + ofPools).map(\.code))
        // The codes of markets come last, and have tests of their own.
        let ofMarkets = ErrorCode.allCases.drop { $0 != .unreachable }
        // The first two are provoked above, if there is a disk that is soon full and a command that issues documents.
        let others = Set(ErrorCode.allCases).subtracting(provoked).subtracting(ofMarkets)
        #expect(others == [.storeFull, .deviceNamespaces, .backend, .internal])
    }

    @Test func anErrorOfSwiftSaysWhatToDo() async throws {
        let error = try await failure { _ = try Velum.inspect(document: Data("{}".utf8)) }
        guard case .Unreadable(let problem) = error else { throw Unexpected(what: "\(error)") }
        #expect(problem.place.hasPrefix("document"))
        #expect(error.localizedDescription == problem.message)
        #expect(error.recoverySuggestion == problem.remedy)
        #expect(problem.remedy?.isEmpty == false)
    }

    @discardableResult
    private func expect(_ provoked: Provoked) async throws -> VelumError {
        let error = try await failure(provoked.work)
        #expect(error.code == provoked.code, "\(error)")
        #expect(!error.problem.message.isEmpty)
        return error
    }
}

private final class Refusing: Sealer {
    func seal(plain: Data, associated: Data) async throws -> Data {
        throw SealerError.Refused(reason: "locked")
    }

    func unseal(sealed: Data, associated: Data) async throws -> Data {
        throw SealerError.DoesNotOpen
    }
}
