import Foundation

/// A function that computes SHA-256. On a phone it is the system's own.
public typealias SHA256Function = @Sendable (Data) throws -> Data

/// The question of a verifier, as it is transmitted: see docs/hand-off.md.
public struct Question: Equatable, Sendable {
    /// Who asks.
    public let origin: String
    /// Fresh for each session.
    public let nonce: Data
    /// The request as JSON.
    public let request: Data

    public init(origin: String, nonce: Data, request: Data) {
        self.origin = origin
        self.nonce = nonce
        self.request = request
    }

    /// Creates a question for a new session.
    public static func new(origin: String, request: Data) -> Question {
        var random = SystemRandomNumberGenerator()
        let nonce = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
        return Question(origin: origin, nonce: nonce, request: request)
    }

    /// Reads a question from a file or a sequence of codes.
    public init(message: Data) throws {
        guard message.count <= 1 << 17, let object = try? JSONSerialization.jsonObject(with: message) as? [String: Any],
            Set(object.keys) == ["origin", "nonce", "request"]
        else { throw Failure.notAQuestion }
        guard let origin = object["origin"] as? String, !origin.isEmpty, let text = object["nonce"] as? String,
            let nonce = Data(base64URL: text), (16...64).contains(nonce.count), let request = object["request"] as? [String: Any]
        else { throw Failure.notAQuestion }
        self.origin = origin
        self.nonce = nonce
        self.request = try JSONSerialization.data(withJSONObject: request, options: .sortedKeys)
    }

    /// The bytes that are transmitted.
    public var message: Data {
        get throws {
            let object: [String: Any] = [
                "origin": origin, "nonce": nonce.base64URL, "request": try JSONSerialization.jsonObject(with: request),
            ]
            return try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
        }
    }

    /// The `SessionTranscript` to which an answer is bound. The verifier and the wallet compute it independently.
    public func transcript(_ sha256: SHA256Function) throws -> Data {
        let info = Data([0x83]) + Self.text(origin) + Self.text(nonce.base64URL) + Data([0xf6])
        let digest = try sha256(info)
        guard digest.count == 32 else { throw Failure.unexpected("a SHA-256 of \(digest.count) bytes") }
        return Data([0x83, 0xf6, 0xf6, 0x82]) + Self.text("OpenID4VPDCAPIHandover") + Data([0x58, 0x20]) + digest
    }

    /// Encodes a CBOR text string.
    private static func text(_ text: String) -> Data {
        let bytes = Data(text.utf8)
        let head: [UInt8]
        switch bytes.count {
        case 0..<24: head = [0x60 | UInt8(bytes.count)]
        case 24..<256: head = [0x78, UInt8(bytes.count)]
        case 256..<65_536: head = [0x79, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
        default:
            let count = UInt32(clamping: bytes.count)
            head = [0x7a] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        }
        return Data(head) + bytes
    }
}

extension Data {
    /// The bytes as base64url without padding (RFC 4648).
    var base64URL: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    init?(base64URL text: String) {
        let allowed = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "-_".unicodeScalars.contains(scalar))
        }
        guard allowed else { return nil }
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - standard.count % 4) % 4))
        // The unused bits of the last character must be zero. Another text would give another transcript here than at
        // the verifier.
        guard base64URL == text else { return nil }
    }
}
