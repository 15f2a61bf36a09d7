// The parts of Multipaz that the adapter uses, restated in our own words: `multipaz` of openwallet-foundation/multipaz
// at 4d43fb4c611e5299445bfa816d01a0cbe6f37628, package org.multipaz.mdoc.zkp. The build against the real Multipaz
// leaves this folder out.
package org.multipaz.mdoc.zkp

import kotlin.time.Clock
import kotlin.time.ExperimentalTime
import kotlin.time.Instant
import kotlinx.io.bytestring.ByteString
import org.multipaz.cbor.DataItem
import org.multipaz.crypto.X509CertChain
import org.multipaz.mdoc.response.MdocDocument
import org.multipaz.request.RequestedClaim

@OptIn(ExperimentalTime::class)
interface ZkSystem {
    val name: String
    val systemSpecs: List<ZkSystemSpec>

    fun generateProof(
        zkSystemSpec: ZkSystemSpec,
        document: MdocDocument,
        sessionTranscript: DataItem,
        timestamp: Instant = Clock.System.now(),
    ): ZkDocument

    fun verifyProof(zkDocument: ZkDocument, zkSystemSpec: ZkSystemSpec, sessionTranscript: DataItem)

    fun getMatchingSystemSpec(zkSystemSpecs: List<ZkSystemSpec>, requestedClaims: List<RequestedClaim>): ZkSystemSpec?
}

/** In Multipaz the parameters have a type of their own. What the adapter uses of them is the same. */
data class ZkSystemSpec(val id: String, val system: String) {
    val values = mutableMapOf<String, Any>()

    inline fun <reified T> getParam(key: String): T? = values[key] as? T

    fun addParam(key: String, value: String) {
        values[key] = value
    }

    fun addParam(key: String, value: Long) {
        values[key] = value
    }
}

data class ZkDocument(val documentData: ZkDocumentData, val proof: ByteString)

@OptIn(ExperimentalTime::class)
data class ZkDocumentData(
    val zkSystemSpecId: String,
    val docType: String,
    val timestamp: Instant,
    val issuerSigned: Map<String, Map<String, DataItem>>,
    val deviceSigned: Map<String, Map<String, DataItem>>,
    val msoX5chain: X509CertChain?,
)

class ProofVerificationFailureException(message: String) : Exception(message)
