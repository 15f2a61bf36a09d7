/// The progress of work, or its result.
public enum Work<Result: Sendable>: Sendable {
    /// A stage begins when `fraction` of the work is done, 0 to 1.
    case progress(stage: Stage, fraction: Double)
    /// The work is done. This is the last item of its stream.
    case done(Result)
}

/// The progress and the result of work. The work begins when the stream is made.
///
/// A slow reader may miss progress, but never the result. The work stops when the task that reads is cancelled, which
/// ends the stream without ``Work/done(_:)``. It also stops when nobody holds the stream any longer.
public typealias WorkStream<Result: Sendable> = AsyncThrowingStream<Work<Result>, any Error>

/// Does the work, and stops the native side if the task is cancelled.
///
/// - Throws: The errors of the work, or `CancellationError` if the work ended because the task was cancelled.
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

/// A stream of the progress and the result of work.
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
