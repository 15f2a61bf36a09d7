import Foundation

/// A wallet's blind credit at a market, for a ``HandOff``: jobs that it pays have keys of their own, so that nobody can tell which are of one holder. Tokens are worth
/// 100 units each, for three to six months.
///
/// Buy more than one job takes, and before it is known that there is one: what is bought and spent within a minute is linked by that, and by the device's address. One
/// purse has one object, in one process.
public final class VelumPurse: Sendable {
    let native: CreditPurse
    private let market: VelumMarket

    /// - Parameters:
    ///   - market: What it is spent at, opened with the key of the account that buys, or without one where nothing is bought.
    ///   - load: Gives what was saved last, or nothing where nothing was.
    ///   - save: Saves the purse in place of what was saved before, whole or not at all: nothing is done before it returns. Whoever can read it has the money.
    public init(
        market: VelumMarket, load: @escaping @Sendable () async throws -> String?,
        save: @escaping @Sendable (String) async throws -> Void
    ) {
        self.market = market
        native = CreditPurse(client: market.native, store: Store(load, save))
    }

    /// How many tokens are in it.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled, as all here.
    public func tokens() async throws -> UInt64 {
        try await cancelling { [native] in try await native.tokens(cancellation: $0) }
    }

    /// Buys tokens from the account of the market's key, 4096 at most, and takes in what is left of earlier jobs. How many there are then. A call that fails may have
    /// bought some: they come with the next one, and are paid once.
    @discardableResult
    public func buy(_ tokens: UInt32) async throws -> UInt64 {
        let key = try market.secret()
        return try await cancelling { [native] in try await native.buy(key: key, tokens: tokens, cancellation: $0) }
    }

    /// Takes in what is left of jobs that have ended. A hand-off does so when it ends: call this where the market could not be reached then.
    public func collect() async throws {
        try await cancelling { [native] in try await native.collect(cancellation: $0) }
    }

    /// The market's signed keys that the tokens were issued under, as JSON. It has to show every wallet the same: `velum market audit` finds them in its log.
    public func keys() async throws -> [String] {
        try await cancelling { [native] in try await native.keys(cancellation: $0) }
    }
}

private final class Store: PurseStore {
    private let loading: @Sendable () async throws -> String?
    private let saving: @Sendable (String) async throws -> Void

    init(
        _ load: @escaping @Sendable () async throws -> String?, _ save: @escaping @Sendable (String) async throws -> Void
    ) {
        (loading, saving) = (load, save)
    }

    func load() async throws -> String? {
        try await loading()
    }

    func save(purse: String) async throws {
        try await saving(purse)
    }
}
