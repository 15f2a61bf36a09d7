import SwiftUI
import VelumDemo

/// Shows the cards, the answers that are ready, and the progress of a question.
struct WalletView: View {
    let model: WalletModel
    let device: DeviceKey

    @State private var isScanning = false
    @State private var isImportingQuestion = false
    @State private var isImportingCard = false

    var body: some View {
        NavigationStack {
            List {
                conversation
                Section("Cards") {
                    ForEach(model.cards) { card in
                        NavigationLink(card.title) { CardView(card: card) }
                    }
                    .onDelete { offsets in
                        let cards = offsets.map { model.cards[$0] }
                        Task { for card in cards { await model.remove(card) } }
                    }
                    Button("Add a card from a file") { isImportingCard = true }
                    NavigationLink("Have a card issued to this device") { DeviceKeyView(device: device) }
                }
                Section("Answers that are ready") {
                    LabeledContent("Over 18 (up to \(WalletModel.target))", value: "\(model.ready)")
                    if let filling = model.filling {
                        ProgressView("Preparing", value: filling)
                    } else {
                        Button("Prepare more") { Task { await model.fill() } }
                            .disabled(model.cards.isEmpty)
                    }
                }
                if let trouble = model.trouble {
                    Section { FailureView(failure: trouble) }
                }
            }
            .navigationTitle("Wallet")
            .sheet(isPresented: $isScanning) {
                ScannerView(kind: .question) { message in
                    isScanning = false
                    model.receive(message)
                }
            }
        }
        .fileImporter(isPresented: $isImportingQuestion, allowedContentTypes: [.json]) { result in
            read(result) { model.receive($0) }
        }
        // A view can have only one file importer. The second importer belongs to a view behind this one.
        .background {
            Color.clear.fileImporter(isPresented: $isImportingCard, allowedContentTypes: [.data]) { result in
                read(result) { document in Task { await model.add(document: document) } }
            }
        }
    }

    @ViewBuilder private var conversation: some View {
        Section("A verifier asks") {
            switch model.conversation {
            case .none:
                Button("Scan a question", systemImage: "qrcode.viewfinder") { isScanning = true }
                Button("Open a question", systemImage: "doc") { isImportingQuestion = true }
            case .consent(let consent):
                ConsentView(consent: consent, agree: model.consent, decline: model.dismiss)
            case .answering(let fraction):
                ProgressView("Making the answer", value: fraction)
                Button("Stop", role: .cancel, action: model.dismiss)
            case .answered(let answer):
                AnswerView(answer: answer)
                Button("Done", action: model.dismiss)
            case .failed(let failure):
                FailureView(failure: failure)
                Button("Done", action: model.dismiss)
            }
        }
    }

    private func read(_ result: Result<URL, Error>, _ use: (Data) -> Void) {
        guard case .success(let url) = result, url.startAccessingSecurityScopedResource() else { return }
        defer { url.stopAccessingSecurityScopedResource() }
        // A file that cannot be read is reported as no question, or as no card.
        use((try? Data(contentsOf: url)) ?? Data())
    }
}

/// Shows what an answer would reveal, before anything is revealed.
struct ConsentView: View {
    let consent: Consent
    let agree: () -> Void
    let decline: () -> Void

    var body: some View {
        Text(consent.asker).font(.headline)
        VStack(alignment: .leading, spacing: 6) {
            Text("They will learn").font(.subheadline.bold())
            ForEach(consent.told, id: \.self) { Label($0, systemImage: "eye") }
        }
        if !consent.hidden.isEmpty {
            VStack(alignment: .leading, spacing: 6) {
                Text("They will not see").font(.subheadline.bold())
                Label(consent.hidden.formatted(.list(type: .and)), systemImage: "eye.slash")
            }
        }
        ForEach(consent.warnings, id: \.self) { Label($0, systemImage: "exclamationmark.triangle").font(.footnote) }
        if let problem = consent.problem {
            FailureView(failure: problem)
        } else {
            Button("Agree and sign", action: agree).bold()
        }
        Button("Decline", role: .cancel, action: decline)
    }
}

/// Shows the answer, as a file and as codes.
struct AnswerView: View {
    let answer: WalletModel.Answer

    var body: some View {
        Label(
            "Made in \(answer.duration.milliseconds, specifier: "%.0f") ms\(answer.wasPrepared ? ", prepared before" : "")",
            systemImage: "checkmark.circle")
        CodesView(kind: .answer, message: answer.message)
        ShareLink(
            item: SharedFile(name: "answer.presentation.cbor", content: answer.message),
            preview: SharePreview("Answer, \(answer.message.count / 1000) kB"))
    }
}

struct CardView: View {
    let card: Card

    var body: some View {
        List {
            Section(card.docType) {
                ForEach(card.lines) { LabeledContent($0.id.replacingOccurrences(of: "_", with: " "), value: $0.value) }
            }
            LabeledContent("Valid until", value: card.validUntil.formatted(date: .long, time: .omitted))
            if let problem = card.problem { FailureView(failure: problem) }
        }
        .navigationTitle(card.title)
    }
}

/// Shows the public key that an issuer issues to: `keys.device_public` in a spec for `velum issue`.
struct DeviceKeyView: View {
    let device: DeviceKey

    @State private var key: Result<String, Error>?

    var body: some View {
        List {
            Text("The key is in the Secure Enclave and never leaves it. An issuer puts its public half into your card.")
            switch key {
            case nil: ProgressView()
            case .success(let key): Text(key).font(.footnote.monospaced()).textSelection(.enabled)
            case .failure(let error): Text(error.localizedDescription)
            }
        }
        .navigationTitle("This device's key")
        .task {
            do {
                let point = try await device.publicKey()
                key = .success(point.map { String(format: "%02x", $0) }.joined())
            } catch {
                key = .failure(error)
            }
        }
    }
}

struct FailureView: View {
    let failure: Failure

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Label(failure.title, systemImage: "xmark.octagon").font(.headline)
            Text(failure.detail)
            if let remedy = failure.remedy { Text(remedy).font(.footnote) }
        }
    }
}

extension Card {
    var title: String {
        docType == "org.iso.18013.5.1.mDL" ? "Driving licence" : docType
    }
}
