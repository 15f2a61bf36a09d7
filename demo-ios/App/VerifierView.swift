import SwiftUI
import UniformTypeIdentifiers
import VelumDemo

/// Asks, shows the question as codes, and judges the answer.
struct VerifierView: View {
    @Bindable var model: VerifierModel

    @State private var isScanning = false
    @State private var isImporting = false

    var body: some View {
        NavigationStack {
            List {
                Section("Ask whether someone") {
                    Picker("is at least", selection: $model.ask.age) {
                        Text("any age").tag(Ask.Age?.none)
                        ForEach(Ask.Age.allCases, id: \.self) { Text("\($0.rawValue)").tag(Ask.Age?.some($0)) }
                    }
                    Toggle("shows the family name", isOn: $model.ask.showsName)
                    Button("Ask", action: model.askNow)
                }
                state
            }
            .navigationTitle("Verifier")
            .sheet(isPresented: $isScanning) {
                ScannerView(kind: .answer) { message in
                    isScanning = false
                    judge(message)
                }
            }
            .fileImporter(isPresented: $isImporting, allowedContentTypes: [.data]) { result in
                guard case .success(let url) = result, url.startAccessingSecurityScopedResource() else { return }
                defer { url.stopAccessingSecurityScopedResource() }
                judge((try? Data(contentsOf: url)) ?? Data())
            }
        }
    }

    @ViewBuilder private var state: some View {
        switch model.state {
        case .idle:
            EmptyView()
        case .asking(let question):
            Section("Show this to the wallet") {
                if let message = try? question.message {
                    CodesView(kind: .question, message: message)
                    ShareLink(
                        item: SharedFile(name: "velum.question.json", content: message), preview: SharePreview("Question"))
                }
            }
            Section {
                Button("Scan the answer", systemImage: "qrcode.viewfinder") { isScanning = true }
                Button("Open the answer", systemImage: "doc") { isImporting = true }
            }
        case .judging:
            ProgressView("Verifying")
        case .accepted(let learnt):
            Section("Proven") {
                ForEach(learnt, id: \.self) { Label($0, systemImage: "checkmark.seal.fill") }
                Button("Done", action: model.reset)
            }
        case .refused(let failure):
            Section("Refused") {
                FailureView(failure: failure)
                Button("Done", action: model.reset)
            }
        }
    }

    private func judge(_ message: Data) {
        Task { await model.judge(message) }
    }
}
