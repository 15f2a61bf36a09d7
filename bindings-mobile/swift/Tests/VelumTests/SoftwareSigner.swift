import Foundation
import Velum

#if canImport(CryptoKit)
import CryptoKit
#endif

/// A P-256 key in memory, in place of a key in a phone's hardware.
final class SoftwareSigner: DeviceSigner {
    private let point: Data
    private let scalar: Data
    private let count = Counter()

    /// The key that a document was issued to.
    init(_ document: Case, scalar: String) throws {
        point = try document.inspected.deviceKey
        self.scalar = Data(hexadecimal: scalar)
    }

    /// The key of the example in ISO 18013-5, Annex D.
    static func ofDoe() throws -> SoftwareSigner {
        let folder = URL(fileURLWithPath: variable("VELUM_TESTDATA")).appendingPathComponent("iso18013-5-annex-d")
        let facts = try JSONSerialization.jsonObject(with: contents(folder, "case.json")) as? [String: Any]
        guard let scalar = facts?["device_private_key"] as? String else { throw Unexpected(what: "no key of the device") }
        return try SoftwareSigner(doe, scalar: scalar)
    }

    /// How often the signer was asked to sign.
    var asked: Int { count.value }

    func publicKey() async throws -> Data { point }

    func sign(payload: Data) async throws -> Data {
        count.increase()
        #if canImport(CryptoKit)
        return try P256.Signing.PrivateKey(rawRepresentation: scalar).signature(for: payload).rawRepresentation
        #else
        return try signedByOpenSSL(payload)
        #endif
    }

    #if !canImport(CryptoKit)
    private func signedByOpenSSL(_ payload: Data) throws -> Data {
        let folder = try TemporaryFolder()
        // An ECPrivateKey (RFC 5915) on the curve prime256v1.
        let header = Data([0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20])
        let curve = Data([0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07])
        let key = try folder.file("key.der", header + scalar + curve)
        let message = try folder.file("payload", payload)
        let words = ["dgst", "-sha256", "-keyform", "DER", "-sign", key.path, message.path]
        let (status, signature) = try run("/usr/bin/openssl", words)
        guard status == 0 else { throw DeviceSignerError.Hardware(reason: "openssl ended with \(status)") }
        return signature
    }
    #endif
}

/// Doe's document with the signature of its device for its session.
func signedDoe() async throws -> Case {
    let payload = try Velum.deviceAuthenticationBytes(
        document: doe.document, docType: docType, transcript: doe.transcript)
    let signature = try await SoftwareSigner.ofDoe().sign(payload: payload)
    return Case(
        document: try Velum.withDeviceSignature(document: doe.document, docType: docType, signature: signature),
        transcript: doe.transcript, request: doe.request)
}

/// A signer that answers with the given functions.
final class TestSigner: DeviceSigner {
    private let key: @Sendable () async throws -> Data
    private let signature: @Sendable (Data) async throws -> Data

    init(
        _ other: SoftwareSigner, key: (@Sendable () async throws -> Data)? = nil,
        signature: @escaping @Sendable (Data) async throws -> Data
    ) {
        self.key = key ?? { try await other.publicKey() }
        self.signature = signature
    }

    func publicKey() async throws -> Data { try await key() }

    func sign(payload: Data) async throws -> Data { try await signature(payload) }
}

/// A number that several tasks may increase.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    @discardableResult
    func increase() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }

    var value: Int { lock.withLock { count } }
}

extension Data {
    init(hexadecimal text: String) {
        precondition(text.count.isMultiple(of: 2))
        let digits = Array(text)
        self.init(
            stride(from: 0, to: digits.count, by: 2).map { at in
                guard let byte = UInt8(String(digits[at...at + 1]), radix: 16) else {
                    preconditionFailure("no hexadecimal digits")
                }
                return byte
            })
    }

    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
