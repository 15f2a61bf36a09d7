// The parts of MdocDataModel18013 that the adapter and its tests use
// (github.com/eu-digital-identity-wallet/eudi-lib-ios-iso18013-data-model, version 0.23.1): the names and shapes of its
// interface for zero-knowledge proofs. In the real library the parameters keep their order. Here they do not.

import Foundation
import SwiftCBOR

/// A proof system that wallets can register.
public protocol ZkSystemProtocol: Sendable {
    /// The name by which requests identify the system.
    var name: String { get }

    /// The specs that the system supports.
    var systemSpecs: [ZkSystemSpec] { get }

    /// Proves from a response with one document. `x` and `y` are the coordinates of the issuer's key, if the caller
    /// knows them.
    func generateProof(
        zkSystemSpec: ZkSystemSpec, docBytes: [UInt8], x: String?, y: String?, sessionTranscriptBytes: [UInt8], timestamp: Date
    ) throws -> ZkDocument

    /// Throws unless the proof verifies.
    func verifyProof(zkDocument: ZkDocument, zkSystemSpec: ZkSystemSpec, sessionTranscriptBytes: [UInt8]) throws

    /// Returns the first of a request's specs that the system can serve for this many elements.
    func getMatchingSystemSpec(zkSystemSpecs: [ZkSystemSpec], numAttributesRequested: Int64) -> ZkSystemSpec?
}

public enum ZkParam: Sendable, Equatable {
    case intParam(Int64)
    case doubleParam(Double)
    case boolParam(Bool)
    case stringParam(String)

    public var intValue: Int64? {
        if case .intParam(let value) = self { value } else { nil }
    }

    public var stringValue: String? {
        if case .stringParam(let value) = self { value } else { nil }
    }
}

public typealias ZkParams = [String: ZkParam]

/// One way to use a proof system.
public struct ZkSystemSpec: Sendable, Identifiable {
    public let zkSystemId: String
    public let system: String
    public let params: ZkParams

    public var id: String { zkSystemId }

    public init(zkSystemId: String, system: String, params: ZkParams) {
        self.zkSystemId = zkSystemId
        self.system = system
        self.params = params
    }
}

/// A proof and its claims.
public struct ZkDocument: Sendable {
    public let documentData: ZkDocumentData
    public let proof: Data

    public init(documentData: ZkDocumentData, proof: Data) {
        self.documentData = documentData
        self.proof = proof
    }
}

/// The claims of a proof: the values by namespace and element, and the chain of the issuer's certificates, beginning
/// with the signer's certificate.
public struct ZkDocumentData: Sendable {
    public let zkSystemSpecId: String
    public let docType: String
    public let timestamp: Date
    public let issuerSigned: [String: [String: CBOR]]
    public let deviceSigned: [String: [String: CBOR]]
    public let msoX5chain: [[UInt8]]?

    public init(
        zkSystemSpecId: String, docType: String, timestamp: Date, issuerSigned: [String: [String: CBOR]],
        deviceSigned: [String: [String: CBOR]], msoX5chain: [[UInt8]]?
    ) {
        self.zkSystemSpecId = zkSystemSpecId
        self.docType = docType
        self.timestamp = timestamp
        self.issuerSigned = issuerSigned
        self.deviceSigned = deviceSigned
        self.msoX5chain = msoX5chain
    }
}
