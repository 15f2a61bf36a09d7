import Foundation
import Observation
import Velum
import VelumDemoSystem

/// The thermal state of a device, in the system's steps.
public enum Warmth: String, CaseIterable, Sendable {
    case nominal, fair, serious, critical, unknown

    /// The current thermal state.
    public static var now: Warmth {
        #if canImport(Darwin)
        switch ProcessInfo.processInfo.thermalState {
        case .nominal: .nominal
        case .fair: .fair
        case .serious: .serious
        case .critical: .critical
        @unknown default: .unknown
        }
        #else
        .unknown
        #endif
    }
}

/// The measurements of one proof.
public struct Sample: Identifiable, Equatable, Sendable {
    public let id: Int
    public let prepare: Duration
    public let present: Duration
    public let verify: Duration
    public let presentationBytes: Int
    /// The peak memory of the process. Nil if the system does not report it.
    public let peakBytes: Int?
    public let warmth: Warmth
}

/// Proves repeatedly, and measures each proof.
@MainActor @Observable
public final class Benchmark {
    public private(set) var samples: [Sample] = []
    public private(set) var isRunning = false
    public private(set) var trouble: Failure?

    private let wallet: VelumWallet
    private var work: Task<Void, Never>?

    public init(wallet: VelumWallet) {
        self.wallet = wallet
    }

    /// Measures this many proofs of a document. Its device has signed the document for the session, or signs now.
    public func run(
        document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil, runs: Int = 10
    ) {
        guard !isRunning else { return }
        (isRunning, samples, trouble) = (true, [], nil)
        work = Task {
            do {
                // The keys are made once, and do not count towards the time of a proof.
                try await wallet.makeKeys(sizeClass: .standard)
                for id in 1...max(1, runs) {
                    samples.append(try await measured(id, document, request, transcript, signer))
                }
            } catch is CancellationError {
            } catch {
                trouble = Failure(error)
            }
            isRunning = false
        }
    }

    public func stop() {
        work?.cancel()
    }

    /// The median of a time over all samples. Nil if there are none.
    public func median(_ time: KeyPath<Sample, Duration>) -> Duration? {
        let sorted = samples.map { $0[keyPath: time] }.sorted()
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    /// Waits until the run has ended.
    func finished() async {
        await work?.value
    }

    private func measured(
        _ id: Int, _ document: Data, _ request: Data, _ transcript: Data, _ signer: (any DeviceSigner)?
    ) async throws -> Sample {
        let began = ContinuousClock.now
        let proof = try await wallet.prepare(document: document, request: request)
        let prepared = ContinuousClock.now
        let presentation = try await wallet.present(
            prepared: proof, document: document, request: request, transcript: transcript, signer: signer, clock: .any)
        let presented = ContinuousClock.now
        _ = try await Velum.verify(presentation: presentation, transcript: transcript, request: request)
        return Sample(
            id: id, prepare: prepared - began, present: presented - prepared, verify: ContinuousClock.now - presented,
            presentationBytes: presentation.count, peakBytes: ProcessMemory.peakBytes, warmth: .now)
    }
}

extension Duration {
    /// The duration in milliseconds, for charts.
    public var milliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
    }
}
