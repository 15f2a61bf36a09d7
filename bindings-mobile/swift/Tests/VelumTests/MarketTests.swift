#if os(Linux) || os(macOS)
import Foundation
import Testing
import Velum
import VelumReceipt

/// The licence's request with a predicate that does not reveal too much.
private let adult: Data = {
    let request = String(decoding: mustermann.request, as: UTF8.self).components(separatedBy: "\"predicates\"")[0]
    let predicate = #""predicates": [{"namespace": "org.iso.18013.5.1", "element": "birth_date", "age_at_least": 18}]}"#
    return Data((request + predicate).utf8)
}()

/// A presentation for aggregates, with the request and the session that it answers. No two presentations have the same
/// statement.
private func foldable() async throws -> MarketInput {
    let prepared = try await wallet.prepare(document: mustermann.document, request: adult, suite: .aggregatable)
    let presentation = try await wallet.present(
        prepared: prepared, document: mustermann.document, request: adult, transcript: mustermann.transcript, clock: .any)
    return MarketInput(presentation: presentation, request: adult, transcript: mustermann.transcript)
}

/// A verifier's verdict about a receipt, for its own request and session.
@Sendable private func judge(_ receipt: Data) async throws -> ReceiptVerdict {
    do {
        _ = try await verifyReceipt(receipt, request: adult, transcript: mustermann.transcript, profiles: [.standard])
        return .holds
    } catch ReceiptError.Refused(let problem) {
        return .doesNotHold(reason: problem.place)
    }
}

private func newKey() -> Data {
    Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
}

/// The state that a hand-off saved last.
private actor Kept {
    private(set) var saved: String?

    func keep(_ text: String) {
        saved = text
    }
}

private func offer(maxWait: TimeInterval, presentations: UInt64) -> MarketOffer {
    MarketOffer(
        profile: .standard, minimum: 100, maximum: 1000, company: Company(maxWait: maxWait, presentations: presentations))
}

struct MarketTests {
    @Test func whatIsGivenIsLookedAt() async throws {
        #expect(try mayHandOff(request: adult).isEmpty)
        #expect(try mayHandOff(request: mustermann.request).contains { $0.contains("family_name") })
        #expect(throws: VelumError.self) { try VelumMarket(url: "http://market.example/") }
        let away = try VelumMarket(url: "http://127.0.0.1:9/", key: newKey())
        let error = try await failure { _ = try await away.info() }
        #expect(error.code == .unreachable)
        #expect(error.problem.place == away.url)
        let keyless = try await failure { _ = try await VelumMarket(url: away.url).account() }
        #expect(keyless.code == .malformed)
    }

    @Test func aHandOffWhoseTaskIsCancelledIsTakenBack() async throws {
        let node = try await MarketNode()
        let market = try VelumMarket(url: node.url, key: newKey())
        #expect(try await market.deposit(1_000_000).balance == 1_000_000)
        let (input, kept) = (try await foldable(), Kept())
        let patient = offer(maxWait: 3600, presentations: 50)
        #expect(try await market.quote(input, offer: patient).floor > 0)
        let handOff = HandOff(poll: 0.2, save: { await kept.keep($0) }, judge: judge)
        let running = Task { try await handOff.run(input, markets: [market], offer: patient) }
        while try await market.account().balance == 1_000_000 { try await Task.sleep(nanoseconds: 20_000_000) }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(try await market.account().balance == 1_000_000)
    }

    @Test func aWalletPaysFromAPurse() async throws {
        let (node, key) = (try await MarketNode(), newKey())
        let market = try VelumMarket(url: node.url, key: key)
        _ = try await market.deposit(1_000_000)
        // A wallet has no key at the market.
        let (wallets, kept) = (try VelumMarket(url: node.url), Kept())
        let purse = VelumPurse(market: wallets, load: { await kept.saved }, save: { await kept.keep($0) })
        let tokens: @Sendable () async throws -> UInt64 = { try await purse.holdings().map(\.tokens).reduce(0, +) }
        try await purse.buy(key: key, tokens: 12)
        #expect(try await tokens() == 12)
        #expect(try await purse.keys().count == 1)
        let patient = offer(maxWait: 3600, presentations: 50)
        let handOff = HandOff(poll: 0.2, purses: [purse], save: { _ in }, judge: judge)
        let input = try await foldable()
        let running = Task { try await handOff.run(input, markets: [wallets], offer: patient) }
        while try await tokens() == 12 { try await Task.sleep(nanoseconds: 20_000_000) }
        #expect(try await tokens() == 2)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(try await tokens() == 12)
        try await purse.collect()
        #expect(try await market.account().balance == 1_000_000 - 1200)
        let keyless = HandOff(save: { _ in }, judge: judge)
        let error = try await failure { _ = try await keyless.run(input, markets: [wallets], offer: patient) }
        #expect(error.code == .malformed)
    }

    @Test func receiptsComeAlsoAfterARestart() async throws {
        let node = try await MarketNode()
        try node.provide()
        let market = try VelumMarket(url: node.url, key: newKey())
        _ = try await market.deposit(1_000_000)
        let terms = offer(maxWait: 20, presentations: 2)
        let (first, second, kept) = (try await foldable(), try await foldable(), Kept())
        // The first hand-off is saved as it begins, and abandoned there.
        let stopping = HandOff(
            save: {
                await kept.keep($0)
                throw Unexpected(what: "a crash")
            }, judge: judge)
        #expect(try await failure { _ = try await stopping.run(first, markets: [market], offer: terms) }.code == .notSaved)
        let saved = try #require(await kept.saved)
        let handOff = HandOff(poll: 0.2, save: { _ in }, judge: judge)
        async let resumed = handOff.resume(first, saved: saved)
        var states: [JobState] = []
        let folder = try TemporaryFolder()
        let given = try await fold(second, markets: [market], file: folder.url.appendingPathComponent("hand-off")) {
            $0.status.map { states.append($0.state) }
        }
        #expect(states.contains(.waiting) && states.contains(.settled))
        let receipts = [try #require(given), try await resumed.receipt]
        for receipt in receipts {
            #expect(try await judge(receipt) == .holds)
            let elsewhere = try? await verifyReceipt(
                receipt, request: adult, transcript: doe.transcript, profiles: [.standard])
            #expect(elsewhere == nil)
        }
    }
}
#endif
