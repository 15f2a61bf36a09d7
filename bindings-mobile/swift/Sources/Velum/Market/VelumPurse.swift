import Foundation

/// A wallet's blind credit at a market, for a ``HandOff``. Each job that it pays has a key of its own, so that nobody
/// can tell which jobs belong to the same holder.
///
/// Buy more tokens than one job takes, and before you know that there will be a job. Tokens that are bought and spent
/// within a minute are linked by the time, and by the device's address. A call that fails or is cancelled loses
/// nothing: the next call continues what it began.
///
/// Each place that is loaded and saved belongs to one purse, in one process. An old copy of the purse is worth the
/// tokens that were not spent since.
public final class VelumPurse: Sendable {
    let native: CreditPurse

    /// - Parameters:
    ///   - market: The market where the tokens are spent. It needs no key.
    ///   - load: Returns what was saved last, or nil if nothing was saved. Do not use a purse from within `load` or
    ///     `save`: the purse waits for them.
    ///   - save: Saves the purse in place of what was saved before. It must save all of it or nothing. The purse does
    ///     nothing until this function returns. Whoever can read the saved purse has the money.
    public init(
        market: VelumMarket, load: @escaping @Sendable () async throws -> String?,
        save: @escaping @Sendable (String) async throws -> Void
    ) {
        native = CreditPurse(client: market.native, store: OneAtATime(load, save))
    }

    /// Returns what is in the purse and worth something now, the oldest tokens first. One job is paid with tokens of
    /// one holding. Each token is worth 100 units.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled. All methods here throw these errors.
    public func holdings() async throws -> [CreditHolding] {
        try await cancelling { [native] in try await native.holdings(cancellation: $0) }
    }

    /// Buys tokens from an account, at most 4096. Tokens that an earlier call paid for and that arrive only now count
    /// towards the number.
    ///
    /// - Parameter key: The account's 32 secret bytes (Ed25519). The account may belong to a backend or to another
    ///   wallet, as well as to the holder.
    public func buy(key: Data, tokens: UInt32) async throws {
        try await cancelling { [native] in try await native.buy(key: key, tokens: tokens, cancellation: $0) }
    }

    /// Takes back the rest of jobs that have ended, if a hand-off could not do so. Exchanges tokens of earlier epochs
    /// for tokens that are valid for longer. Do not call it in the same minute as ``buy(key:tokens:)``, which would
    /// show who owns the tokens.
    public func collect() async throws {
        try await cancelling { [native] in try await native.collect(cancellation: $0) }
    }

    /// Returns the market's signed keys under which the tokens were issued, as JSON. The market has to show every
    /// wallet the same keys. `velum market audit` finds them in the market's log.
    public func keys() async throws -> [String] {
        try await cancelling { [native] in try await native.keys(cancellation: $0) }
    }
}

/// Finishes each save before the next load begins, even if the task that saves is cancelled.
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
        // Work that nobody waits for any longer is not begun, so that it cannot run after newer work.
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
