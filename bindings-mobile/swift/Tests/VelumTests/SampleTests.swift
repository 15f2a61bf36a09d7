import Foundation
import Testing
import Velum

struct SampleTests {
    private func answered(_ signer: any DeviceSigner, consents: Bool = true) async throws -> (Data?, [Double]) {
        var shown: [Double] = []
        let presentation = try await answer(
            wallet, document: doe.document, request: doe.request, transcript: mustermann.transcript, signer: signer, clock: .any,
            consents: { _ in consents }, show: { shown.append($0) })
        return (presentation, shown)
    }

    @Test func theSampleWorks() async throws {
        let (presentation, shown) = try await answered(SoftwareSigner.ofDoe())
        _ = try await Velum.verify(
            presentation: try #require(presentation), transcript: mustermann.transcript, request: doe.request)
        #expect(shown == shown.sorted())
        #expect(try await answered(SoftwareSigner.ofDoe(), consents: false).0 == nil)
        let unwilling = TestSigner(try .ofDoe()) { _ in throw DeviceSignerError.Cancelled }
        #expect(try await answered(unwilling).0 == nil)
    }

    @Test(arguments: ["Sample.swift", "MarketSample.swift"]) func theReadmeHasTheSample(file: String) throws {
        let here = URL(fileURLWithPath: #filePath)
        let sample = String(decoding: contents(here.deletingLastPathComponent(), file), as: UTF8.self)
        let package = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = String(decoding: contents(package, "README.md"), as: UTF8.self)
        let parts = sample.components(separatedBy: "// sample\n")
        #expect(parts.count == 3)
        #expect(readme.contains(parts[1]), "put the sample into README.md as it is")
    }
}
