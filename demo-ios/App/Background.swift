#if canImport(BackgroundTasks)
import BackgroundTasks

/// Prepares answers while the device charges and nobody uses it.
enum Background {
    /// The name under `BGTaskSchedulerPermittedIdentifiers` in the app's Info.plist.
    private static let identifier = "dev.velum.demo.fill"

    /// Registers the task. Call this before the app has launched.
    ///
    /// - Parameter fill: Prepares answers, stops when its task is cancelled, and returns whether it finished.
    static func register(_ fill: @escaping @MainActor @Sendable () async -> Bool) {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: .main) { task in
            schedule()
            let work = Task { @MainActor in
                let isDone = await fill()
                task.setTaskCompleted(success: isDone)
            }
            // The work stops within milliseconds. The answers that were prepared are kept.
            task.expirationHandler = { work.cancel() }
        }
    }

    /// Asks the system to run the task the next time.
    static func schedule() {
        let request = BGProcessingTaskRequest(identifier: identifier)
        request.requiresExternalPower = true
        // The system refuses on simulators, and if the user has switched background tasks off. The pool is then filled
        // in the foreground.
        try? BGTaskScheduler.shared.submit(request)
    }
}
#endif
