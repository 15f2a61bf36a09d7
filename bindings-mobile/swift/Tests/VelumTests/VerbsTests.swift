import Foundation
import Testing
import Velum

let wallet = VelumWallet()

struct VerbsTests {
    @Test func aHolderPreparesAndPresentsAndAVerifierLearns() async throws {
        let explanation = try Velum.explain(document: mustermann.document, request: mustermann.request)
        #expect(explanation.predicates.allSatisfy { $0.problem == nil })

        let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        #expect(prepared.sizeClass() == .standard)
        #expect(prepared.suite() == .direct)
        #expect(prepared.docType() == docType)
        let presentation = try await wallet.present(prepared, mustermann)
        #expect(prepared.isUsed())

        let verified = try await Velum.verify(
            presentation: presentation, transcript: mustermann.transcript, request: mustermann.request)
        #expect(verified.learnt.contains { $0.learnt == .ofType(docType: docType) })
        let name = ElementName(namespace: "org.iso.18013.5.1", element: "family_name")
        let holds = Learnt.holds(name: name, condition: .equalTo(value: .text(text: "Mustermann")), value: nil)
        #expect(verified.learnt.contains { $0.learnt == holds })
    }

    @Test func eachSuiteProvesWithLittleMemoryToo() async throws {
        for suite in [Suite.direct, .compact] {
            let prepared = try await wallet.prepare(
                document: mustermann.document, request: mustermann.request, suite: suite, memory: .low)
            #expect(prepared.suite() == suite)
            let presentation = try await wallet.present(
                prepared: prepared, document: mustermann.document, request: mustermann.request,
                transcript: mustermann.transcript, clock: .any, memory: .low)
            _ = try await Velum.verify(
                presentation: presentation, transcript: mustermann.transcript, request: mustermann.request, suites: [suite])
            let error = try await failure {
                _ = try await Velum.verify(
                    presentation: presentation, transcript: mustermann.transcript, request: mustermann.request,
                    suites: [suite == .direct ? .compact : .direct])
            }
            #expect(error.code == .wrongVersion)
        }
    }

    @Test func progressGoesToTheEndAndTheResultComesLast() async throws {
        var fractions: [Double] = []
        var prepared: PreparedProof?
        for try await work in wallet.preparing(document: mustermann.document, request: mustermann.request) {
            #expect(prepared == nil)
            switch work {
            case .progress(_, let fraction): fractions.append(fraction)
            case .done(let result): prepared = result
            }
        }
        let proof = try #require(prepared)
        #expect(fractions == fractions.sorted())
        #expect(fractions.allSatisfy { (0...1).contains($0) })

        var presentation: Data?
        for try await work in wallet.presenting(
            prepared: proof, document: mustermann.document, request: mustermann.request, transcript: mustermann.transcript,
            clock: .any)
        {
            if case .done(let result) = work { presentation = result }
        }
        _ = try await Velum.verify(
            presentation: try #require(presentation), transcript: mustermann.transcript, request: mustermann.request)
    }

    @Test func aReaderThatIsSlowMissesProgressAndNotTheResult() async throws {
        let wallet = VelumWallet()
        let stream = wallet.preparing(document: mustermann.document, request: mustermann.request)
        var works = stream.makeAsyncIterator()
        guard case .progress = try await works.next() else { throw Unexpected(what: "no progress") }
        // The calls of a wallet run one after another. When this call is done, the work of the stream is done too.
        try await wallet.makeKeys(sizeClass: .standard)
        try await Task.sleep(for: .milliseconds(200))
        guard case .done = try await works.next() else { throw Unexpected(what: "old progress") }
        guard try await works.next() == nil else { throw Unexpected(what: "more than the result") }
    }

    @Test func theDeviceSignsByCallback() async throws {
        let answered = doe.inSession(of: mustermann)
        let signer = try SoftwareSigner.ofDoe()
        let prepared = try await wallet.prepare(document: answered.document, request: answered.request)
        let presentation = try await wallet.present(prepared, answered, signer)
        #expect(signer.asked == 1)
        let verified = try await Velum.verify(
            presentation: presentation, transcript: answered.transcript, request: answered.request)
        #expect(
            verified.learnt.contains { fact in
                if case .holds(let name, .equalTo(.text("Doe")), _) = fact.learnt { name.element == "family_name" } else { false }
            })
    }

    @Test func aSignatureThatWasMadeElsewhereIsAttached() async throws {
        let signed = try await signedDoe()
        let prepared = try await wallet.prepare(document: signed.document, request: signed.request)
        let presentation = try await wallet.present(prepared, signed)
        _ = try await Velum.verify(presentation: presentation, transcript: signed.transcript, request: signed.request)
    }

    @Test func datesAreDatesOfThePlatform() throws {
        let document = try mustermann.inspected
        #expect(document.validFrom < document.validUntil)
        let day = document.elements.first { $0.name.element == "birth_date" }
        guard case .day(let date) = day?.value else { throw Unexpected(what: "\(String(describing: day))") }
        #expect((1...12).contains(date.month))
        let time = try #require(ISO8601DateFormatter().date(from: "2024-10-15T13:50:00Z"))
        #expect((document.validFrom...document.validUntil).contains(time))
    }

    /// Threads of the system's queues have a stack of this size.
    @Test func aStackOf512KilobytesSuffices() async throws {
        let signed = try await signedDoe()
        let outcome: Result<String, any Error> = await withCheckedContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    returning: Result {
                        _ = try Velum.inspect(document: signed.document)
                        _ = try Velum.deviceAuthenticationBytes(
                            document: signed.document, docType: docType, transcript: signed.transcript)
                        return try Velum.explain(document: signed.document, request: signed.request).text
                    })
            }
            thread.stackSize = 512 << 10
            thread.start()
        }
        #expect(try outcome.get().contains("Doe"))
    }

    @Test func twentyCallsAtOnceAllComeToAnEnd() async throws {
        let wallet = VelumWallet()
        let proofs = try await withThrowingTaskGroup(of: String?.self) { group in
            for index in 0..<20 {
                group.addTask {
                    if index.isMultiple(of: 5) {
                        return try await wallet.prepare(document: mustermann.document, request: mustermann.request).docType()
                    }
                    // Leaves the stream at its first item, and so stops its work.
                    for try await _ in wallet.preparing(document: mustermann.document, request: mustermann.request) { break }
                    return nil
                }
            }
            return try await group.reduce(into: 0) { count, docType in count += docType == nil ? 0 : 1 }
        }
        #expect(proofs == 4)
    }

    @Test func aWalletThatIsLetGoEndsItsCallsAsTheyWouldHaveEnded() async throws {
        var wallet: VelumWallet? = VelumWallet()
        let work = try #require(wallet).preparing(document: mustermann.document, request: mustermann.request)
        weak var left = wallet
        wallet = nil
        #expect(left == nil)
        var isDone = false
        for try await each in work {
            if case .done = each { isDone = true }
        }
        #expect(isDone)
    }

    #if os(Linux)
    /// Runs in a process of its own, where no other test has threads.
    @Test func threadsThatProveEndWithTheirWalletAndPool() throws {
        let folder = try TemporaryFolder()
        let program = URL(fileURLWithPath: variable("VELUM_PRODUCTS")).appendingPathComponent("PoolProcess")
        let (status, output) = try run(program.path, ["dispose", folder.url.path])
        #expect(status == 0)
        let counts = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(counts.count == 3)
        #expect(counts[0] == 0)
        #expect(counts[1] > 0)
        #expect(counts[2] == 0)
    }
    #endif
}

extension VelumWallet {
    func present(
        _ prepared: PreparedProof, _ answered: Case, _ signer: (any DeviceSigner)? = nil, clock: Clock = .any
    ) async throws -> Data {
        try await present(
            prepared: prepared, document: answered.document, request: answered.request, transcript: answered.transcript,
            signer: signer, clock: clock)
    }
}
