import Foundation
import Testing

@testable import VelumDemo

struct Base45Tests {
    /// The examples of RFC 9285, section 4.3.
    @Test(arguments: [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0"), ("", "")])
    func bytesAreTextAndBack(_ bytes: String, _ text: String) {
        #expect(Base45.encode(Data(bytes.utf8)) == text)
        #expect(Base45.decode(text) == Data(bytes.utf8))
    }

    @Test(arguments: ["A", "GGW", "::::", "ZZ", "ab8", "é00"])
    func whatIsNoBase45IsRefused(_ text: String) {
        #expect(Base45.decode(text) == nil)
    }

    /// The check value of CRC-32.
    @Test func aChecksumIsThatOfZlib() {
        #expect(crc32(Data("123456789".utf8)) == 0xcbf4_3926)
    }
}

struct CodeSequenceTests {
    private let message = Data((0..<2500).map { UInt8(truncatingIfNeeded: $0 &* 31) })

    private func read(_ texts: [String], _ reader: inout CodeReader) -> [CodeReader.State] {
        texts.map { reader.read($0) }
    }

    @Test func partsAreReadInAnyOrderAndMoreThanOnce() throws {
        let texts = try CodeSequence(.answer, message).texts
        #expect(texts.count == 3)
        var reader = CodeReader()
        let states = read([texts[2], texts[0], texts[2], texts[1]], &reader)
        let expected: [CodeReader.State] = [
            .reading(have: 1, of: 3), .reading(have: 2, of: 3), .reading(have: 2, of: 3), .done(.answer, message),
        ]
        #expect(states == expected)
    }

    @Test func codesAreOfTheAlphanumericModeAndSmallEnough() throws {
        let allowed = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
        for text in try CodeSequence(.question, message).texts {
            #expect(text.allSatisfy(allowed.contains))
            // The capacity of a code of version 22 at error correction level L.
            #expect(text.count <= 1460)
        }
    }

    @Test func partsOfAnotherMessageBeginAnew() throws {
        let (one, other) = (try CodeSequence(.answer, message).texts, try CodeSequence(.answer, message + Data([1])).texts)
        let kind = try CodeSequence(.question, message).texts
        var reader = CodeReader()
        let states = read([one[0], other[1], kind[1], kind[0], kind[2]], &reader)
        let expected: [CodeReader.State] = [
            .reading(have: 1, of: 3), .reading(have: 1, of: 3), .reading(have: 1, of: 3), .reading(have: 2, of: 3),
            .done(.question, message),
        ]
        #expect(states == expected)
    }

    @Test func aPartThatWasChangedIsSeenAtTheEnd() throws {
        var texts = try CodeSequence(.answer, message).texts
        texts[1] = String(texts[1].dropLast(3)) + "000"
        var reader = CodeReader()
        let states = read(texts, &reader)
        #expect(states.last == .damaged)
        let good = try CodeSequence(.answer, message).texts
        let again = read(good, &reader)
        #expect(again.last == .done(.answer, message))
    }

    @Test(arguments: [
        "", "VELUM", "https://example.org", "VELUM:2:A:1:1:00000000:BB8", "VELUM:1:B:1:1:00000000:BB8",
        "VELUM:1:A:0:1:00000000:BB8", "VELUM:1:A:2:1:00000000:BB8", "VELUM:1:A:01:1:00000000:BB8",
        "VELUM:1:A:1:5000:00000000:BB8", "VELUM:1:A:+1:1:00000000:BB8",
        "VELUM:1:A:1:1:0000000:BB8", "VELUM:1:A:1:1:00000000:", "VELUM:1:A:1:1:00000000:b",
    ])
    func otherCodesLeaveWhatWasRead(_ text: String) throws {
        let texts = try CodeSequence(.answer, message).texts
        var reader = CodeReader()
        let states = read([texts[0], text, texts[1]], &reader)
        let expected: [CodeReader.State] = [.reading(have: 1, of: 3), .notOurs, .reading(have: 2, of: 3)]
        #expect(states == expected)
    }

    @Test func whatIsTooLargeIsRefused() {
        #expect(throws: Failure.self) { try CodeSequence(.answer, Data()) }
        #expect(throws: Failure.self) { try CodeSequence(.answer, Data(count: 4097), partBytes: 1) }
    }
}

struct QuestionTests {
    private let question = Question(
        origin: "https://verifier.example", nonce: Data(0..<32),
        request: Data(#"{"doc_type":"d","now":"2026-01-01T00:00:00Z"}"#.utf8))

    @Test func aQuestionTravels() throws {
        #expect(try Question(message: question.message) == question)
    }

    /// Computed independently: SHA-256 of CBOR([origin, nonce, null]).
    @Test func theTranscriptIsThatOfOpenID() throws {
        let expected =
            "83f6f682764f70656e4944345650444341504948616e646f76657258206d6e9f5b5a8cf3956ad82c2d71c9815c352d12631d83b2532997a213f2b8902b"
        #expect(try question.transcript(sha256).hexadecimal == expected)
        let long = Question(origin: String(repeating: "a", count: 300), nonce: Data(0..<32), request: Data("{}".utf8))
        #expect(try long.transcript(sha256).count == 61)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"origin":"","nonce":"AAAAAAAAAAAAAAAAAAAAAA","request":{}}"#,
        #"{"origin":"a","nonce":"AAAA","request":{}}"#, #"{"origin":"a","nonce":"AAAAAAAAAAAAAAAAAAAAA=","request":{}}"#,
        #"{"origin":"a","nonce":"AAAAAAAAAAAAAAAAAAAAAA","request":[]}"#,
        #"{"origin":"a","nonce":"AAAAAAAAAAAAAAAAAAAAAA","request":{},"more":1}"#,
    ])
    func whatIsNoQuestionIsRefused(_ message: String) {
        #expect(throws: Failure.notAQuestion) { try Question(message: Data(message.utf8)) }
    }
}

/// How all demos must treat messages.
struct VectorTests {
    private struct Vectors: Decodable {
        struct Base45: Decodable { let bytes, text: String }
        struct Checksum: Decodable { let bytes, checksum: String }
        struct Sequence: Decodable {
            let kind, message: String
            let partBytes: Int
            let texts: [String]
        }
        struct Question: Decodable { let message, origin, nonce, transcript: String }

        let base45: [Base45]
        let noBase45: [String]
        let checksums: [Checksum]
        let sequences: [Sequence]
        let noCodes: [String]
        let questions: [Question]
        let noQuestions: [String]
    }

    private let vectors: Vectors

    init() throws {
        let folder = URL(fileURLWithPath: variable("VELUM_TESTDATA")).appendingPathComponent("hand-off")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        vectors = try decoder.decode(Vectors.self, from: contents(folder, "vectors.json"))
    }

    @Test func textsAndChecksums() {
        for vector in vectors.base45 { #expect(Base45.decode(vector.text)?.hexadecimal == vector.bytes) }
        for text in vectors.noBase45 { #expect(Base45.decode(text) == nil, "\(text)") }
        for vector in vectors.checksums {
            #expect(CodeReader.hexadecimal(crc32(Data(hexadecimal: vector.bytes))) == vector.checksum)
        }
    }

    @Test func codes() throws {
        for vector in vectors.sequences {
            let kind: MessageKind = vector.kind == "question" ? .question : .answer
            let message = Data(hexadecimal: vector.message)
            #expect(try CodeSequence(kind, message, partBytes: vector.partBytes).texts == vector.texts)
            var reader = CodeReader()
            let states = vector.texts.reversed().map { reader.read($0) }
            #expect(states.last == .done(kind, message))
        }
        for text in vectors.noCodes {
            var reader = CodeReader()
            let state = reader.read(text)
            #expect(state == .notOurs, "\(text)")
        }
    }

    @Test func questions() throws {
        for vector in vectors.questions {
            let question = try Question(message: Data(vector.message.utf8))
            #expect(question.origin == vector.origin)
            #expect(question.nonce.hexadecimal == vector.nonce)
            #expect(try question.transcript(sha256).hexadecimal == vector.transcript)
        }
        for text in vectors.noQuestions {
            #expect(throws: Failure.notAQuestion, "\(text)") { try Question(message: Data(text.utf8)) }
        }
    }
}
