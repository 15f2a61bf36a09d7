import Foundation
import MdocDataModel18013
import SwiftCBOR
import Velum

/// Velum as a proof system of the EUDI wallet library. Register it in a `ZkSystemRepository`.
///
/// Elements of the document are revealed, unless the spec's parameter `predicates` names them. For a named element, the
/// predicate is proven and the value stays hidden. README.md describes the whole mapping, and what the interface cannot
/// express.
///
/// The interface is synchronous: its calls block their thread until the proof is made. Do not call it on the main
/// thread.
public final class VelumZkSystem: ZkSystemProtocol {
    /// The name by which requests identify the system.
    public static let name = "velum-stark-v1"

    private let wallet: VelumWallet
    private let pool: VelumPool?
    private let freshness: TimeInterval
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - wallet: Keep one wallet in an app: it owns the threads that prove.
    ///   - pool: Holds proofs that were prepared for ``request(zkSystemSpec:docBytes:timestamp:)``, in the suite and
    ///     the size class of the specs that will be asked for.
    ///   - freshness: The number of seconds by which the time of a proof may differ from the verifier's clock.
    ///   - now: The clock.
    public init(
        wallet: VelumWallet = VelumWallet(), pool: VelumPool? = nil, freshness: TimeInterval = 300,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.wallet = wallet
        self.pool = pool
        self.freshness = freshness
        self.now = now
    }

    public var name: String { Self.name }

    /// The suites `direct` and `compact`, each in each size class.
    public var systemSpecs: [ZkSystemSpec] {
        [Suite.direct, .compact].flatMap { suite in
            SizeClass.allCases.map { sizeClass in
                let parameters = Parameters(suite: suite, sizeClass: sizeClass, predicates: [])
                let id = "\(Self.name)_\(suite)_\(sizeClass)"
                return ZkSystemSpec(zkSystemId: id, system: Self.name, params: parameters.asSpec)
            }
        }
    }

    /// Returns the first spec of this system whose version, suite and size class this build has, and that has room for
    /// the elements.
    public func getMatchingSystemSpec(zkSystemSpecs: [ZkSystemSpec], numAttributesRequested: Int64) -> ZkSystemSpec? {
        zkSystemSpecs.first { spec in
            guard let parameters = try? Parameters(spec) else { return false }
            return numAttributesRequested <= parameters.sizeClass.elements
        }
    }

    /// Proves from a `DeviceResponse` with one document, which its device has signed for the session.
    ///
    /// - Parameters:
    ///   - x: Not used. The issuer's key is taken from the document's certificate.
    ///   - y: Not used.
    ///   - timestamp: The time at which the document must be valid. It must be close to this device's clock.
    /// - Throws: ``VelumZkError`` or `VelumError`.
    public func generateProof(
        zkSystemSpec: ZkSystemSpec, docBytes: [UInt8], x: String?, y: String?, sessionTranscriptBytes: [UInt8], timestamp: Date
    ) throws -> ZkDocument {
        let parameters = try Parameters(zkSystemSpec)
        let document = try SourceDocument(docBytes)
        let revealed = document.elements.filter { !parameters.hides($0.name) }
        let question = Question(
            parameters: parameters, docType: document.docType, timestamp: timestamp, signer: document.certificates[0],
            revealed: revealed.map(\.name))
        let request = try question.request
        let clock = Clock.at(time: now())
        let (bytes, transcript) = (Data(docBytes), Data(sessionTranscriptBytes))
        let proof = try blocking { [wallet, pool] in
            if let pool {
                return try await pool.present(document: bytes, request: request, transcript: transcript, clock: clock)
                    .presentation
            }
            let prepared = try await wallet.prepare(
                document: bytes, request: request, sizeClass: parameters.sizeClass, suite: parameters.suite)
            return try await wallet.present(
                prepared: prepared, document: bytes, request: request, transcript: transcript, clock: clock)
        }
        var issuerSigned: [String: [String: CBOR]] = [:]
        for element in revealed {
            issuerSigned[element.name.namespace, default: [:]][element.name.element] = try CBOR(element.value)
        }
        let data = ZkDocumentData(
            zkSystemSpecId: zkSystemSpec.id, docType: document.docType, timestamp: question.timestamp,
            issuerSigned: issuerSigned, deviceSigned: [:], msoX5chain: document.certificates)
        return ZkDocument(documentData: data, proof: proof)
    }

    /// Verifies that everything the document claims was proven for the spec, in the session, recently, and from a
    /// document signed with the key of the first certificate in `msoX5chain`. **The caller decides whether to trust
    /// that certificate**, and must check that the elements are the ones that were asked for.
    ///
    /// - Throws: ``VelumZkError`` or `VelumError`.
    public func verifyProof(zkDocument: ZkDocument, zkSystemSpec: ZkSystemSpec, sessionTranscriptBytes: [UInt8]) throws {
        let parameters = try Parameters(zkSystemSpec)
        let data = zkDocument.documentData
        guard data.zkSystemSpecId == zkSystemSpec.id else { throw VelumZkError.otherSpec(data.zkSystemSpecId) }
        guard let signer = data.msoX5chain?.first else { throw VelumZkError.noCertificate }
        guard data.deviceSigned.values.allSatisfy(\.isEmpty) else { throw VelumZkError.deviceSignedElements }
        guard abs(data.timestamp.timeIntervalSince(now())) <= freshness else { throw VelumZkError.notFresh(data.timestamp) }
        let claimed = data.issuerSigned.flatMap { namespace, elements in
            elements.map { (ElementName(namespace: namespace, element: $0.key), $0.value) }
        }
        if let (name, _) = claimed.first(where: { parameters.hides($0.0) }) { throw VelumZkError.notProven(name) }
        let question = Question(
            parameters: parameters, docType: data.docType, timestamp: data.timestamp, signer: signer,
            revealed: claimed.map(\.0))
        let request = try question.request
        let (proof, transcript) = (zkDocument.proof, Data(sessionTranscriptBytes))
        let verified = try blocking {
            try await Velum.verify(
                presentation: proof, transcript: transcript, request: request, suites: [parameters.suite])
        }
        let learnt = verified.learnt.map(\.learnt)
        guard learnt.contains(.fitsClass(sizeClass: parameters.sizeClass)) else { throw VelumZkError.otherSizeClass }
        for (name, value) in claimed {
            let proven = learnt.lazy.compactMap { fact -> Value? in
                if case .holds(name, .disclose, let value) = fact { value } else { nil }
            }.first
            guard let proven, try value.says(proven) else { throw VelumZkError.notProven(name) }
        }
    }

    /// The request for which ``generateProof(zkSystemSpec:docBytes:x:y:sessionTranscriptBytes:timestamp:)`` makes its
    /// proof, so that a pool can be filled for it. Only the elements that will be asked for matter in the document.
    public func request(zkSystemSpec: ZkSystemSpec, docBytes: [UInt8], timestamp: Date) throws -> Data {
        let parameters = try Parameters(zkSystemSpec)
        let document = try SourceDocument(docBytes)
        let revealed = document.elements.map(\.name).filter { !parameters.hides($0) }
        return try Question(
            parameters: parameters, docType: document.docType, timestamp: timestamp, signer: document.certificates[0],
            revealed: revealed
        ).request
    }
}

/// Why a proof was not made or not accepted, in addition to the reasons of `VelumError`.
public enum VelumZkError: Error, Equatable, Sendable {
    /// The spec is of another system, or the named parameter is one that this build does not know.
    case unsupported(String)
    /// The bytes are not a `DeviceResponse` with one document.
    case notOneDocument
    /// There is no certificate of the document's signer.
    case noCertificate
    /// The proof was made for this other spec.
    case otherSpec(String)
    /// The proof was made at this time, which is too far from the clock.
    case notFresh(Date)
    /// The document claims elements that the device signed itself. They are not part of the mapping.
    case deviceSignedElements
    /// The size class of the proof is not the one of the spec.
    case otherSizeClass
    /// The document claims a value that the proof does not show.
    case notProven(ElementName)
    /// The value cannot be converted to CBOR.
    case unreadableValue
}
