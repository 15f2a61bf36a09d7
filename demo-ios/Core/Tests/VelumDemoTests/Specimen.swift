import Foundation
import Velum

@testable import VelumDemo

/// The specimen of the demo, as `velum issue` mints it.
struct Specimen: Sendable {
    let card: Case
    /// The certificate of its authority, in PEM.
    let root: String

    init() throws {
        let folder = try TemporaryFolder()
        let demo = (1...4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let written = try velum(
            "issue", "--spec", demo.appendingPathComponent("specimen.json").path, "--out", folder.url.appendingPathComponent("out").path)
        guard written["files"] != nil else { throw Unexpected(what: "\(written)") }
        let out = folder.url.appendingPathComponent("out")
        card = Case(minted: out)
        root = String(decoding: contents(out, "iaca.pem"), as: UTF8.self)
    }

    func signer() throws -> SoftwareSigner {
        try SoftwareSigner(card, scalar: "00000000000000000000000000000000000000000000000000766964656d6f01")
    }
}

let specimen: Specimen = {
    do { return try Specimen() } catch { fatalError("\(error)") }
}()

let wallet = VelumWallet()

/// By the system's openssl, where an app has CryptoKit.
let sha256: SHA256 = { data in
    let folder = try TemporaryFolder()
    let file = try folder.file("data", data)
    return try run("/usr/bin/openssl", ["dgst", "-sha256", "-binary", file.path]).output
}
