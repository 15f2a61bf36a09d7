import Foundation

/// How long a hand-off whose task is cancelled has to take its job back, in nanoseconds.
private let takeBackTime: UInt64 = 30_000_000_000

/// Where a hand-off stands, or what came of it.
public enum HandingOff: Sendable {
    /// It goes on.
    case progress(HandOffProgress)
    /// The receipt is there: the last of its stream.
    case done(HandedOff)
}

/// The progress of a hand-off that began when the stream was made, and its receipt.
public typealias HandOffStream = AsyncThrowingStream<HandingOff, any Error>

/// Hands presentations off: to one market at a time, the preferred one first, and to the next only when the one before will not be paid for it, whatever is lost on
/// the way.
///
/// Cancelling the task of a hand-off, or of who reads its stream, takes the job back, for at most half a minute. What is not taken back by then, or was taken by a provider
/// already, is gone on with from what was saved. A `Cancellation` stops a hand-off as well, and waits for what comes of it: a job that some provider has taken already is
/// paid for, and its receipt comes.
///
/// Run a presentation's hand-off in one place at a time.
public struct HandOff: Sendable {
    private let save: @Sendable (String) async throws -> Void
    private let judge: @Sendable (Data) async throws -> ReceiptVerdict
    private let host: any MarketHost
    private let poll: TimeInterval?
    private let patience: TimeInterval?
    private let purses: [VelumPurse]

    /// - Parameters:
    ///   - host: The network.
    ///   - poll: Between two questions where a job stands, two seconds unless named.
    ///   - patience: After a job's last deadline, how long a market is still asked that does not say how the job ended; an hour unless named.
    ///   - purses: What a wallet pays with: a market that was opened without a key is paid from the purse of its address. A hand-off is gone on with by those that it was
    ///     begun with.
    ///   - save: Saves where the hand-off stands, in place of what was saved before: nothing is done before it returns. What is saved is no secret, but who has it
    ///     can take the job back. Remove it once the hand-off has ended.
    ///   - judge: Judges the receipt by the request and session that were answered, as `VelumReceipt` does. Where it throws, the hand-off ends with
    ///     `receiptNotJudged`, and can be gone on with.
    public init(
        host: any MarketHost = HTTPMarketHost(), poll: TimeInterval? = nil, patience: TimeInterval? = nil,
        purses: [VelumPurse] = [],
        save: @escaping @Sendable (String) async throws -> Void,
        judge: @escaping @Sendable (Data) async throws -> ReceiptVerdict
    ) {
        (self.host, self.poll, self.patience, self.save, self.judge) = (host, poll, patience, save, judge)
        self.purses = purses
    }

    /// Hands a presentation off from the beginning, and gives its receipt, which was judged.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    public func run(
        _ input: MarketInput, markets: [VelumMarket], offer: MarketOffer, cancellation: Cancellation? = nil
    ) async throws -> HandedOff {
        try await begin(input, markets, offer, cancellation) { _ in }
    }

    /// The same as a stream of progress, which ends with the receipt.
    public func running(
        _ input: MarketInput, markets: [VelumMarket], offer: MarketOffer, cancellation: Cancellation? = nil
    ) -> HandOffStream {
        told { try await begin(input, markets, offer, cancellation, $0) }
    }

    /// Goes on from what was saved last, without any key. The input is the one that it was begun with.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` where the task was cancelled.
    public func resume(_ input: MarketInput, saved: String, cancellation: Cancellation? = nil) async throws -> HandedOff {
        try await goOn(input, saved, cancellation) { _ in }
    }

    /// The same as a stream of progress, which ends with the receipt.
    public func resuming(_ input: MarketInput, saved: String, cancellation: Cancellation? = nil) -> HandOffStream {
        told { try await goOn(input, saved, cancellation, $0) }
    }

    private func begin(
        _ input: MarketInput, _ markets: [VelumMarket], _ offer: MarketOffer, _ cancellation: Cancellation?,
        _ hear: @escaping @Sendable (HandOffProgress) -> Void
    ) async throws -> HandedOff {
        let chosen = markets.map { $0.chosen() }
        let keeper = Keeper(save, judge, hear)
        return try await takingBack(cancellation) { [host, poll, patience, purses] stop, leave in
            let options = HandOffOptions(
                poll: poll, patience: patience, cancellation: stop, leave: leave, purses: purses.map(\.native))
            return try await handOff(
                host: host, keeper: keeper, input: input, markets: chosen, offer: offer, options: options)
        }
    }

    private func goOn(
        _ input: MarketInput, _ saved: String, _ cancellation: Cancellation?,
        _ hear: @escaping @Sendable (HandOffProgress) -> Void
    ) async throws -> HandedOff {
        let keeper = Keeper(save, judge, hear)
        return try await takingBack(cancellation) { [host, poll, patience, purses] stop, leave in
            let options = HandOffOptions(
                poll: poll, patience: patience, cancellation: stop, leave: leave, purses: purses.map(\.native))
            return try await resumeHandOff(host: host, keeper: keeper, input: input, saved: saved, options: options)
        }
    }
}

private final class Keeper: HandOffKeeper {
    private let saving: @Sendable (String) async throws -> Void
    private let judging: @Sendable (Data) async throws -> ReceiptVerdict
    private let hear: @Sendable (HandOffProgress) -> Void

    init(
        _ save: @escaping @Sendable (String) async throws -> Void,
        _ judge: @escaping @Sendable (Data) async throws -> ReceiptVerdict,
        _ hear: @escaping @Sendable (HandOffProgress) -> Void
    ) {
        (saving, judging, self.hear) = (save, judge, hear)
    }

    func save(saved: String) async throws {
        try await saving(saved)
    }

    func judge(receipt: Data) async throws -> ReceiptVerdict {
        try await judging(receipt)
    }

    func onProgress(progress: HandOffProgress) {
        hear(progress)
    }
}

/// Works, and where the task is cancelled has the native side take the job back before it is left.
private func takingBack(
    _ given: Cancellation?, _ work: @Sendable (_ stop: Cancellation, _ leave: Cancellation) async throws -> HandedOff
) async throws -> HandedOff {
    let (stop, leave) = (given ?? Cancellation(), Cancellation())
    return try await withTaskCancellationHandler {
        do {
            return try await work(stop, leave)
        } catch VelumError.Cancelled where Task.isCancelled {
            throw CancellationError()
        }
    } onCancel: {
        stop.cancel()
        Task.detached {
            try? await Task.sleep(nanoseconds: takeBackTime)
            leave.cancel()
        }
    }
}

/// A stream of all progress of a hand-off, and what came of it.
private func told(
    _ work: @escaping @Sendable (@escaping @Sendable (HandOffProgress) -> Void) async throws -> HandedOff
) -> HandOffStream {
    let (stream, continuation) = HandOffStream.makeStream(bufferingPolicy: .unbounded)
    let task = Task {
        do {
            let result = try await work { continuation.yield(.progress($0)) }
            continuation.yield(.done(result))
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
        }
    }
    continuation.onTermination = { termination in
        if case .cancelled = termination { task.cancel() }
    }
    return stream
}
