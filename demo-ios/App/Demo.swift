import CryptoKit
import Foundation
import Velum
import VelumDemo
import VelumSecureEnclave

/// The three models of the app, and what they are built on: the specimen in the bundle, the Keychain, and the Secure
/// Enclave.
@MainActor
final class Demo {
    let specimen: Specimen
    let device: DeviceKey
    let wallet: WalletModel
    let verifier: VerifierModel
    let benchmark: Benchmark

    init() throws {
        let specimen = try Specimen()
        let device = DeviceKey()
        let prover = VelumWallet(options: .suitedToDevice)
        let sha256: SHA256Function = { Data(SHA256.hash(data: $0)) }
        let folder = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        self.specimen = specimen
        self.device = device
        wallet = try WalletModel(
            wallet: prover, folder: folder, key: try PoolKey.load(), root: specimen.root, sha256: sha256
        ) { card in
            if card.deviceKey == specimen.deviceKey { return specimen }
            return device.signer
        }
        verifier = VerifierModel(origin: "https://verifier.example", root: specimen.root, sha256: sha256)
        benchmark = Benchmark(wallet: prover)
    }

    /// Shows the cards, at first the specimen, and prepares answers.
    func begin() async {
        await wallet.refresh()
        if wallet.cards.isEmpty { await wallet.add(document: specimen.document) }
        await wallet.fill()
        Background.schedule()
    }
}

/// The specimen that `velum issue` wrote into the bundle. Its device key is no secret.
final class Specimen: DeviceSigner {
    let document: Data
    /// A session that the specimen's device has signed, for the benchmark.
    let transcript: Data
    /// The certificate of the specimen's authority, in PEM.
    let root: String
    let deviceKey: Data

    private let key: P256.Signing.PrivateKey

    init() throws {
        func contents(_ name: String, _ ending: String) throws -> Data {
            guard let url = Bundle.main.url(forResource: name, withExtension: ending, subdirectory: "Specimen") else {
                throw CocoaError(.fileNoSuchFile)
            }
            return try Data(contentsOf: url)
        }
        document = try contents("document", "cbor")
        transcript = try contents("transcript", "cbor")
        root = String(decoding: try contents("iaca", "pem"), as: UTF8.self)
        key = try P256.Signing.PrivateKey(pemRepresentation: String(decoding: try contents("device", "key"), as: UTF8.self))
        deviceKey = key.publicKey.x963Representation
    }

    func publicKey() async throws -> Data { deviceKey }

    func sign(payload: Data) async throws -> Data {
        try key.signature(for: payload).rawRepresentation
    }
}

/// The key of this device in the Secure Enclave, for cards that are issued to it.
struct DeviceKey: Sendable {
    private static let tag = "dev.velum.demo.device"

    let signer = SecureEnclaveSigner(tag: tag, reason: "Sign your answer")

    /// Returns the public key, which goes to an issuer. The key is created if there is none yet.
    func publicKey() async throws -> Data {
        if try SecureEnclaveSigner.hasKey(tag: Self.tag) { return try await signer.publicKey() }
        return try SecureEnclaveSigner.makeKey(tag: Self.tag)
    }
}
