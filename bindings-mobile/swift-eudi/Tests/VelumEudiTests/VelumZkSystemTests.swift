#if os(Linux) || os(macOS)
import Foundation
import MdocDataModel18013
import SwiftCBOR
import Testing
import Velum

@testable import VelumEudi

private let mdl = "org.iso.18013.5.1"
private let ageOver18 = ElementName(namespace: mdl, element: "age_over_18")

/// A licence with a name, a date of birth and `age_over_18`, signed by its device for a session.
private let licence: Case = {
    do { return try minted(TemporaryFolder()) } catch { fatalError("\(error)") }
}()

private let wallet = VelumWallet()
private let system = VelumZkSystem(wallet: wallet)
private let standard = system.systemSpecs[0]

/// Asks for a person of 18 or over, and not for the date of birth.
private let hiding = spec([
    "predicates": .stringParam("[{\"namespace\": \"\(mdl)\", \"element\": \"birth_date\", \"age_at_least\": 18}]")
])

private func spec(_ changed: ZkParams) -> ZkSystemSpec {
    var params = standard.params
    for (name, value) in changed { params[name] = value }
    return ZkSystemSpec(zkSystemId: "of the test", system: VelumZkSystem.name, params: params)
}

private func prove(_ spec: ZkSystemSpec, with system: VelumZkSystem = system, at time: Date = Date()) throws -> ZkDocument {
    try system.generateProof(
        zkSystemSpec: spec, docBytes: [UInt8](licence.document), x: nil, y: nil,
        sessionTranscriptBytes: [UInt8](licence.transcript), timestamp: time)
}

private func verify(_ document: ZkDocument, _ spec: ZkSystemSpec, in transcript: Data = licence.transcript) throws {
    try system.verifyProof(zkDocument: document, zkSystemSpec: spec, sessionTranscriptBytes: [UInt8](transcript))
}

extension ZkDocument {
    /// The same proof with another claim.
    fileprivate func claiming(
        _ value: CBOR?, for element: String, at time: Date? = nil, chain: [[UInt8]]?? = nil,
        deviceSigned: [String: [String: CBOR]] = [:]
    ) -> ZkDocument {
        var issuerSigned = documentData.issuerSigned
        issuerSigned[mdl]?[element] = value
        let data = ZkDocumentData(
            zkSystemSpecId: documentData.zkSystemSpecId, docType: documentData.docType,
            timestamp: time ?? documentData.timestamp, issuerSigned: issuerSigned, deviceSigned: deviceSigned,
            msoX5chain: chain ?? documentData.msoX5chain)
        return ZkDocument(documentData: data, proof: proof)
    }
}

/// The code of the library's error that the work throws, if it throws one.
private func code(_ work: () throws -> Void) -> ErrorCode? {
    do {
        try work()
        return nil
    } catch {
        return (error as? VelumError)?.code
    }
}

struct VelumZkSystemTests {
    @Test func whatTheDocumentHoldsIsRevealedAndProven() throws {
        let document = try prove(standard)
        let revealed = try #require(document.documentData.issuerSigned[mdl])
        #expect(revealed["family_name"] == .utf8String("Ndiaye"))
        #expect(revealed["birth_date"] == .tagged(CBOR.Tag(rawValue: 1004), .utf8String("1990-02-28")))
        #expect(revealed["age_over_18"] == .boolean(true))
        #expect(document.documentData.docType == docType)
        #expect(document.documentData.zkSystemSpecId == standard.id)
        #expect(document.documentData.msoX5chain?.isEmpty == false)
        try verify(document, standard)
        #expect(throws: VelumError.self) { try verify(document, standard, in: mustermann.transcript) }
    }

    @Test func whatThePredicatesNameStaysHidden() throws {
        let document = try prove(hiding)
        #expect(Set(try #require(document.documentData.issuerSigned[mdl]).keys) == ["family_name", "age_over_18"])
        try verify(document, hiding)
        // It is no answer to a spec that asks for nothing, or for more.
        let plain = spec([:])
        #expect(throws: VelumError.self) { try verify(document, plain) }
        let older = spec([
            "predicates": .stringParam("[{\"namespace\": \"\(mdl)\", \"element\": \"birth_date\", \"age_at_least\": 21}]")
        ])
        #expect(throws: VelumError.self) { try verify(document, older) }
        #expect(throws: VelumZkError.notProven(ElementName(namespace: mdl, element: "birth_date"))) {
            try verify(document.claiming(.utf8String("1990-02-28"), for: "birth_date"), hiding)
        }
    }

    @Test func aPredicateThatDoesNotHoldIsNotProven() throws {
        let older = spec([
            "predicates": .stringParam("[{\"namespace\": \"\(mdl)\", \"element\": \"birth_date\", \"age_at_least\": 80}]")
        ])
        #expect(code { _ = try prove(older) } == .predicate)
    }

    @Test func aClaimThatTheProofDoesNotShowIsRefused() throws {
        let document = try prove(standard)
        #expect(throws: VelumZkError.notProven(ageOver18)) {
            try verify(document.claiming(.boolean(false), for: "age_over_18"), standard)
        }
        // More and fewer elements than were proven.
        #expect(throws: VelumError.self) { try verify(document.claiming(.boolean(true), for: "age_over_21"), standard) }
        #expect(throws: VelumError.self) { try verify(document.claiming(nil, for: "age_over_18"), standard) }
        #expect(throws: VelumZkError.deviceSignedElements) {
            try verify(
                document.claiming(.boolean(true), for: "age_over_18", deviceSigned: [mdl: ["age_over_21": .boolean(true)]]),
                standard)
        }
    }

    @Test func aProofOfAnotherTimeIsRefused() throws {
        let document = try prove(standard)
        let late = Date(timeIntervalSinceNow: -301)
        #expect(throws: VelumZkError.notFresh(late)) {
            try verify(document.claiming(.boolean(true), for: "age_over_18", at: late), standard)
        }
        // The time is within the bounds, but it is not the time that was proven.
        let minute = Date(timeIntervalSinceNow: -60)
        #expect(throws: VelumError.self) {
            try verify(document.claiming(.boolean(true), for: "age_over_18", at: minute), standard)
        }
        let tomorrow = VelumZkSystem(wallet: wallet, now: { Date(timeIntervalSinceNow: 86_400) })
        #expect(throws: VelumZkError.notFresh(document.documentData.timestamp)) {
            try tomorrow.verifyProof(
                zkDocument: document, zkSystemSpec: standard, sessionTranscriptBytes: [UInt8](licence.transcript))
        }
        #expect(code { _ = try prove(standard, at: late) } == .clock)
    }

    @Test func anotherSignerIsRefused() throws {
        let document = try prove(standard)
        let chain = try SourceDocument([UInt8](mustermann.document)).certificates
        #expect(throws: VelumError.self) {
            try verify(document.claiming(.boolean(true), for: "age_over_18", chain: chain), standard)
        }
        #expect(throws: VelumZkError.noCertificate) {
            try verify(document.claiming(.boolean(true), for: "age_over_18", chain: .some(nil)), standard)
        }
    }

    @Test func specsAreMatchedByWhatThisBuildCanDo() throws {
        #expect(system.name == "velum-stark-v1")
        #expect(system.systemSpecs.map(\.system) == Array(repeating: system.name, count: 6))
        func match(_ specs: [ZkSystemSpec], _ elements: Int64) -> String? {
            system.getMatchingSystemSpec(zkSystemSpecs: specs, numAttributesRequested: elements)?.id
        }
        let all = system.systemSpecs
        #expect(match(all, 4) == all[0].id)
        #expect(match(all, 5) == all[1].id)
        #expect(match(all, 9) == nil)
        #expect(match(all.reversed(), 1) == all[5].id)
        let other = ZkSystemSpec(zkSystemId: "other", system: "longfellow-libzk-v1", params: [:])
        #expect(match([other, all[0]], 1) == all[0].id)
        for (name, value): (String, ZkParam) in [
            ("version", .intParam(2)), ("suite", .stringParam("none")), ("size_class", .stringParam("huge")),
            ("predicates", .stringParam("age")), ("predicates", .stringParam("[{}]")), ("predicates", .intParam(1)),
        ] {
            #expect(match([spec([name: value])], 1) == nil)
            #expect(throws: VelumZkError.unsupported(name)) { try prove(spec([name: value])) }
        }
        #expect(throws: VelumZkError.unsupported("longfellow-libzk-v1")) { try prove(other) }
        #expect(throws: VelumZkError.otherSpec(standard.id)) { try verify(prove(standard), all[1]) }
    }

    @Test func aSizeClassOfTheSpecIsKept() throws {
        let large = spec(["size_class": .stringParam("large")])
        let document = try prove(large)
        try verify(document, large)
        #expect(throws: VelumZkError.otherSizeClass) { try verify(document, spec([:])) }
    }

    @Test func aSuiteOfTheSpecIsKept() throws {
        let compact = spec(["suite": .stringParam("compact")])
        let document = try prove(compact)
        try verify(document, compact)
        #expect(code { try verify(document, spec([:])) } == .wrongVersion)
        let direct = try prove(spec([:]))
        #expect(document.proof.count < direct.proof.count)
    }

    @Test func aPoolIsFilledForTheRequest() async throws {
        let folder = try TemporaryFolder()
        let pool = try VelumPool(wallet: wallet, folder: folder.url, key: Data(repeating: 7, count: 32))
        let pooled = VelumZkSystem(wallet: wallet, pool: pool)
        let request = try pooled.request(zkSystemSpec: hiding, docBytes: [UInt8](licence.document), timestamp: Date())
        #expect(try await pool.fill(document: licence.document, request: request, wanted: 1) == 1)
        try verify(try prove(hiding, with: pooled), hiding)
        #expect(try await pool.count(document: licence.document, request: request) == 0)
    }

    @Test func moreCallersThanThreadsAreServed() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(2 * ProcessInfo.processInfo.activeProcessorCount + 1) {
                group.addTask { try verify(try prove(hiding), hiding) }
            }
            try await group.waitForAll()
        }
    }

    @Test func bytesThatAreNoDocumentAreRefused() {
        #expect(throws: VelumError.self) {
            try system.generateProof(
                zkSystemSpec: standard, docBytes: [0xa0], x: nil, y: nil, sessionTranscriptBytes: [], timestamp: Date())
        }
        // A document without the response around it.
        #expect(throws: VelumZkError.notOneDocument) {
            try system.generateProof(
                zkSystemSpec: standard, docBytes: [UInt8](licence.issued.document), x: nil, y: nil,
                sessionTranscriptBytes: [UInt8](licence.transcript), timestamp: Date())
        }
    }
}

struct ValuesTests {
    @Test(arguments: [
        (Value.text(text: "Müller"), CBOR.utf8String("Müller")),
        (.flag(holds: false), .boolean(false)),
        (.number(number: 175), .unsignedInt(175)),
        (.number(number: -1), .negativeInt(0)),
        (.number(number: .min), .negativeInt(UInt64(Int64.max))),
        (.bigNumber(decimal: "18446744073709551615"), .unsignedInt(.max)),
        (.bigNumber(decimal: "-18446744073709551616"), .negativeInt(.max)),
        (.bigNumber(decimal: "-9223372036854775809"), .negativeInt(1 << 63)),
        (.day(date: CalendarDate(year: 987, month: 2, day: 9)), .tagged(CBOR.Tag(rawValue: 1004), .utf8String("0987-02-09"))),
        (
            .moment(time: Date(timeIntervalSince1970: 0)),
            .tagged(.standardDateTimeString, .utf8String("1970-01-01T00:00:00Z"))
        ),
        (.cbor(cbor: Data([0x82, 0x01, 0x41, 0xff])), .array([.unsignedInt(1), .byteString([0xff])])),
    ])
    func aValueIsTheCBORThatItWas(_ value: Value, _ cbor: CBOR) throws {
        #expect(try CBOR(value) == cbor)
        #expect(try cbor.says(value))
        #expect(try !CBOR.utf8String("else").says(value))
    }

    @Test func aTimeMayBeWrittenInMoreThanOneWay() throws {
        let time = Value.moment(time: Date(timeIntervalSince1970: 0))
        #expect(try CBOR.tagged(.standardDateTimeString, .utf8String("1970-01-01T01:00:00+01:00")).says(time))
        #expect(try !CBOR.tagged(.standardDateTimeString, .utf8String("1970-01-01T01:00:00Z")).says(time))
    }

    @Test(arguments: ["", "-", "1x", "18446744073709551616", "-18446744073709551617"])
    func noNumberOfCBORIsRefused(_ decimal: String) {
        #expect(throws: VelumZkError.unreadableValue) { try CBOR(.bigNumber(decimal: decimal)) }
    }
}
#endif
