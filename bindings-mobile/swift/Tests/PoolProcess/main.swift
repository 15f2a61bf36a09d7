// The program that the tests run in a process of its own: `PoolProcess VERB FOLDER`, where the verb is `present`,
// `fill` or `dispose`.

import Foundation
import Velum

let words = CommandLine.arguments
guard words.count == 3, let testdata = ProcessInfo.processInfo.environment["VELUM_TESTDATA"] else { exit(2) }

func read(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: testdata).appendingPathComponent("mdl-mustermann").appendingPathComponent(name))
}

let (document, request) = (try read("device_response.cbor"), try read("request.json"))

func openPool() throws -> VelumPool {
    try VelumPool(wallet: VelumWallet(), folder: URL(fileURLWithPath: words[2]), key: Data(repeating: 7, count: 32))
}

/// Prepares one proof, and releases the pool and the wallet.
func fillAndLeave() async throws -> Int {
    let pool = try openPool()
    try await pool.fill(document: document, request: request, wanted: 1)
    return provingThreads()
}

/// The number of threads of this process that prove. Linux reports their names, `velum 0` and so on. Names without a
/// number say nothing, because the system's own threads inherit them from the threads that start them.
func provingThreads() -> Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    let names = tasks.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
    return names.filter { $0.hasPrefix("velum ") }.count
}

switch words[1] {
case "present":
    let answer = try await openPool().present(
        document: document, request: request, transcript: try read("session_transcript.cbor"), clock: .any)
    print(answer.fromPool ? "taken" : "made")
case "fill":
    let pool = try openPool()
    for try await work in pool.filling(document: document, request: request, wanted: 10) {
        if case .progress = work { FileHandle.standardOutput.write(Data("proving\n".utf8)) }
    }
case "dispose":
    let before = provingThreads()
    let during = try await fillAndLeave()
    // Threads end soon, but not at once.
    let end = ContinuousClock.now + .seconds(60)
    while provingThreads() > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
    print(before, during, provingThreads())
default:
    exit(2)
}
