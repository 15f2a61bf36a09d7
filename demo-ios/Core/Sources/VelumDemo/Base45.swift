import Foundation

/// Base45 (RFC 9285): bytes in the characters of QR's alphanumeric mode.
enum Base45 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    private static let digits: [UInt8: Int] = Dictionary(uniqueKeysWithValues: zip(alphabet, 0...))

    static func encode(_ data: Data) -> String {
        let bytes = [UInt8](data)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 3 / 2 + 2)
        for at in stride(from: 0, to: bytes.count, by: 2) {
            let isPair = at + 1 < bytes.count
            var number = isPair ? Int(bytes[at]) << 8 | Int(bytes[at + 1]) : Int(bytes[at])
            for _ in 0..<(isPair ? 3 : 2) {
                text.append(alphabet[number % 45])
                number /= 45
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes a text. Nil if the text is not base45.
    static func decode(_ text: some StringProtocol) -> Data? {
        let characters = Array(text.utf8)
        guard characters.count % 3 != 1 else { return nil }
        var bytes = Data(capacity: characters.count * 2 / 3 + 1)
        for at in stride(from: 0, to: characters.count, by: 3) {
            let group = characters[at..<min(at + 3, characters.count)]
            var number = 0
            for character in group.reversed() {
                guard let digit = digits[character] else { return nil }
                number = number * 45 + digit
            }
            if group.count == 3 {
                guard number <= 0xffff else { return nil }
                bytes.append(UInt8(number >> 8))
            } else if number > 0xff {
                return nil
            }
            bytes.append(UInt8(number & 0xff))
        }
        return bytes
    }
}

/// CRC-32 with the polynomial of IEEE 802.3, as in zlib.
func crc32(_ data: Data) -> UInt32 {
    ~data.reduce(~0) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
}
