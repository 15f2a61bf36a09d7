import Charts
import SwiftUI
import VelumDemo

/// Shows the times, the memory and the thermal state of proofs on this device.
struct BenchmarkView: View {
    let model: Benchmark
    let specimen: Specimen

    private static let request = Ask.usual

    var body: some View {
        NavigationStack {
            List {
                Section {
                    if model.isRunning {
                        ProgressView("Proof \(model.samples.count + 1)")
                        Button("Stop", role: .cancel, action: model.stop)
                    } else {
                        Button("Measure 10 proofs", action: run)
                    }
                    if let trouble = model.trouble { FailureView(failure: trouble) }
                }
                if !model.samples.isEmpty {
                    Section("Milliseconds") { chart.frame(height: 220) }
                    Section("Median") {
                        time("Prepare", \.prepare)
                        time("Present", \.present)
                        time("Verify", \.verify)
                    }
                    Section("Last proof") {
                        if let last = model.samples.last {
                            LabeledContent("Presentation", value: "\(last.presentationBytes / 1000) kB")
                            LabeledContent("Peak memory", value: last.peakBytes.map { "\($0 / 1_000_000) MB" } ?? "unknown")
                            LabeledContent("Thermal state", value: last.warmth.rawValue)
                        }
                    }
                }
            }
            .navigationTitle("Benchmark")
        }
    }

    private var chart: some View {
        Chart(model.samples) { sample in
            LineMark(
                x: .value("Proof", sample.id), y: .value("Time", sample.prepare.milliseconds), series: .value("Work", "prepare")
            )
            .foregroundStyle(by: .value("Work", "prepare"))
            LineMark(
                x: .value("Proof", sample.id), y: .value("Time", sample.present.milliseconds), series: .value("Work", "present")
            )
            .foregroundStyle(by: .value("Work", "present"))
            LineMark(
                x: .value("Proof", sample.id), y: .value("Time", sample.verify.milliseconds), series: .value("Work", "verify")
            )
            .foregroundStyle(by: .value("Work", "verify"))
        }
        .accessibilityLabel("Times of each proof")
    }

    private func time(_ name: LocalizedStringKey, _ path: KeyPath<Sample, Duration>) -> some View {
        LabeledContent(name, value: model.median(path).map { String(format: "%.0f ms", $0.milliseconds) } ?? "")
    }

    private func run() {
        guard let request = try? Self.request.request(trusting: specimen.root, at: Date()) else { return }
        model.run(document: specimen.document, request: request, transcript: specimen.transcript, signer: specimen)
    }
}
