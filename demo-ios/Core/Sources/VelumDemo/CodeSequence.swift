import Foundation

/// What a sequence of QR codes carries.
public enum MessageKind: String, Sendable {
    case question = "Q"
    case answer = "A"
}

/// A message as the texts of QR codes: see docs/hand-off.md.
public struct CodeSequence: Equatable, Sendable {
    public static let mostParts = 4096
    public static let mostBytes = 4 << 20

    /// The text of each code, to be shown in a loop.
    public let texts: [String]

    /// - Parameter partBytes: The number of bytes in a code. Codes with more bytes are harder to read.
    public init(_ kind: MessageKind, _ message: Data, partBytes: Int = 900) throws {
        let size = max(1, partBytes)
        let count = (message.count + size - 1) / size
        guard (1...Self.mostParts).contains(count), message.count <= Self.mostBytes else {
            throw Failure(title: "Too large for codes", detail: "\(message.count) bytes do not fit into a sequence of codes.")
        }
        let checksum = CodeReader.hexadecimal(crc32(message))
        texts = (0..<count).map { index in
            let part = message.dropFirst(index * size).prefix(size)
            return "VELUM:1:\(kind.rawValue):\(index + 1):\(count):\(checksum):\(Base45.encode(Data(part)))"
        }
    }
}

/// Assembles a message from codes that are read in any order.
public struct CodeReader: Sendable {
    /// The progress of reading.
    public enum State: Equatable, Sendable {
        /// More parts are needed.
        case reading(have: Int, of: Int)
        /// The message.
        case done(MessageKind, Data)
        /// The code does not belong to a sequence. What was read before is kept.
        case notOurs
        /// All parts were there, but they did not fit together. The reader starts anew.
        case damaged
    }

    private struct Message: Equatable {
        let kind: MessageKind
        let count: Int
        let checksum: String
    }

    private var message: Message?
    private var parts: [Int: Data] = [:]
    private var bytes = 0

    public init() {}

    /// Reads the text of a code.
    public mutating func read(_ text: String) -> State {
        let fields = text.split(separator: ":", maxSplits: 6, omittingEmptySubsequences: false)
        guard fields.count == 7, fields[0] == "VELUM", fields[1] == "1", let kind = MessageKind(rawValue: String(fields[2])),
            let index = Self.number(fields[3]), let count = Self.number(fields[4]), (1...CodeSequence.mostParts).contains(count),
            (1...count).contains(index), Self.isChecksum(fields[5]), let part = Base45.decode(fields[6]), !part.isEmpty
        else { return .notOurs }
        let message = Message(kind: kind, count: count, checksum: String(fields[5]))
        if message != self.message {
            self = CodeReader()
            self.message = message
        }
        if parts[index] == nil {
            bytes += part.count
            parts[index] = part
        }
        guard bytes <= CodeSequence.mostBytes else {
            self = CodeReader()
            return .damaged
        }
        guard parts.count == count else { return .reading(have: parts.count, of: count) }
        let whole = (1...count).reduce(into: Data()) { $0 += parts[$1] ?? Data() }
        self = CodeReader()
        return Self.hexadecimal(crc32(whole)) == message.checksum ? .done(kind, whole) : .damaged
    }

    /// Parses a decimal number without leading zeros.
    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.count <= 4, let first = text.utf8.first, (0x31...0x39).contains(first) else { return nil }
        return Int(text)
    }

    /// Whether the text is eight upper-case hexadecimal digits.
    private static func isChecksum(_ text: Substring) -> Bool {
        text.utf8.count == 8 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }
    }

    static func hexadecimal(_ checksum: UInt32) -> String {
        let digits = String(checksum, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
