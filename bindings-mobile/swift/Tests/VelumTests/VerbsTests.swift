import Foundation
import Testing
import Velum

struct VerbsTests {
    @Test func aHolderPreparesAndPresentsAndAVerifierLearns() async throws {
        let wallet = Wallet()
        let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        let presentation = try await wallet.present(
            prepared: prepared, document: mustermann.document, request: mustermann.request,
            transcript: mustermann.transcript, options: PresentOptions(clock: .any))
        let verified = try await verifyNatively(
            presentation: presentation, transcript: mustermann.transcript, request: mustermann.request)
        #expect(verified.learnt.contains { $0.learnt == .ofType(docType: docType) })
    }
}
