import Foundation
import Velum

/// A variable of the environment that `./x swift-test` sets.
func variable(_ name: String) -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else { fatalError("\(name) is not set: use ./x swift-test") }
    return value
}

/// A document of `testdata/`, with its session and a request that it meets.
struct Case: Sendable {
    let folder: URL
    let document: Data
    let transcript: Data
    let request: Data

    init(_ name: String) {
        folder = URL(fileURLWithPath: variable("VELUM_TESTDATA")).appendingPathComponent(name)
        document = Self.read("device_response.cbor", in: folder)
        transcript = Self.read("session_transcript.cbor", in: folder)
        request = Self.read("request.json", in: folder)
    }

    private static func read(_ name: String, in folder: URL) -> Data {
        do {
            return try Data(contentsOf: folder.appendingPathComponent(name))
        } catch {
            fatalError("\(folder.path)/\(name): \(error)")
        }
    }
}

/// Signed by its device, whose key nobody has.
let mustermann = Case("mdl-mustermann")

let docType = "org.iso.18013.5.1.mDL"
