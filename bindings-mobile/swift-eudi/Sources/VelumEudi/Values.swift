import Foundation
import SwiftCBOR
import Velum

extension CBOR {
    /// Encodes the value of an element.
    init(_ value: Value) throws {
        switch value {
        case .text(let text): self = .utf8String(text)
        case .flag(let holds): self = .boolean(holds)
        case .number(let number): self = number < 0 ? .negativeInt(UInt64(-1 - number)) : .unsignedInt(UInt64(number))
        case .bigNumber(let decimal): self = try Self.bigNumber(decimal)
        case .day(let date): self = .tagged(Self.fullDate, .utf8String(Self.text(date)))
        case .moment(let time): self = .tagged(.standardDateTimeString, .utf8String(rfc3339(time)))
        case .cbor(let cbor):
            guard let item = try CBOR.decode([UInt8](cbor)) else { throw VelumZkError.unreadableValue }
            self = item
        }
    }

    /// Whether this CBOR encodes a value that was proven. A time may be written in more than one way.
    func says(_ proven: Value) throws -> Bool {
        if case .moment(let time) = proven, case .tagged(.standardDateTimeString, .utf8String(let text)) = self {
            return ISO8601DateFormatter().date(from: text) == time
        }
        return try self == CBOR(proven)
    }

    /// The tag of a full date (RFC 8943).
    private static let fullDate = Tag(rawValue: 1004)

    /// Encodes an integer that does not fit into a signed integer of 64 bits. CBOR holds 64 bits and a separate sign.
    private static func bigNumber(_ decimal: String) throws -> CBOR {
        if let number = UInt64(decimal) { return .unsignedInt(number) }
        // CBOR stores -1 - n. Of all negative numbers that CBOR holds, only -2^64 does not fit into `UInt64` without
        // its minus sign.
        let digits = decimal.dropFirst()
        if digits == "18446744073709551616" { return .negativeInt(.max) }
        guard decimal.hasPrefix("-"), let number = UInt64(digits), number > 0 else { throw VelumZkError.unreadableValue }
        return .negativeInt(number - 1)
    }

    private static func text(_ date: CalendarDate) -> String {
        func padded(_ number: Int32, to length: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, length - digits.count)) + digits
        }
        return "\(padded(date.year, to: 4))-\(padded(date.month, to: 2))-\(padded(date.day, to: 2))"
    }
}
