import Foundation
import Testing
import Velum

let poolKey = Data(repeating: 7, count: 32)

extension VelumPool {
    func fillOne() async throws {
        try await fill(document: mustermann.document, request: mustermann.request, wanted: 1)
    }

    func answer() async throws -> PoolPresentation {
        try await present(
            document: mustermann.document, request: mustermann.request, transcript: mustermann.transcript, clock: .any)
    }

    func count() async throws -> Int {
        try await count(document: mustermann.document, request: mustermann.request)
    }
}

struct PoolTests {
    private let folder = try! TemporaryFolder()

    private var pool: VelumPool {
        get throws { try VelumPool(wallet: wallet, folder: folder.url.appendingPathComponent("pool"), key: poolKey) }
    }

    @Test func aProofIsTakenOnceByTwoTasks() async throws {
        let pool = try pool
        try await pool.fillOne()
        #expect(try await pool.fill(document: mustermann.document, request: mustermann.request, wanted: 1) == 0)
        async let one = pool.answer()
        async let other = pool.answer()
        let answers = try await [one, other]
        #expect(answers.filter(\.fromPool).count == 1)
        for answer in answers {
            _ = try await Velum.verify(
                presentation: answer.presentation, transcript: mustermann.transcript, request: mustermann.request)
        }
        #expect(try await pool.count() == 0)
    }

    @Test func progressOfFillingEndsWithHowManyWereAdded() async throws {
        var fractions: [Double] = []
        var added: Int?
        for try await work in try pool.filling(document: mustermann.document, request: mustermann.request, wanted: 2) {
            switch work {
            case .progress(_, let fraction): fractions.append(fraction)
            case .done(let count): added = count
            }
        }
        #expect(added == 2)
        #expect(fractions == fractions.sorted())
        var answer: PoolPresentation?
        for try await work in try pool.presenting(
            document: mustermann.document, request: mustermann.request, transcript: mustermann.transcript, clock: .any)
        {
            if case .done(let result) = work { answer = result }
        }
        #expect(answer?.fromPool == true)
        #expect(try await pool.clear() == 1)
    }

    @Test func whatWasAddedStaysWhenFillingIsCancelled() async throws {
        let pool = try pool
        let task = Task { try await pool.fill(document: mustermann.document, request: mustermann.request, wanted: 1000) }
        while try await pool.count() == 0 { try await Task.sleep(for: .milliseconds(10)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await pool.count() > 0)
        #expect(try await pool.answer().fromPool)
    }

    @Test func anotherKeyOpensNothingAndLosesNothing() async throws {
        let pool = try pool
        try await pool.fillOne()
        let other = try VelumPool(
            wallet: wallet, folder: folder.url.appendingPathComponent("pool"), key: Data(count: 32))
        let error = try await failure { _ = try await other.answer() }
        #expect(error.code == .otherKey)
        #expect(try await pool.count() == 1)
    }

    @Test func proofsGoWithTheirDocument() async throws {
        let pool = try pool
        try await pool.fillOne()
        #expect(try await pool.sweep(held: [mustermann.document]) == [])
        #expect(try await pool.sweep(held: [doe.document]).map(\.why) == [.document])
        #expect(try await pool.count() == 0)
    }

    #if os(Linux) || os(macOS)
    @Test func aProofIsTakenOnceByTwoProcesses() async throws {
        try await pool.fillOne()
        let children = try [child("present"), child("present")]
        let answers = children.map { String(decoding: $0.output.readDataToEndOfFile(), as: UTF8.self) }
        for child in children { child.process.waitUntilExit() }
        #expect(children.allSatisfy { $0.process.terminationStatus == 0 })
        #expect(answers.sorted() == ["made\n", "taken\n"])
    }

    @Test func aProcessThatIsKilledHalfWayLosesNoProofOfOthersAndLeavesNoneHalfDone() async throws {
        let pool = try pool
        try await pool.fillOne()
        let child = try child("fill")
        // The first byte says that the process proves.
        #expect(child.output.readData(ofLength: 1) == Data("p".utf8))
        kill(child.process.processIdentifier, SIGKILL)
        child.process.waitUntilExit()
        let count = try await pool.count()
        #expect(count >= 1)
        for _ in 0..<count { #expect(try await pool.answer().fromPool) }
        #expect(try await pool.answer().fromPool == false)
    }

    private func child(_ verb: String) throws -> (process: Process, output: FileHandle) {
        let program = URL(fileURLWithPath: variable("VELUM_PRODUCTS")).appendingPathComponent("PoolProcess")
        return try start(program.path, [verb, folder.url.appendingPathComponent("pool").path])
    }
    #endif
}
