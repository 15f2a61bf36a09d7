import Foundation

/// A market at an address, where others fold presentations into one proof.
///
/// Whoever submits and pays with one key can be linked to everything that is submitted with this key: see what
/// `docs/market.md` says about linking. A wallet pays from a ``VelumPurse``. Calls may be made from any task.
/// Cancelling the task of a call ends the call.
public final class VelumMarket: Sendable {
    /// The address of the market.
    public let url: String
    let native: MarketClient
    private let key: Data?

    /// Creates a client for the market at a URL. This sends nothing.
    ///
    /// - Parameters:
    ///   - url: Has the scheme `https`, or `http` for this machine only.
    ///   - key: 32 secret bytes (Ed25519): the account at the market. Calls that only read need no key.
    ///   - id: Identifies the market permanently, as ``info()`` returns it. With an id, no other market can take its
    ///     place.
    ///   - host: The network.
    /// - Throws: ``VelumError``.
    public init(url: String, key: Data? = nil, id: String? = nil, host: any MarketHost = HTTPMarketHost()) throws {
        self.url = url
        self.key = key
        native = try MarketClient(url: url, host: host, id: id)
    }

    /// Returns the market's id, its proof systems, and the time on its clock.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled. All methods here throw these errors.
    public func info() async throws -> MarketInfo {
        try await cancelling { [native] in try await native.market(cancellation: $0) }
    }

    /// Estimates what a job will cost and how long it will take. The presentation is not submitted, and the request
    /// does not reveal who asks.
    public func quote(_ input: MarketInput, offer: MarketOffer) async throws -> Estimate {
        try await cancelling { [native] in
            try await native.quote(input: input, offer: offer, cancellation: $0)
        }
    }

    /// Returns the state of a job.
    public func status(job: String) async throws -> JobStatus {
        try await cancelling { [native] in try await native.status(job: job, cancellation: $0) }
    }

    /// Takes a job back, which is possible until its batch closes. To stop a running hand-off, cancel the hand-off.
    public func cancel(job: String) async throws -> JobStatus {
        let key = try secret()
        return try await cancelling { [native] in try await native.cancel(key: key, job: job, cancellation: $0) }
    }

    /// Returns the receipt of a settled job, as the market has it. The receipt has not been verified: verify it.
    public func receipt(job: String) async throws -> Data {
        try await cancelling { [native] in try await native.receipt(job: job, cancellation: $0) }
    }

    /// Returns what the holder of the key has at the market.
    public func account() async throws -> MarketAccount {
        let key = try secret()
        return try await cancelling { [native] in try await native.account(key: key, cancellation: $0) }
    }

    /// Deposits demo money, which is worth nothing, if the market accepts it.
    ///
    /// - Parameter idempotencyKey: 16 to 64 characters. A deposit that is sent again with the same key counts once.
    public func deposit(_ amount: UInt64, idempotencyKey: String? = nil) async throws -> MarketAccount {
        let key = try secret()
        return try await cancelling { [native] in
            try await native.deposit(key: key, amount: amount, idempotencyKey: idempotencyKey, cancellation: $0)
        }
    }

    /// The market with its key, if it has one, for a hand-off.
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
