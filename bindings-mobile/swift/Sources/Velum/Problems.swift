import Foundation

extension VelumError {
    /// What went wrong.
    public var problem: Problem {
        switch self {
        case .Unreadable(let problem), .Refused(let problem), .Cancelled(let problem), .Signer(let problem),
            .Pool(let problem), .Market(let problem, _, _), .Internal(let problem):
            problem
        }
    }

    /// The code of what went wrong.
    public var code: ErrorCode { problem.code }
}

extension VelumError: LocalizedError {
    /// A description of this particular failure (English).
    public var errorDescription: String? { problem.message }

    /// What to do about it, or nil if nothing can be done (English).
    public var recoverySuggestion: String? { problem.remedy }
}
