import Foundation
import Velum

/// The inputs from which prover and verifier each make the request. Both must come to the same request.
struct Question {
    let parameters: Parameters
    let docType: String
    /// In whole seconds, as it is transmitted.
    let timestamp: Date
    /// The signer's certificate in DER.
    let signer: [UInt8]
    let revealed: [ElementName]

    init(parameters: Parameters, docType: String, timestamp: Date, signer: [UInt8], revealed: [ElementName]) {
        self.parameters = parameters
        self.docType = docType
        self.timestamp = Date(timeIntervalSince1970: timestamp.timeIntervalSince1970.rounded(.down))
        self.signer = signer
        self.revealed = revealed.sorted { ($0.namespace, $0.element) < ($1.namespace, $1.element) }
    }

    /// The request as JSON: first the predicates of the spec in their order, then the revealed elements in the order of
    /// their names.
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

/// Formats a time in UTC and whole seconds.
func rfc3339(_ time: Date) -> String {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = .withInternetDateTime
    return formatter.string(from: time)
}
