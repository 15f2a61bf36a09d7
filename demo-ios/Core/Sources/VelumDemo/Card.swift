import Foundation
import Velum

/// A document of the wallet, and the key that it was issued to.
public struct Card: Identifiable, Equatable, Sendable {
    /// A line of a card, as its holder sees it.
    public struct Line: Identifiable, Equatable, Sendable {
        public let id: String
        public let value: String
    }

    public let id: String
    public let document: Data
    public let docType: String
    /// The key that the document was issued to, as an uncompressed SEC 1 point.
    public let deviceKey: Data
    public let lines: [Line]
    public let validUntil: Date
    /// Why no answer can be proven from the document. Nil if an answer can be proven.
    public let problem: Failure?

    /// Reads the only document of a file.
    public init(id: String = UUID().uuidString, document: Data) throws {
        let inspections = try Velum.inspect(document: document)
        guard inspections.count == 1, let inspection = inspections.first else {
            throw Failure(title: "Not one document", detail: "The file holds \(inspections.count) documents.")
        }
        switch inspection {
        case .unreadable(_, let problem):
            throw Failure(VelumError.Unreadable(problem: problem))
        case .readable(let inspected):
            self.id = id
            self.document = document
            docType = inspected.docType
            deviceKey = inspected.deviceKey
            lines = inspected.elements.map { Line(id: $0.name.element, value: Self.words($0.value)) }
            validUntil = inspected.validUntil
            problem =
                if case .notProvable(let problem) = inspected.provability {
                    Failure(title: "Nothing can be proven from this card", detail: problem.message, remedy: problem.remedy)
                } else {
                    nil
                }
        }
    }

    private static func words(_ value: Value) -> String {
        switch value {
        case .text(let text): text
        case .flag(let holds): holds ? "yes" : "no"
        case .number(let number): String(number)
        case .bigNumber(let decimal): decimal
        case .day(let date): "\(date.year)-\(twoDigits(date.month))-\(twoDigits(date.day))"
        case .moment(let time): time.formatted(.iso8601)
        case .cbor(let cbor): "\(cbor.count) bytes"
        }
    }

    private static func twoDigits(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}

/// The cards of a wallet, in a folder of its own.
public struct CardStore: Sendable {
    private let folder: URL

    public init(folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// The cards that can be read, in the order of their names.
    public func cards() throws -> [Card] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return files.filter { $0.pathExtension == "cbor" }.sorted { $0.path < $1.path }.compactMap { file in
            guard let document = try? Data(contentsOf: file) else { return nil }
            return try? Card(id: file.deletingPathExtension().lastPathComponent, document: document)
        }
    }

    public func add(_ card: Card) throws {
        var options: Data.WritingOptions = .atomic
        #if canImport(Darwin)
        options.insert(.completeFileProtectionUntilFirstUserAuthentication)
        #endif
        try card.document.write(to: file(card.id), options: options)
    }

    public func remove(_ card: Card) throws {
        try FileManager.default.removeItem(at: file(card.id))
    }

    private func file(_ id: String) -> URL {
        folder.appendingPathComponent(id).appendingPathExtension("cbor")
    }
}
