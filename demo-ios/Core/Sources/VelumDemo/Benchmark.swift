import Foundation
import Observation
import Velum
import VelumDemoSystem

/// How warm a device is, in the system's steps.
public enum Warmth: String, CaseIterable, Sendable {
    case nominal, fair, serious, critical, unknown

    /// As it is now.
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

/// One proof, measured.
public struct Sample: Identifiable, Equatable, Sendable {
    public let id: Int
    public let prepare: Duration
    public let present: Duration
    public let verify: Duration
    public let presentationBytes: Int
    /// The most memory that the process has held; nil where the system does not tell.
    public let peakBytes: Int?
    public let warmth: Warmth
}

/// Proves again and again, and measures.
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

    /// Measures so many proofs of a document that its device has signed for the session, or signs now.
    public func run(
        document: Data, request: Data, transcript: Data, signer: (any DeviceSigner)? = nil, runs: Int = 10
    ) {
        guard !isRunning else { return }
        (isRunning, samples, trouble) = (true, [], nil)
        work = Task {
            do {
                // Keys are made once, and are no part of a proof's time.
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

    /// The middle of a time over all samples; nil without any.
    public func median(_ time: KeyPath<Sample, Duration>) -> Duration? {
        let sorted = samples.map { $0[keyPath: time] }.sorted()
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    /// Waits for the end of the run.
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
    /// Milliseconds, for charts.
    public var milliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
    }
}
