import Foundation
import Velum

/// What an answer would reveal, in plain words, before the holder agrees.
public struct Consent: Equatable, Sendable {
    /// Who asks.
    public let asker: String
    /// What the asker learns.
    public let told: [String]
    /// What stays on the device.
    public let hidden: [String]
    /// What else the holder should know.
    public let warnings: [String]
    /// Why the answer would fail. Nil if it would not.
    public let problem: Failure?
    /// Whether the time of the request is so far from the clock that an answer could reveal dates of the document.
    public let isOffClock: Bool

    /// The difference in seconds within which the library answers by default.
    private static let tolerance: TimeInterval = 300

    init(_ question: Question, _ explanation: Explanation, now: Date) {
        asker = question.origin
        told = explanation.learnt.map(\.text)
        hidden = explanation.hidden.map { Self.words($0.element) }
        let failed = explanation.predicates.first { $0.problem != nil }
        problem = failed?.problem.map { problem in
            Failure(title: "This is not true of you", detail: problem.message, remedy: problem.remedy)
        }
        let time = explanation.learnt.lazy.compactMap { fact in
            if case .validAt(let time) = fact.learnt { time } else { nil }
        }.first
        isOffClock = time.map { abs($0.timeIntervalSince(now)) > Self.tolerance } ?? false
        warnings =
            explanation.notChecked
            + (isOffClock ? ["The question is about another time than now. An answer could reveal when your card is valid."] : [])
    }

    /// The name of an element for people: `birth_date` becomes "birth date".
    private static func words(_ element: String) -> String {
        element.replacingOccurrences(of: "_", with: " ")
    }
}
