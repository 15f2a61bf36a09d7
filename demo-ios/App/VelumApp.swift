import SwiftUI
import VelumDemo

@main
struct VelumApp: App {
    @State private var demo: Result<Demo, Error>

    init() {
        let demo = Result { try Demo() }
        _demo = State(initialValue: demo)
        if case .success(let demo) = demo {
            Background.register { await demo.wallet.fill() }
        }
    }

    var body: some Scene {
        WindowGroup {
            switch demo {
            case .success(let demo):
                TabView {
                    WalletView(model: demo.wallet, device: demo.device)
                        .tabItem { Label("Wallet", systemImage: "wallet.pass") }
                    VerifierView(model: demo.verifier)
                        .tabItem { Label("Verifier", systemImage: "checkmark.seal") }
                    BenchmarkView(model: demo.benchmark, specimen: demo.specimen)
                        .tabItem { Label("Benchmark", systemImage: "chart.bar") }
                }
                .task { await demo.begin() }
            case .failure(let error):
                ContentUnavailableView(
                    "The demo cannot start", systemImage: "exclamationmark.triangle",
                    description: Text(error.localizedDescription))
            }
        }
    }
}
