import Foundation
import SwiftCBOR
import Velum

extension CBOR {
    /// The CBOR of an element's value.
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

    /// Whether this is the CBOR of a value that was proven. A time may be written in more than one way.
    func says(_ proven: Value) throws -> Bool {
        if case .moment(let time) = proven, case .tagged(.standardDateTimeString, .utf8String(let text)) = self {
            return ISO8601DateFormatter().date(from: text) == time
        }
        return try self == CBOR(proven)
    }

    /// RFC 8943.
    private static let fullDate = Tag(rawValue: 1004)

    /// An integer beyond 64 bits with a sign, which CBOR holds up to 64 bits and a sign.
    private static func bigNumber(_ decimal: String) throws -> CBOR {
        if let number = UInt64(decimal) { return .unsignedInt(number) }
        // -1 - n, of which only -2^64 does not fit when the minus is left out.
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
