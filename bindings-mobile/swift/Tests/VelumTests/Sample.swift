import Foundation
import Velum

// sample
/// Asks the holder, has the device sign, and returns the presentation. Nil if the holder does not want to answer.
func answer(
    _ wallet: VelumWallet, document: Data, request: Data, transcript: Data, signer: any DeviceSigner, clock: Clock = .ofDevice,
    consents: (Explanation) async -> Bool, show: (Double) -> Void
) async throws -> Data? {
    guard await consents(try Velum.explain(document: document, request: request)) else { return nil }
    let prepared = try await wallet.prepare(document: document, request: request)
    let works = wallet.presenting(
        prepared: prepared, document: document, request: request, transcript: transcript, signer: signer, clock: clock)
    do {
        for try await work in works {
            switch work {
            case .progress(_, let fraction): show(fraction)
            case .done(let presentation): return presentation
            }
        }
    } catch let error as VelumError where error.code == .signerCancelled {
        // It is not a failure if the holder does not sign.
        return nil
    }
    throw CancellationError()
}
// sample
