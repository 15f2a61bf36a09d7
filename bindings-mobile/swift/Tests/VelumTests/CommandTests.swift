#if os(Linux) || os(macOS)
import Foundation
import Testing
import Velum

/// Tests the package together with the `velum` command and with WebAssembly, which have the same prover and verifier in
/// other bindings or in none.
struct CommandTests {
    private let folder = try! TemporaryFolder()

    private func file(_ name: String, _ content: Data) throws -> String {
        try folder.file(name, content).path
    }

    private func verify(_ presentation: Data, _ answered: Case, by command: Command) throws -> Bool? {
        let written = try command(
            "verify", "--presentation", file("presentation.cbor", presentation), "--transcript",
            file("transcript.cbor", answered.transcript), "--request", file("request.json", answered.request))
        return written["verified"] as? Bool
    }

    @Test(arguments: Command.allCases) func aProofOfSwiftVerifiesThere(command: Command) async throws {
        let prepared = try await wallet.prepare(document: mustermann.document, request: mustermann.request)
        let presentation = try await wallet.present(prepared, mustermann)
        #expect(try verify(presentation, mustermann, by: command) == true)
        #expect(try verify(presentation, mustermann.inSession(of: doe), by: command) == false)
    }

    @Test(arguments: Command.allCases) func aProofMadeThereVerifiesInSwift(command: Command) async throws {
        let out = folder.url.appendingPathComponent("proof.cbor")
        try command(
            "prove", "--any-clock", "--document", file("document.cbor", mustermann.document), "--transcript",
            file("transcript.cbor", mustermann.transcript), "--request", file("request.json", mustermann.request), "--out",
            out.path)
        let presentation = try Data(contentsOf: out)
        let verified = try await Velum.verify(
            presentation: presentation, transcript: mustermann.transcript, request: mustermann.request)
        #expect(verified.learnt.contains { $0.learnt == .fitsClass(sizeClass: .standard) })
        let error = try await failure {
            _ = try await Velum.verify(presentation: presentation, transcript: doe.transcript, request: mustermann.request)
        }
        #expect(error.code == .proofInvalid)
    }

    @Test func aMintedLicenceGoesThroughTheThreeVerbs() async throws {
        let licence = try minted(folder)
        let prepared = try await wallet.prepare(document: licence.document, request: licence.request)
        let presentation = try await wallet.present(prepared, licence)
        let verified = try await Velum.verify(
            presentation: presentation, transcript: licence.transcript, request: licence.request)
        let name = ElementName(namespace: "org.iso.18013.5.1", element: "birth_date")
        #expect(verified.learnt.contains { $0.learnt == .holds(name: name, condition: .ageAtLeast(years: 18), value: nil) })
        #expect(try verify(presentation, licence, by: .velum) == true)
    }
}
#endif
