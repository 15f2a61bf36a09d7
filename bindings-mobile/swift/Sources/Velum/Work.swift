/// How far work has come, or what came of it.
public enum Work<Result: Sendable>: Sendable {
    /// A stage begins when `fraction` of the work is done, 0 to 1.
    case progress(stage: Stage, fraction: Double)
    /// The work is done: the last of its stream.
    case done(Result)
}

/// The progress of work that began when the stream was made, and what came of it.
///
/// A slow reader misses progress, and never the result. The work stops when the task that reads is cancelled, which ends the stream
/// without ``Work/done(_:)``, and when nobody holds the stream any more.
public typealias WorkStream<Result: Sendable> = AsyncThrowingStream<Work<Result>, any Error>

/// Works, and stops the native side when the task is cancelled.
///
/// - Throws: What the work throws; `CancellationError` where it ended because the task was cancelled.
func cancelling<Result: Sendable>(
    _ work: @Sendable (Cancellation) async throws -> Result
) async throws -> Result {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
        do {
            return try await work(cancellation)
        } catch VelumError.Cancelled where Task.isCancelled {
            throw CancellationError()
        }
    } onCancel: {
        cancellation.cancel()
    }
}

/// A stream of the progress of work, and what came of it.
func working<Result: Sendable>(
    _ work: @escaping @Sendable (any ProgressListener) async throws -> Result
) -> WorkStream<Result> {
    let (stream, continuation) = WorkStream<Result>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let task = Task {
        do {
            let listener = Listener { stage, fraction in
                continuation.yield(.progress(stage: stage, fraction: fraction))
            }
            continuation.yield(.done(try await work(listener)))
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

private final class Listener: ProgressListener {
    private let hear: @Sendable (Stage, Double) -> Void

    init(_ hear: @escaping @Sendable (Stage, Double) -> Void) {
        self.hear = hear
    }

    func onProgress(stage: Stage, fraction: Double) {
        hear(stage, fraction)
    }
}
