#if canImport(BackgroundTasks)
import BackgroundTasks

/// Prepares answers while the device charges and nobody uses it.
enum Background {
    /// As `BGTaskSchedulerPermittedIdentifiers` in the app's Info.plist names it.
    private static let identifier = "dev.velum.demo.fill"

    /// Before the app has launched.
    ///
    /// - Parameter fill: Prepares, stops when its task is cancelled, and says whether it came to its end.
    static func register(_ fill: @escaping @MainActor @Sendable () async -> Bool) {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: .main) { task in
            schedule()
            let work = Task { @MainActor in
                let isDone = await fill()
                task.setTaskCompleted(success: isDone)
            }
            // The work stops within milliseconds. What it had prepared stays.
            task.expirationHandler = { work.cancel() }
        }
    }

    /// Asks for the next time.
    static func schedule() {
        let request = BGProcessingTaskRequest(identifier: identifier)
        request.requiresExternalPower = true
        // Refused on simulators and where the person has switched it off: the pool is filled in the foreground then.
        try? BGTaskScheduler.shared.submit(request)
    }
}
#endif
