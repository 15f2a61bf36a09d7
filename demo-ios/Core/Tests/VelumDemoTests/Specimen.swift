import Foundation
import Velum

@testable import VelumDemo

/// The specimen of the demo, as `velum issue` mints it.
struct Specimen: Sendable {
    let card: Case
    /// The certificate of its authority, in PEM.
    let root: String

    /// - Parameter publicKey: The device's, in hexadecimal, where it has the private key to itself.
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

/// By the system's openssl, where an app has CryptoKit.
let sha256: SHA256Function = { data in
    let folder = try TemporaryFolder()
    let file = try folder.file("data", data)
    return try run("/usr/bin/openssl", ["dgst", "-sha256", "-binary", file.path]).output
}
