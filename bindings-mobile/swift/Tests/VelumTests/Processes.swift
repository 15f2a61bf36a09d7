#if os(Linux) || os(macOS)
import Foundation

/// Runs a program until it ends.
func run(_ program: String, _ words: [String]) throws -> (status: Int32, output: Data) {
    let child = try start(program, words)
    // Read to the end, so that a full pipe does not block the child.
    let output = child.output.readDataToEndOfFile()
    child.process.waitUntilExit()
    return (child.process.terminationStatus, output)
}

/// Starts a program whose output can be read.
func start(_ program: String, _ words: [String]) throws -> (process: Process, output: FileHandle) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = words
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, pipe.fileHandleForReading)
}

/// A program that proves and verifies in another process. It takes the options of `velum`.
enum Command: String, CaseIterable {
    /// `velum`, built from the same sources.
    case velum = "VELUM_CLI"
    /// The npm package in Node. Its prover and its verifier run in WebAssembly.
    case webAssembly = "VELUM_PACKAGE"

    /// Runs the program, and returns the JSON that it wrote.
    @discardableResult
    func callAsFunction(_ words: String...) throws -> [String: Any] {
        let (_, output) = try run(variable(rawValue), words + ["--json"])
        guard let object = try JSONSerialization.jsonObject(with: output) as? [String: Any] else {
            throw Unexpected(what: String(decoding: output, as: UTF8.self))
        }
        return object
    }
}

/// A driving licence that `velum issue` makes.
func minted(_ folder: TemporaryFolder, more: String = "") throws -> Case {
    let spec = """
        {
          "seed": "\(String(repeating: "1f", count: 32))",
          "doc_type": "\(docType)",
          "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2030-12-31T00:00:00Z"
          },
          "elements": [
            {"namespace": "org.iso.18013.5.1", "element": "family_name", "value": "Ndiaye"},
            {"namespace": "org.iso.18013.5.1", "element": "birth_date", "value": {"full_date": "1990-02-28"}},
            {"namespace": "org.iso.18013.5.1", "element": "age_over_18", "value": true}
          ]\(more)
        }
        """
    let file = try folder.file("spec.json", Data(spec.utf8))
    let out = folder.url.appendingPathComponent("minted")
    let written = try Command.velum("issue", "--spec", file.path, "--out", out.path)
    guard written["files"] != nil else { throw Unexpected(what: "\(written)") }
    return Case(minted: out)
}
#endif
