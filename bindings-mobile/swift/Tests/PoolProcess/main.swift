// What the tests of pools run in a process of its own: `PoolProcess present FOLDER` or `PoolProcess fill FOLDER`.

import Foundation
import Velum

let words = CommandLine.arguments
guard words.count == 3, let testdata = ProcessInfo.processInfo.environment["VELUM_TESTDATA"] else { exit(2) }

func read(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: testdata).appendingPathComponent("mdl-mustermann").appendingPathComponent(name))
}

let (document, request) = (try read("device_response.cbor"), try read("request.json"))
let pool = try VelumPool(
    wallet: VelumWallet(), folder: URL(fileURLWithPath: words[2]), key: Data(repeating: 7, count: 32))

if words[1] == "present" {
    let answer = try await pool.present(
        document: document, request: request, transcript: try read("session_transcript.cbor"), clock: .any)
    print(answer.fromPool ? "taken" : "made")
} else {
    for try await work in pool.filling(document: document, request: request, wanted: 10) {
        if case .progress = work { FileHandle.standardOutput.write(Data("proving\n".utf8)) }
    }
}
