import Foundation
import Observation
import Velum

/// The verifier. It asks, and judges answers against the question that it kept.
@MainActor @Observable
public final class VerifierModel {
    public enum State: Equatable, Sendable {
        case idle
        /// The question is to be shown.
        case asking(Question)
        case judging
        /// What was learnt, in words.
        case accepted([String])
        case refused(Failure)
    }

    public private(set) var state = State.idle
    public var ask = Ask.usual

    private let origin: String
    private let root: String
    private let sha256: SHA256Function
    private let now: @Sendable () -> Date
    private var asked: Question?

    /// - Parameters:
    ///   - origin: The name of the asker that the holder is shown.
    ///   - root: The certificate of the trusted issuing authority, in PEM.
    public init(
        origin: String, root: String, sha256: @escaping SHA256Function, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.origin = origin
        self.root = root
        self.sha256 = sha256
        self.now = now
    }

    /// Asks again, in a new session.
    public func askNow() {
        do {
            let question = Question.new(origin: origin, request: try ask.request(trusting: root, at: now()))
            asked = question
            state = .asking(question)
        } catch {
            asked = nil
            state = .refused(Failure(error))
        }
    }

    /// Judges an answer. The session ends with the answer that is accepted.
    public func judge(_ presentation: Data) async {
        guard let question = asked else {
            state = .refused(Failure.noQuestion)
            return
        }
        state = .judging
        do {
            let verified = try await Velum.verify(
                presentation: presentation, transcript: try question.transcript(sha256), request: question.request)
            guard asked == question else { return }
            asked = nil
            state = .accepted(verified.learnt.map(\.text))
        } catch {
            guard asked == question else { return }
            state = .refused(Failure(error))
        }
    }

    public func reset() {
        asked = nil
        state = .idle
    }
}
