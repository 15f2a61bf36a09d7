import Foundation

/// A market at an address, where others fold presentations into one proof.
///
/// Whoever hands in and pays with its key can be linked to what it hands in: see the linking that `docs/market.md` tells of. A wallet pays from a ``VelumPurse``. Calls may be made from any task. Cancelling the
/// task of a call ends the call.
public final class VelumMarket: Sendable {
    /// Its address.
    public let url: String
    let native: MarketClient
    private let key: Data?

    /// Asks nothing yet.
    ///
    /// - Parameters:
    ///   - url: Of `https`, or of `http` on this very machine.
    ///   - key: 32 secret bytes (Ed25519), the account there. Reading takes none.
    ///   - id: Names the market for good, as ``info()`` tells it: with it nobody else's market can take its place.
    ///   - host: The network.
    /// - Throws: ``VelumError``.
    public init(url: String, key: Data? = nil, id: String? = nil, host: any MarketHost = HTTPMarketHost()) throws {
        self.url = url
        self.key = key
        native = try MarketClient(url: url, host: host, id: id)
    }

    /// Who the market is.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled, as all here.
    public func info() async throws -> MarketInfo {
        try await cancelling { [native] in try await native.market(cancellation: $0) }
    }

    /// What a job is likely to cost, and how long it is likely to take. Nothing is handed over, and nothing says who asks.
    public func quote(_ input: MarketInput, offer: MarketOffer) async throws -> Estimate {
        try await cancelling { [native] in
            try await native.quote(input: input, offer: offer, cancellation: $0)
        }
    }

    /// Where a job stands.
    public func status(job: String) async throws -> JobStatus {
        try await cancelling { [native] in try await native.status(job: job, cancellation: $0) }
    }

    /// Takes a job back, which is possible until its batch has closed. A hand-off that is under way is stopped by cancelling it.
    public func cancel(job: String) async throws -> JobStatus {
        let key = try secret()
        return try await cancelling { [native] in try await native.cancel(key: key, job: job, cancellation: $0) }
    }

    /// The receipt of a settled job, as the market has it. Verify it: nobody has.
    public func receipt(job: String) async throws -> Data {
        try await cancelling { [native] in try await native.receipt(job: job, cancellation: $0) }
    }

    /// What the holder of the key has here.
    public func account() async throws -> MarketAccount {
        let key = try secret()
        return try await cancelling { [native] in try await native.account(key: key, cancellation: $0) }
    }

    /// Deposits demo money, which is worth nothing, where the market has a way in for it.
    ///
    /// - Parameter idempotencyKey: 16 to 64 characters: a deposit that is sent again under it counts once.
    public func deposit(_ amount: UInt64, idempotencyKey: String? = nil) async throws -> MarketAccount {
        let key = try secret()
        return try await cancelling { [native] in
            try await native.deposit(key: key, amount: amount, idempotencyKey: idempotencyKey, cancellation: $0)
        }
    }

    /// The market with its key, where it has one, for a hand-off.
    func chosen() -> ChosenMarket {
        ChosenMarket(client: native, key: key)
    }

    private func secret() throws -> Data {
        if let key { return key }
        throw VelumError.Unreadable(
            problem: Problem(
                code: .malformed, place: "key", message: "the market \(url) was opened without a key", remedy: nil))
    }
}
