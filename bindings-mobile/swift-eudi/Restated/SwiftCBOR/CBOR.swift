// The parts of SwiftCBOR that the adapter and its tests use (the fork at github.com/niscy-eudiw/SwiftCBOR, version
// 0.6.5): the names and shapes of its interface. The implementation is our own and for tests only. In the real library
// maps keep their order. Here they do not.

/// A CBOR item.
public indirect enum CBOR: Equatable, Hashable, Sendable {
    case unsignedInt(UInt64)
    case negativeInt(UInt64)
    case byteString([UInt8])
    case utf8String(String)
    case array([CBOR])
    case map([CBOR: CBOR])
    case tagged(Tag, CBOR)
    case boolean(Bool)
    case null

    public struct Tag: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt64

        public init(rawValue: UInt64) {
            self.rawValue = rawValue
        }

        public static let standardDateTimeString = Tag(rawValue: 0)
        public static let encodedCBORDataItem = Tag(rawValue: 24)
    }

    /// The value under a key, if this item is a map.
    public subscript(key: CBOR) -> CBOR? {
        if case .map(let entries) = self { entries[key] } else { nil }
    }

    public static func decode(_ input: [UInt8]) throws -> CBOR? {
        var reader = Reader(rest: input[...])
        return try reader.item()
    }
}

private struct Unreadable: Error {}

private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func item() throws -> CBOR {
        let first = try bytes(1)[0]
        let (major, low) = (first >> 5, first & 31)
        if major == 7 {
            switch low {
            case 20: return .boolean(false)
            case 21: return .boolean(true)
            case 22: return .null
            default: throw Unreadable()
            }
        }
        let argument = try argument(low)
        switch major {
        case 0: return .unsignedInt(argument)
        case 1: return .negativeInt(argument)
        case 2: return .byteString(try bytes(argument))
        case 3: return .utf8String(String(decoding: try bytes(argument), as: UTF8.self))
        case 4:
            var items: [CBOR] = []
            for _ in 0..<argument { items.append(try item()) }
            return .array(items)
        case 5:
            var entries: [CBOR: CBOR] = [:]
            for _ in 0..<argument {
                let key = try item()
                entries[key] = try item()
            }
            return .map(entries)
        default: return .tagged(CBOR.Tag(rawValue: argument), try item())
        }
    }

    private mutating func argument(_ low: UInt8) throws -> UInt64 {
        switch low {
        case 0..<24: return UInt64(low)
        case 24...27: return try bytes(1 << UInt64(low - 24)).reduce(0) { $0 << 8 | UInt64($1) }
        default: throw Unreadable()
        }
    }

    private mutating func bytes(_ count: UInt64) throws -> [UInt8] {
        guard count <= rest.count else { throw Unreadable() }
        defer { rest = rest.dropFirst(Int(count)) }
        return Array(rest.prefix(Int(count)))
    }
}
