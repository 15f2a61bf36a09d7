import Foundation
import Velum

/// What prover and verifier each make a request from, which must come out the same.
struct Question {
    let parameters: Parameters
    let docType: String
    /// In whole seconds, as it travels.
    let timestamp: Date
    /// The certificate of the signer, in DER.
    let signer: [UInt8]
    let revealed: [ElementName]

    init(parameters: Parameters, docType: String, timestamp: Date, signer: [UInt8], revealed: [ElementName]) {
        self.parameters = parameters
        self.docType = docType
        self.timestamp = Date(timeIntervalSince1970: timestamp.timeIntervalSince1970.rounded(.down))
        self.signer = signer
        self.revealed = revealed.sorted { ($0.namespace, $0.element) < ($1.namespace, $1.element) }
    }

    /// The request as JSON: what the spec asks in its order, then what is revealed in the order of names.
    var request: Data {
        get throws {
            var predicates = try parameters.predicates.map { try JSONSerialization.jsonObject(with: $0.json) }
            for name in revealed {
                predicates.append(["namespace": name.namespace, "element": name.element, "disclose": true])
            }
            let issuer = ["x509_pem": pem]
            let request: [String: Any] = [
                "doc_type": docType, "now": rfc3339(timestamp), "issuers": [issuer], "predicates": predicates,
            ]
            return try JSONSerialization.data(withJSONObject: request, options: .sortedKeys)
        }
    }

    private var pem: String {
        let body = Data(signer).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n"
    }
}

/// A time in UTC and whole seconds.
func rfc3339(_ time: Date) -> String {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = .withInternetDateTime
    return formatter.string(from: time)
}
