import Dispatch

/// Does the work, and blocks the calling thread until it is done, because the interface is synchronous.
///
/// If the system supports it, the work runs on threads of its own. The caller may block one of the few threads that
/// Swift shares among tasks, and other callers may block the rest.
func blocking<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) throws -> Result {
    let (outcome, done) = (Outcome<Result>(), DispatchSemaphore(value: 0))
    let run: @Sendable () async -> Void = {
        do {
            outcome.result = .success(try await work())
        } catch {
            outcome.result = .failure(error)
        }
        done.signal()
    }
    if #available(iOS 18, macOS 15, *) {
        Task.detached(executorPreference: Threads.shared, operation: run)
    } else {
        Task.detached(operation: run)
    }
    done.wait()
    guard let result = outcome.result else { throw CancellationError() }
    return try result.get()
}

/// Written before the semaphore is signalled, and read after it.
private final class Outcome<Success>: @unchecked Sendable {
    var result: Result<Success, any Error>?
}

@available(iOS 18, macOS 15, *)
private final class Threads: TaskExecutor {
    static let shared = Threads()

    private let queue = DispatchQueue(label: "dev.velum.eudi", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
