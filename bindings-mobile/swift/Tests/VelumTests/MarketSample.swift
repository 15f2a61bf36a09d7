import Foundation
import Velum
import VelumReceipt

// sample
/// Hands a presentation to the first market that takes it, and returns the receipt. Resumes a hand-off that a crash interrupted.
func fold(
    _ input: MarketInput, markets: [VelumMarket], file: URL, show: (HandOffProgress) -> Void
) async throws -> Data? {
    guard try mayHandOff(request: input.request).isEmpty else { return nil }
    let offer = MarketOffer(
        profile: .standard, minimum: 100, maximum: 1000, company: Company(maxWait: 20, presentations: 2))
    let handOff = HandOff(
        save: { try Data($0.utf8).write(to: file, options: .atomic) },
        judge: { receipt in
            do {
                _ = try await verifyReceipt(
                    receipt, request: input.request, transcript: input.transcript, profiles: [.standard])
                return .holds
            } catch ReceiptError.Refused(let problem) {
                return .doesNotHold(reason: problem.message)
            }
        })
    let saved = try? String(contentsOf: file, encoding: .utf8)
    let begun = { handOff.running(input, markets: markets, offer: offer) }
    let steps = saved.map { handOff.resuming(input, saved: $0) } ?? begun()
    for try await step in steps {
        switch step {
        case .progress(let progress): show(progress)
        case .done(let result):
            try FileManager.default.removeItem(at: file)
            return result.receipt
        }
    }
    throw CancellationError()
}
// sample
