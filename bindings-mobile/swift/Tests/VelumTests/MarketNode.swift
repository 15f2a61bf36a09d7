#if os(Linux) || os(macOS)
import Foundation
import Velum

/// A market on this machine, with its state in a folder of its own: its node, and a provider that folds.
final class MarketNode: @unchecked Sendable {
    let url: String
    private let folder: TemporaryFolder
    private let lock = NSLock()
    private var running: [String: Process] = [:]

    /// Creates a market, and starts its node.
    init() async throws {
        folder = try TemporaryFolder()
        let address = "127.0.0.1:\(Int.random(in: 20_000..<50_000))"
        url = "http://\(address)/"
        let made = try run(variable("VELUM_MARKET"), ["market", "init", folder.url.path, "--listen", address])
        guard made.status == 0 else { throw Unexpected(what: "market init ended with \(made.status)") }
        try await serve()
    }

    deinit {
        running.values.forEach(MarketNode.end)
    }

    /// Starts the node, and waits until it answers.
    func serve() async throws {
        try start("node", ["serve", "--config", path("market.toml")])
        let market = try VelumMarket(url: url)
        for _ in 0..<600 {
            if (try? await market.info()) != nil { return }
            try await Task.sleep(nanoseconds: 100_000_000)
        }
        throw Unexpected(what: "the node does not answer")
    }

    /// Starts a provider with a worker and demo money.
    func provide() throws {
        try start(
            "provider",
            [
                "provide", "--market", url, "--key", path("provider.key"), "--state", path("provider"), "--work",
                "--demo-money", "100000000",
            ])
    }

    /// Ends the node as a crash would.
    func kill() {
        lock.withLock { running["node"] }.map(MarketNode.end)
    }

    private func path(_ name: String) -> String {
        folder.url.appendingPathComponent(name).path
    }

    private func start(_ name: String, _ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: variable("VELUM_MARKET"))
        process.arguments = ["market"] + words
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        lock.withLock { running[name] = process }
    }

    private static func end(_ process: Process) {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
#endif
