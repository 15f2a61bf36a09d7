import Velum

/// What went wrong, in words for a person.
public struct Failure: Error, Equatable, Sendable {
    /// What happened.
    public let title: String
    /// More about it.
    public let detail: String
    /// What to do about it, or nil if nothing can be done.
    public let remedy: String?

    public init(title: String, detail: String, remedy: String? = nil) {
        self.title = title
        self.detail = detail
        self.remedy = remedy
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure:
            self = failure
        case let error as VelumError:
            self.init(title: Self.title(error), detail: error.problem.message, remedy: error.problem.remedy)
        default:
            self = .unexpected("\(error)")
        }
    }

    static let notAQuestion = Failure(title: "This is not a question", detail: "It is not a verifier's question in this format.")
    static let noCard = Failure(title: "No card for this", detail: "The wallet has no document of the type that is asked for.")
    static let noQuestion = Failure(
        title: "Nothing was asked", detail: "Ask a question first. An answer is worth nothing without its question.")

    static func unexpected(_ detail: String) -> Failure {
        Failure(title: "Something failed", detail: detail)
    }

    private static func title(_ error: VelumError) -> String {
        switch error {
        case .Unreadable: "This cannot be read"
        case .Refused: "This cannot be answered"
        case .Cancelled: "Cancelled"
        case .Signer: "The device did not sign"
        case .Pool: "The store of prepared answers failed"
        case .Market: "The market did not accept it"
        case .Internal: "Something failed"
        }
    }
}
