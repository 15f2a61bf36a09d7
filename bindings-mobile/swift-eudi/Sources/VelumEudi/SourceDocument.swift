import Foundation
import SwiftCBOR
import Velum

/// The document that a proof is made from: the only document of a response.
struct SourceDocument {
    let docType: String
    let elements: [Element]
    /// The signer's certificate chain in DER. Never empty.
    let certificates: [[UInt8]]

    init(_ response: [UInt8]) throws {
        let inspections = try Velum.inspect(document: Data(response))
        guard inspections.count == 1 else { throw VelumZkError.notOneDocument }
        switch inspections[0] {
        case .readable(let document):
            docType = document.docType
            elements = document.elements
        case .unreadable(_, let problem):
            throw VelumError.Unreadable(problem: problem)
        }
        // The label of COSE's header x5chain (RFC 9360) is 33. It is in the unprotected one of two headers.
        guard
            case .array(let documents)? = try CBOR.decode(response)?[.utf8String("documents")],
            let issuerAuth = documents.first?[.utf8String("issuerSigned")]?[.utf8String("issuerAuth")],
            case .array(let parts) = issuerAuth, parts.count == 4
        else { throw VelumZkError.notOneDocument }
        switch parts[1][.unsignedInt(33)] {
        case .byteString(let certificate)?:
            certificates = [certificate]
        case .array(let chain)?:
            certificates = chain.compactMap { if case .byteString(let certificate) = $0 { certificate } else { nil } }
        default:
            certificates = []
        }
        if certificates.isEmpty { throw VelumZkError.noCertificate }
    }
}
