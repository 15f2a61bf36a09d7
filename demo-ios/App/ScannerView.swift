import AVFoundation
import SwiftUI
import VelumDemo

/// Reads a sequence of QR codes with the camera.
struct ScannerView: View {
    let kind: MessageKind
    let done: (Data) -> Void

    @State private var reader = CodeReader()
    @State private var words = "Point the camera at the codes"
    @State private var progress: Double?

    var body: some View {
        VStack {
            CameraView { text in read(text) }
                .clipShape(.rect(cornerRadius: 12))
            if let progress { ProgressView(value: progress) }
            Text(words).padding()
        }
        .padding()
    }

    private func read(_ text: String) {
        switch reader.read(text) {
        case .reading(let have, let of):
            (progress, words) = (Double(have) / Double(of), "\(have) of \(of) codes")
        case .done(kind, let message):
            done(message)
        case .done:
            words =
                kind == .question ? "This is an answer: scan a question" : "This is a question: scan an answer"
        case .notOurs:
            break
        case .damaged:
            (progress, words) = (nil, "The codes did not fit together: read them again")
        }
    }
}

/// Shows what the camera sees, and reads the texts of the codes in it.
private struct CameraView: UIViewControllerRepresentable {
    let read: (String) -> Void

    func makeUIViewController(context: Context) -> CameraController {
        let controller = CameraController()
        controller.read = read
        return controller
    }

    func updateUIViewController(_ controller: CameraController, context: Context) {
        controller.read = read
    }
}

private final class CameraController: UIViewController, AVCaptureMetadataOutputObjectsDelegate {
    var read: ((String) -> Void)?

    private let session = AVCaptureSession()
    private let queue = DispatchQueue(label: "dev.velum.demo.camera")
    private var preview: AVCaptureVideoPreviewLayer?

    override func viewDidLoad() {
        super.viewDidLoad()
        guard let camera = AVCaptureDevice.default(for: .video), let input = try? AVCaptureDeviceInput(device: camera),
            session.canAddInput(input)
        else { return }
        session.addInput(input)
        let output = AVCaptureMetadataOutput()
        guard session.canAddOutput(output) else { return }
        session.addOutput(output)
        output.setMetadataObjectsDelegate(self, queue: .main)
        output.metadataObjectTypes = [.qr]
        let preview = AVCaptureVideoPreviewLayer(session: session)
        preview.videoGravity = .resizeAspectFill
        view.layer.addSublayer(preview)
        self.preview = preview
    }

    override func viewDidLayoutSubviews() {
        super.viewDidLayoutSubviews()
        preview?.frame = view.bounds
    }

    override func viewWillAppear(_ animated: Bool) {
        super.viewWillAppear(animated)
        // Starting the session blocks its thread.
        queue.async { [session] in session.startRunning() }
    }

    override func viewWillDisappear(_ animated: Bool) {
        super.viewWillDisappear(animated)
        queue.async { [session] in session.stopRunning() }
    }

    func metadataOutput(
        _ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection
    ) {
        for case let code as AVMetadataMachineReadableCodeObject in objects {
            if let text = code.stringValue { read?(text) }
        }
    }
}
