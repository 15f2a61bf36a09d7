import Foundation

/// How long a cancelled hand-off may take to take its job back, in nanoseconds.
private let takeBackTime: UInt64 = 30_000_000_000

/// The state of a hand-off, or its result.
public enum HandingOff: Sendable {
    /// The hand-off continues.
    case progress(HandOffProgress)
    /// The receipt is there. This is the last item of its stream.
    case done(HandedOff)
}

/// The progress of a hand-off and its receipt. The hand-off begins when the stream is made.
public typealias HandOffStream = AsyncThrowingStream<HandingOff, any Error>

/// Hands presentations off to markets. A presentation is submitted to one market at a time, the preferred one first.
/// The hand-off continues with the next market only when the previous market will not be paid for the job. This holds
/// whatever is lost on the way.
///
/// Cancelling the task of a hand-off, or the task that reads its stream, takes the job back, for at most half a minute.
/// If the job was not taken back by then, or if a provider had already taken it, resume the hand-off from the saved
/// state. A `Cancellation` stops a hand-off as well, and waits for the outcome: if a provider has already taken the
/// job, the job is paid for, and its receipt comes.
///
/// Run the hand-off of a presentation in one place at a time.
public struct HandOff: Sendable {
    private let save: @Sendable (String) async throws -> Void
    private let judge: @Sendable (Data) async throws -> ReceiptVerdict
    private let host: any MarketHost
    private let poll: TimeInterval?
    private let patience: TimeInterval?
    private let purses: [VelumPurse]

    /// - Parameters:
    ///   - host: The network.
    ///   - poll: The interval between two requests for the state of a job. The default is two seconds.
    ///   - patience: How long after a job's last deadline to keep asking a market that does not say how the job ended.
    ///     The default is an hour.
    ///   - purses: The purses that a wallet pays from. A market that was opened without a key is paid from the purse
    ///     with its address. Resume a hand-off with the purses that it was begun with.
    ///   - save: Saves the state of the hand-off, in place of the state that was saved before. The hand-off does
    ///     nothing until this function returns. The saved state is no secret, but whoever has it can take the job back.
    ///     Delete it once the hand-off has ended.
    ///   - judge: Judges the receipt against the request and the session that were answered, as `VelumReceipt` does. If
    ///     it throws, the hand-off throws an error with the code `receiptNotJudged`, and can be resumed.
    public init(
        host: any MarketHost = HTTPMarketHost(), poll: TimeInterval? = nil, patience: TimeInterval? = nil,
        purses: [VelumPurse] = [],
        save: @escaping @Sendable (String) async throws -> Void,
        judge: @escaping @Sendable (Data) async throws -> ReceiptVerdict
    ) {
        (self.host, self.poll, self.patience, self.save, self.judge) = (host, poll, patience, save, judge)
        self.purses = purses
    }

    /// Hands a presentation off from the beginning, and returns its receipt, which was judged.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    public func run(
        _ input: MarketInput, markets: [VelumMarket], offer: MarketOffer, cancellation: Cancellation? = nil
    ) async throws -> HandedOff {
        try await begin(input, markets, offer, cancellation) { _ in }
    }

    /// Like ``run(_:markets:offer:cancellation:)``, as a stream of progress that ends with the receipt.
    public func running(
        _ input: MarketInput, markets: [VelumMarket], offer: MarketOffer, cancellation: Cancellation? = nil
    ) -> HandOffStream {
        told { try await begin(input, markets, offer, cancellation, $0) }
    }

    /// Resumes a hand-off from the state that was saved last. It needs no key. The input must be the one that the
    /// hand-off was begun with.
    ///
    /// - Throws: ``VelumError``, or `CancellationError` if the task was cancelled.
    public func resume(_ input: MarketInput, saved: String, cancellation: Cancellation? = nil) async throws -> HandedOff {
        try await goOn(input, saved, cancellation) { _ in }
    }

    /// Like ``resume(_:saved:cancellation:)``, as a stream of progress that ends with the receipt.
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

/// Does the work. If the task is cancelled, the native side takes the job back before this function returns.
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

/// A stream of the complete progress and the result of a hand-off.
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
