import Foundation
import Testing

@testable import Velum

@Suite(.serialized)
struct CancellationTests {
    @Test func workStopsInTheMiddleWhenItsTaskIsCancelled() async throws {
        let wallet = VelumWallet()
        try await wallet.makeKeys(sizeClass: .standard)
        let begun = Signal()
        let heard = Counter()
        let task = Task {
            var isDone = false
            for try await work in wallet.preparing(document: mustermann.document, request: mustermann.request) {
                if case .done = work { isDone = true }
                if heard.increase() == 3 { begun.send() }
            }
            return isDone
        }
        await begun.wait()
        task.cancel()
        #expect(try await task.value == false)
        // The next call waits until the work of the previous call has ended. The time that it takes is the time in
        // which that work stopped.
        let rest = heard.value
        let asked = ContinuousClock.now
        try await wallet.makeKeys(sizeClass: .standard)
        #expect(ContinuousClock.now - asked < .seconds(5))
        #expect(heard.value == rest)
    }

    @Test func noStageBeginsOnceTheTaskIsCancelled() async throws {
        let wallet = VelumWallet()
        try await wallet.makeKeys(sizeClass: .standard)
        let (listener, begin) = (Stopping(after: 3), Signal())
        let task = Task {
            await begin.wait()
            return try await cancelling { cancellation in
                let options = PrepareOptions(cancellation: cancellation, progress: listener)
                return try await wallet.native.prepare(
                    document: mustermann.document, request: mustermann.request, options: options)
            }
        }
        listener.stop = { task.cancel() }
        begin.send()
        await #expect(throws: CancellationError.self) { try await task.value }
        // Waits until the work of the previous call has ended.
        try await wallet.makeKeys(sizeClass: .standard)
        #expect(listener.heard == 3)
    }

    @Test func aCallEndsWithTheErrorOfSwiftWhenItsTaskIsCancelled() async throws {
        let wallet = VelumWallet()
        try await wallet.makeKeys(sizeClass: .standard)
        let task = Task { try await wallet.prepare(document: mustermann.document, request: mustermann.request) }
        try await Task.sleep(for: .milliseconds(20))
        let asked = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - asked < .seconds(5))
    }

    @Test func aTaskThatIsCancelledBeforeBeginsNothing() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        let verifying = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Velum.verify(presentation: Data(), transcript: Data(), request: Data())
        }
        await #expect(throws: CancellationError.self) { try await verifying.value }
    }

    @Test func whoLeavesAStreamStopsItsWork() async throws {
        let wallet = VelumWallet()
        try await wallet.makeKeys(sizeClass: .standard)
        for try await _ in wallet.preparing(document: mustermann.document, request: mustermann.request) { break }
        let asked = ContinuousClock.now
        try await wallet.makeKeys(sizeClass: .standard)
        #expect(ContinuousClock.now - asked < .seconds(5))
    }

    @Test func aSignerThatWaitsForAPersonIsLeft() async throws {
        let (asked, left) = (Signal(), Signal())
        let signer = TestSigner(try .ofDoe()) { _ in
            asked.send()
            defer { left.send() }
            try await Task.sleep(for: .seconds(600))
            return Data()
        }
        let prepared = try await wallet.prepare(document: doe.document, request: doe.request)
        let task = Task { try await wallet.present(prepared, doe.inSession(of: mustermann), signer) }
        await asked.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await left.wait()
        #expect(!prepared.isUsed())
    }
}

/// Stops the work from within a report, before the work continues.
private final class Stopping: ProgressListener, @unchecked Sendable {
    // Set before the work begins.
    var stop: @Sendable () -> Void = {}

    private let last: Int
    private let count = Counter()

    init(after last: Int) {
        self.last = last
    }

    var heard: Int { count.value }

    func onProgress(stage: Stage, fraction: Double) {
        if count.increase() == last { stop() }
    }
}

/// Something that happens once and that others wait for.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func send() {
        continuation.yield()
        continuation.finish()
    }

    func wait() async {
        for await _ in stream { return }
    }
}
