import Foundation

/// A wallet's blind credit at a market, for a ``HandOff``: jobs that it pays have keys of their own, so that nobody can tell which are of one holder.
///
/// Buy more than one job takes, and before it is known that there is one: what is bought and spent within a minute is linked by that, and by the device's address. A call
/// that fails or is cancelled loses nothing: what it began is gone on with by the next one.
///
/// One place that is loaded and saved has one purse, in one process. An old copy of it is worth what was not spent since.
public final class VelumPurse: Sendable {
    let native: CreditPurse

    /// - Parameters:
    ///   - market: What it is spent at. It takes no key.
    ///   - load: Gives what was saved last, or nothing where nothing was. Use no purse from within it, nor from `save`: it waits for them.
    ///   - save: Saves the purse in place of what was saved before, whole or not at all: nothing is done before it returns. Whoever can read it has the money.
    public init(
        market: VelumMarket, load: @escaping @Sendable () async throws -> String?,
        save: @escaping @Sendable (String) async throws -> Void
    ) {
        native = CreditPurse(client: market.native, store: OneAtATime(load, save))
    }

    /// What is in it and worth something now, the oldest first. One job is paid with tokens of one holding, each worth 100 units.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled, as all here.
    public func holdings() async throws -> [CreditHolding] {
        try await cancelling { [native] in try await native.holdings(cancellation: $0) }
    }

    /// Buys tokens from an account, 4096 at most, less those that an earlier call has paid for and not brought.
    ///
    /// - Parameter key: The account's 32 secret bytes (Ed25519): of a backend or of another wallet as well as the holder's own.
    public func buy(key: Data, tokens: UInt32) async throws {
        try await cancelling { [native] in try await native.buy(key: key, tokens: tokens, cancellation: $0) }
    }

    /// Takes back what is left of jobs that have ended, where a hand-off could not, and turns tokens of earlier epochs into such as are good for longer. Not in the same
    /// minute as ``buy(key:tokens:)``, which would show whose they are.
    public func collect() async throws {
        try await cancelling { [native] in try await native.collect(cancellation: $0) }
    }

    /// The market's signed keys that the tokens were issued under, as JSON. It has to show every wallet the same: `velum market audit` finds them in its log.
    public func keys() async throws -> [String] {
        try await cancelling { [native] in try await native.keys(cancellation: $0) }
    }
}

/// What is saved is saved whole before the next is loaded, also where the task that saves it is cancelled.
private actor OneAtATime: PurseStore {
    private let loading: @Sendable () async throws -> String?
    private let saving: @Sendable (String) async throws -> Void
    private var last: Task<Void, Never>?

    init(
        _ load: @escaping @Sendable () async throws -> String?, _ save: @escaping @Sendable (String) async throws -> Void
    ) {
        (loading, saving) = (load, save)
    }

    func load() async throws -> String? {
        try await inTurn { [loading] in try await loading() }
    }

    func save(purse: String) async throws {
        try await inTurn { [saving] in try await saving(purse) }
    }

    private func inTurn<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T {
        // What nobody waits for any more is not begun, so that it cannot follow what is newer.
        try Task.checkCancellation()
        let before = last
        // A task of its own, which the caller's cancellation does not reach.
        let task = Task {
            await before?.value
            return try await work()
        }
        last = Task { _ = await task.result }
        return try await task.value
    }
}
