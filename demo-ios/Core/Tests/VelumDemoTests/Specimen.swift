import Foundation
import Velum

@testable import VelumDemo

/// The demo's specimen, as `velum issue` makes it.
struct Specimen: Sendable {
    let card: Case
    /// The certificate of the specimen's authority, in PEM.
    let root: String

    /// - Parameter publicKey: The device's public key in hexadecimal, if only the device has the private key.
    init(issuedTo publicKey: String? = nil) throws {
        let folder = try TemporaryFolder()
        let demo = (1...4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        var spec = String(decoding: contents(demo, "specimen.json"), as: UTF8.self)
        if let publicKey {
            spec = spec.replacingOccurrences(of: "\"device\": \"\(Self.scalar)\"", with: "\"device_public\": \"\(publicKey)\"")
            guard spec.contains(publicKey) else { throw Unexpected(what: "no key in the specimen") }
        }
        let file = try folder.file("spec.json", Data(spec.utf8))
        let written = try Command.velum("issue", "--spec", file.path, "--out", folder.url.appendingPathComponent("out").path)
        guard written["files"] != nil else { throw Unexpected(what: "\(written)") }
        let out = folder.url.appendingPathComponent("out")
        card = Case(minted: out)
        root = String(decoding: contents(out, "iaca.pem"), as: UTF8.self)
    }

    func signer() throws -> SoftwareSigner {
        try SoftwareSigner(card, scalar: Self.scalar)
    }

    private static let scalar = "00000000000000000000000000000000000000000000000000766964656d6f01"
}

let specimen: Specimen = {
    do { return try Specimen() } catch { fatalError("\(error)") }
}()

let wallet = VelumWallet()

/// Uses the system's openssl, where an app has CryptoKit.
let sha256: SHA256Function = { data in
    let folder = try TemporaryFolder()
    let file = try folder.file("data", data)
    return try run("/usr/bin/openssl", ["dgst", "-sha256", "-binary", file.path]).output
}
