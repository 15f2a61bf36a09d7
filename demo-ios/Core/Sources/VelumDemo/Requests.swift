import Foundation

/// What the demo's verifier can ask of a driving licence.
public struct Ask: Equatable, Sendable {
    public enum Age: Int, CaseIterable, Sendable {
        case sixteen = 16
        case eighteen = 18
        case twentyOne = 21
        case sixtyFive = 65
    }

    /// The minimum age, if the question asks for it. The date of birth stays hidden.
    public var age: Age?
    /// Whether to show the family name.
    public var showsName: Bool

    public init(age: Age? = .eighteen, showsName: Bool = false) {
        self.age = age
        self.showsName = showsName
    }

    /// The most common question. Answers are prepared for it.
    public static let usual = Ask()

    /// The request as JSON.
    ///
    /// - Parameters:
    ///   - root: The certificate of the trusted issuing authority, in PEM.
    ///   - time: The time at which the document must be valid.
    public func request(trusting root: String, at time: Date) throws -> Data {
        var predicates: [[String: Any]] = []
        if let age {
            predicates.append(["namespace": Self.namespace, "element": "birth_date", "age_at_least": age.rawValue])
        }
        if showsName {
            predicates.append(["namespace": Self.namespace, "element": "family_name", "disclose": true])
        }
        guard !predicates.isEmpty else {
            throw Failure(title: "Nothing to ask", detail: "Choose what the holder should show.")
        }
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = .withInternetDateTime
        let request: [String: Any] = [
            "doc_type": Self.docType, "now": formatter.string(from: time), "issuers": [["x509_pem": root]],
            "predicates": predicates,
        ]
        return try JSONSerialization.data(withJSONObject: request, options: .sortedKeys)
    }

    private static let docType = "org.iso.18013.5.1.mDL"
    private static let namespace = "org.iso.18013.5.1"
}
