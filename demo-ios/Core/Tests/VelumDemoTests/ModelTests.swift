import Foundation
import Testing
import Velum

@testable import VelumDemo

@MainActor @Suite(.serialized)
struct ModelTests {
    private let folder: TemporaryFolder
    private let model: WalletModel
    private let signed = Counter()
    private let verifier = VerifierModel(origin: "https://verifier.example", root: specimen.root, sha256: sha256)

    init() async throws {
        folder = try TemporaryFolder()
        model = try Self.model(in: folder, signed)
        await model.add(document: specimen.card.document)
    }

    private static func model(
        in folder: TemporaryFolder, _ signed: Counter, now: @escaping @Sendable () -> Date = { Date() },
        failing failure: DeviceSignerError? = nil
    ) throws -> WalletModel {
        try WalletModel(
            wallet: wallet, folder: folder.url, key: Data(repeating: 7, count: 32), root: specimen.root, sha256: sha256, now: now
        ) { _ in
            let signer = try specimen.signer()
            return TestSigner(signer) { payload in
                if let failure { throw failure }
                signed.increase()
                return try await signer.sign(payload: payload)
            }
        }
    }

    private func question() throws -> Data {
        verifier.askNow()
        guard case .asking(let question) = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
        return try question.message
    }

    private func consent() throws -> Consent {
        guard case .consent(let consent) = model.conversation else { throw Unexpected(what: "\(model.conversation)") }
        return consent
    }

    private func answer() async throws -> WalletModel.Answer {
        model.consent()
        await model.finished()
        guard case .answered(let answer) = model.conversation else { throw Unexpected(what: "\(model.conversation)") }
        return answer
    }

    @Test func aCardIsShownAndKept() async throws {
        let card = try #require(model.cards.first)
        #expect(model.trouble == nil)
        #expect(card.problem == nil)
        #expect(card.lines.contains(Card.Line(id: "birth_date", value: "1999-07-14")))
        #expect(card.lines.contains(Card.Line(id: "height", value: "171")))
        let again = try Self.model(in: folder, signed)
        await again.refresh()
        #expect(again.cards == model.cards)
    }

    @Test func aQuestionIsAnsweredByCodesAfterConsent() async throws {
        // From the verifier to the wallet.
        var reader = CodeReader()
        var read: CodeReader.State?
        for text in try CodeSequence(.question, question(), partBytes: 400).texts { read = reader.read(text) }
        guard case .done(.question, let message) = read else { throw Unexpected(what: "\(String(describing: read))") }
        model.receive(message)

        let consent = try consent()
        #expect(consent.asker == "https://verifier.example")
        #expect(consent.told.contains { $0.contains("18") })
        #expect(consent.hidden.contains("family name"))
        #expect(consent.problem == nil)
        #expect(!consent.isOffClock)
        #expect(signed.value == 0)

        let answer = try await answer()
        #expect(signed.value == 1)
        #expect(!answer.wasPrepared)
        // And back, in any order.
        for text in try CodeSequence(.answer, answer.message).texts.shuffled() { read = reader.read(text) }
        guard case .done(.answer, let presentation) = read else { throw Unexpected(what: "\(String(describing: read))") }
        #expect(presentation == answer.message)
        await verifier.judge(presentation)
        guard case .accepted(let learnt) = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
        #expect(learnt.contains { $0.contains("18") })
        // The session is over.
        await verifier.judge(presentation)
        #expect(verifier.state == .refused(.noQuestion))
    }

    @Test func aCardIsIssuedToAKeyThatNeverLeavesItsDevice() async throws {
        let key = try #require(model.cards.first).deviceKey
        let issued = try Specimen(issuedTo: key.hexadecimal)
        #expect(issued.root == specimen.root)
        await model.remove(try #require(model.cards.first))
        await model.add(document: issued.card.document)
        #expect(model.cards.map(\.deviceKey) == [key])
        model.receive(try question())
        await verifier.judge(try await answer().message)
        guard case .accepted = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
    }

    @Test func anAnswerToAnotherQuestionIsRefused() async throws {
        model.receive(try question())
        let answer = try await answer()
        _ = try question()
        await verifier.judge(answer.message)
        guard case .refused = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
        // The question still stands.
        await verifier.judge(Data([1, 2, 3]))
        guard case .refused(let failure) = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
        #expect(failure != .noQuestion)
    }

    @Test func thePresentationVerifiesInTheCommand() async throws {
        let message = try question()
        model.receive(message)
        let (answer, question) = (try await answer(), try Question(message: message))
        let written = try Command.velum(
            "verify", "--presentation", folder.file("answer", answer.message).path, "--transcript",
            folder.file("transcript", question.transcript(sha256)).path, "--request",
            folder.file("request", question.request).path)
        #expect(written["verified"] as? Bool == true)
    }

    @Test func preparedAnswersAreUsedAndGoWithTheirCard() async throws {
        #expect(model.ready == 0)
        #expect(await model.fill())
        #expect(model.ready == WalletModel.target)
        #expect(model.filling == nil)
        model.receive(try question())
        let answer = try await answer()
        #expect(answer.wasPrepared)
        #expect(model.ready == WalletModel.target - 1)
        await verifier.judge(answer.message)
        guard case .accepted = verifier.state else { throw Unexpected(what: "\(verifier.state)") }

        await model.remove(try #require(model.cards.first))
        #expect(model.cards.isEmpty)
        #expect(model.ready == 0)
        model.receive(try question())
        #expect(model.conversation == .failed(.noCard))
    }

    @Test func fillingStopsWhenItsTimeIsUp() async throws {
        let task = Task { await model.fill() }
        while model.filling == nil { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        #expect(await task.value == false)
        #expect(model.filling == nil)
        #expect(model.trouble == nil)
    }

    @Test func whoDoesNotAgreeShowsNothing() async throws {
        model.receive(try question())
        model.dismiss()
        #expect(model.conversation == .none)
        model.consent()
        #expect(model.conversation == .none)
        #expect(signed.value == 0)
    }

    @Test func whoDoesNotSignShowsNothing() async throws {
        for (failure, isQuiet) in [(DeviceSignerError.Cancelled, true), (.Locked, false)] {
            let folder = try TemporaryFolder()
            let unwilling = try Self.model(in: folder, signed, failing: failure)
            await unwilling.add(document: specimen.card.document)
            unwilling.receive(try question())
            unwilling.consent()
            await unwilling.finished()
            if isQuiet {
                #expect(unwilling.conversation == .none)
            } else {
                guard case .failed(let failure) = unwilling.conversation else { throw Unexpected(what: "no failure") }
                #expect(failure.remedy != nil)
            }
        }
    }

    @Test func anAnswerThatIsBeingMadeCanBeStopped() async throws {
        model.receive(try question())
        model.consent()
        while model.conversation == .answering(0) { try await Task.sleep(for: .milliseconds(2)) }
        model.dismiss()
        #expect(model.conversation == .none)
    }

    @Test func aQuestionTakesThePlaceOfOneThatIsBeingAnswered() async throws {
        model.receive(try question())
        model.consent()
        while model.conversation == .answering(0) { try await Task.sleep(for: .milliseconds(2)) }
        model.receive(try question())
        let next = model.conversation
        // Longer than the work that was under way takes to end.
        try await Task.sleep(for: .milliseconds(500))
        #expect(model.conversation == next)
        await verifier.judge(try await answer().message)
        guard case .accepted = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
    }

    @Test func whatIsNotTrueIsSaidBeforeConsent() async throws {
        verifier.ask = Ask(age: .sixtyFive, showsName: true)
        model.receive(try question())
        let consent = try consent()
        #expect(consent.problem != nil)
        #expect(!consent.hidden.contains("family name"))
        model.consent()
        await model.finished()
        guard case .failed = model.conversation else { throw Unexpected(what: "\(model.conversation)") }
        #expect(signed.value == 0)
    }

    @Test func aQuestionOfAnotherTimeIsToldAndAnsweredIfTheHolderAgrees() async throws {
        let ahead = VerifierModel(
            origin: "https://verifier.example", root: specimen.root, sha256: sha256, now: { Date(timeIntervalSinceNow: 86_400) })
        ahead.askNow()
        guard case .asking(let question) = ahead.state else { throw Unexpected(what: "\(ahead.state)") }
        model.receive(try question.message)
        let consent = try consent()
        #expect(consent.isOffClock)
        #expect(consent.warnings.contains { $0.contains("another time") })
        await ahead.judge(try await answer().message)
        guard case .accepted = ahead.state else { throw Unexpected(what: "\(ahead.state)") }
    }

    @Test func whatCannotBeReadIsSaid() async throws {
        model.receive(Data("hello".utf8))
        #expect(model.conversation == .failed(.notAQuestion))
        await model.add(document: Data("hello".utf8))
        #expect(model.trouble?.remedy != nil)
        #expect(model.cards.count == 1)
        verifier.ask = Ask(age: nil, showsName: false)
        verifier.askNow()
        guard case .refused = verifier.state else { throw Unexpected(what: "\(verifier.state)") }
    }

    @Test func aBenchmarkMeasuresEachProof() async throws {
        let benchmark = Benchmark(wallet: wallet)
        #expect(benchmark.median(\.prepare) == nil)
        let document = mustermann
        benchmark.run(document: document.document, request: document.request, transcript: document.transcript, runs: 3)
        #expect(benchmark.isRunning)
        await benchmark.finished()
        #expect(benchmark.trouble == nil)
        #expect(benchmark.samples.map(\.id) == [1, 2, 3])
        for sample in benchmark.samples {
            #expect(sample.prepare.milliseconds > sample.verify.milliseconds)
            #expect(sample.presentationBytes > 100_000)
            #expect((sample.peakBytes ?? 0) > 20 << 20)
        }
        #expect(benchmark.median(\.present) == benchmark.samples.map(\.present).sorted()[1])

        benchmark.run(document: document.document, request: document.request, transcript: document.transcript, runs: 1000)
        while benchmark.samples.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        benchmark.stop()
        await benchmark.finished()
        #expect(!benchmark.isRunning)
        #expect(benchmark.trouble == nil)
    }
}
