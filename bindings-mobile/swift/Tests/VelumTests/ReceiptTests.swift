import Foundation
import Testing
import VelumReceipt

struct ReceiptTests {
    /// A recorded receipt, counted for this payee.
    private let receipt = golden("receipt-standard")
    private let payee = Data(repeating: 0x7a, count: 32)

    private func refused(
        _ receipt: Data? = nil, request: Data = mustermann.request, transcript: Data = mustermann.transcript,
        profiles: [ReceiptProfile] = [.standard], payee: Data? = nil
    ) async throws -> ReceiptProblem {
        do {
            _ = try await verifyReceipt(
                receipt ?? self.receipt, request: request, transcript: transcript, profiles: profiles, payee: payee)
        } catch let error as ReceiptError {
            return error.problem
        }
        throw Unexpected(what: "nothing was refused")
    }

    @Test func aReceiptTellsWhatItsPresentationDoes() async throws {
        let verified = try await verifyReceipt(
            receipt, request: mustermann.request, transcript: mustermann.transcript, profiles: ReceiptProfile.allCases,
            payee: payee)
        #expect(verified.profile == .standard)
        #expect(verified.provenBits == 58)
        #expect(verified.count == 2)
        #expect(verified.payee == payee)
        #expect(verified.learnt.contains { $0.text.contains("18 years or older") && $0.json.contains("age_at_least") })
    }

    @Test func aReceiptIsOfOneSessionRequestPayeeAndProfile() async throws {
        let older = mustermann.asking("\"age_at_least\": 21", insteadOf: "\"age_at_least\": 18").request
        #expect(try await refused(request: older).place == "receipt.path")
        #expect(try await refused(transcript: doe.transcript).place == "receipt.path")
        #expect(try await refused(payee: Data(count: 32)).place == "receipt.payee")
        #expect(try await refused(profiles: [.proven100]).place == "receipt.profile")
    }

    @Test func whatIsNoReceiptIsUnreadable() async throws {
        for problem in [
            try await refused(Data()), try await refused(receipt.dropLast()), try await refused(request: Data(count: 1)),
            try await refused(transcript: Data(count: 2)), try await refused(profiles: []),
            try await refused(payee: Data(count: 31)),
        ] {
            #expect(problem.code == "malformed")
        }
    }
}
