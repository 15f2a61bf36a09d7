import CoreImage.CIFilterBuiltins
import SwiftUI
import UniformTypeIdentifiers
import VelumDemo

/// Shows a message as a loop of QR codes.
struct CodesView: View {
    let kind: MessageKind
    let message: Data

    private static let perSecond = 8.0

    var body: some View {
        if let sequence = try? CodeSequence(kind, message) {
            TimelineView(.periodic(from: .now, by: 1 / Self.perSecond)) { context in
                let tick = Int(context.date.timeIntervalSinceReferenceDate * Self.perSecond)
                let index = tick % sequence.texts.count
                VStack {
                    if let image = Self.code(sequence.texts[index]) {
                        Image(decorative: image, scale: 1).interpolation(.none).resizable().scaledToFit()
                            .padding().background(.white)
                    }
                    Text("\(index + 1) of \(sequence.texts.count)").font(.footnote.monospacedDigit())
                }
            }
            .accessibilityElement()
            .accessibilityLabel("A sequence of \(sequence.texts.count) QR codes")
        }
    }

    private static let context = CIContext()

    private static func code(_ text: String) -> CGImage? {
        let filter = CIFilter.qrCodeGenerator()
        filter.message = Data(text.utf8)
        filter.correctionLevel = "L"
        guard let image = filter.outputImage else { return nil }
        return context.createCGImage(image, from: image.extent)
    }
}

/// Bytes that are shared as a file with this name.
struct SharedFile: Transferable {
    let name: String
    let content: Data

    static var transferRepresentation: some TransferRepresentation {
        DataRepresentation(exportedContentType: .data) { $0.content }
            .suggestedFileName { $0.name }
    }
}
