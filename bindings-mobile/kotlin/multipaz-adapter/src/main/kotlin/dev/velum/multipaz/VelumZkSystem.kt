package dev.velum.multipaz

import dev.velum.Clock
import dev.velum.Condition
import dev.velum.ElementName
import dev.velum.Learnt
import dev.velum.Velum
import dev.velum.VelumException
import dev.velum.VelumPool
import dev.velum.VelumWallet
import dev.velum.code
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.ExperimentalTime
import kotlin.time.Instant
import kotlin.time.toJavaInstant
import kotlinx.coroutines.runBlocking
import kotlinx.io.bytestring.ByteString
import org.multipaz.cbor.Cbor
import org.multipaz.cbor.DataItem
import org.multipaz.crypto.X509Cert
import org.multipaz.mdoc.response.MdocDocument
import org.multipaz.mdoc.zkp.ProofVerificationFailureException
import org.multipaz.mdoc.zkp.ZkDocument
import org.multipaz.mdoc.zkp.ZkDocumentData
import org.multipaz.mdoc.zkp.ZkSystem
import org.multipaz.mdoc.zkp.ZkSystemSpec
import org.multipaz.request.RequestedClaim

/**
 * Velum as a proof system of Multipaz. Add it to a `ZkSystemRepository`.
 *
 * Elements of the document are revealed, unless the spec's parameter `predicates` names them. For a named element, the
 * predicate is proven and the value stays hidden. README.md describes the whole mapping, and what the interface cannot
 * express.
 *
 * The interface is synchronous: its calls block their thread until the proof is made. Do not call it on the main
 * thread.
 *
 * @param wallet keep one wallet in an app: it owns the threads that prove
 * @param pool holds proofs that were prepared for [request], in the suite and the size class of the specs that will be
 *   asked for
 * @param freshness how far the time of a proof may differ from the verifier's clock
 * @param now the clock
 */
@OptIn(ExperimentalTime::class)
public class VelumZkSystem(
    private val wallet: VelumWallet = VelumWallet(),
    private val pool: VelumPool? = null,
    private val freshness: Duration = 5.minutes,
    private val now: () -> Instant = { kotlin.time.Clock.System.now() },
) : ZkSystem {
    override val name: String get() = NAME

    /** The suites `direct` and `compact` in each size class. */
    override val systemSpecs: List<ZkSystemSpec> get() = Parameters.offered()

    /**
     * Returns the first spec of this system whose version, suite and size class this build has, and that has room for
     * the elements.
     */
    override fun getMatchingSystemSpec(
        zkSystemSpecs: List<ZkSystemSpec>,
        requestedClaims: List<RequestedClaim>,
    ): ZkSystemSpec? {
        if (requestedClaims.isEmpty()) return null
        return zkSystemSpecs.firstOrNull { spec ->
            Parameters.ofOrNull(spec)?.let { requestedClaims.size <= it.elements } == true
        }
    }

    /**
     * Proves from a document that its device has signed for the session.
     *
     * @param timestamp the time at which the document must be valid. It must be close to this device's clock
     * @throws VelumException
     * @throws IllegalArgumentException for a spec of another system
     */
    override fun generateProof(
        zkSystemSpec: ZkSystemSpec,
        document: MdocDocument,
        sessionTranscript: DataItem,
        timestamp: Instant,
    ): ZkDocument {
        val parameters = Parameters.of(zkSystemSpec)
        val question = question(parameters, document, timestamp)
        val (bytes, transcript) = Cbor.encode(document.toDataItem()) to Cbor.encode(sessionTranscript)
        val request = question.request()
        val clock = Clock.At(now().toJavaInstant())
        val proof = runBlocking {
            pool?.present(bytes, request, transcript, clock = clock)?.presentation
                ?: wallet.prepare(bytes, request, parameters.sizeClass, parameters.suite)
                    .use { wallet.present(it, bytes, request, transcript, clock = clock) }
        }
        val issuerSigned = document.issuerNamespaces.data
            .mapValues { (namespace, items) ->
                items.filterKeys { ElementName(namespace, it) in question.revealed }.mapValues { it.value.dataElementValue }
            }
            .filterValues { it.isNotEmpty() }
        val data = ZkDocumentData(
            zkSystemSpecId = zkSystemSpec.id,
            docType = document.docType,
            timestamp = question.timestamp,
            issuerSigned = issuerSigned,
            deviceSigned = emptyMap(),
            msoX5chain = document.issuerCertChain,
        )
        return ZkDocument(documentData = data, proof = ByteString(proof))
    }

    /**
     * Verifies that everything the document claims was proven for the spec, in the session, recently, and from a
     * document signed with the key of the first certificate in `msoX5chain`. **The caller decides whether to trust that
     * certificate**, and must check that the elements are the ones that were asked for.
     *
     * @throws ProofVerificationFailureException
     * @throws IllegalArgumentException for a spec of another system
     */
    override fun verifyProof(zkDocument: ZkDocument, zkSystemSpec: ZkSystemSpec, sessionTranscript: DataItem) {
        val parameters = Parameters.of(zkSystemSpec)
        val data = zkDocument.documentData
        demand(data.zkSystemSpecId == zkSystemSpec.id) { "the proof was made for the spec ${data.zkSystemSpecId}" }
        demand(data.deviceSigned.values.all { it.isEmpty() }) { "elements that the device signed itself are not part of a proof" }
        demand((data.timestamp - now()).absoluteValue <= freshness) { "the proof was made at ${data.timestamp}, too far from now" }
        val signer = data.msoX5chain?.certificates?.firstOrNull()
        demand(signer != null) { "there is no certificate in msoX5chain" }
        val claimed = buildMap {
            data.issuerSigned.forEach { (namespace, elements) ->
                elements.forEach { (element, value) -> put(ElementName(namespace, element), value) }
            }
        }
        val hidden = claimed.keys.firstOrNull(parameters::hides)
        demand(hidden == null) { "the value of ${hidden?.element} is claimed, but the spec has a predicate instead" }
        val question = Question(parameters, data.docType, data.timestamp, signer!!.encoded.toByteArray(), claimed.keys)
        val learnt = try {
            val (proof, transcript) = zkDocument.proof.toByteArray() to Cbor.encode(sessionTranscript)
            runBlocking { Velum.verify(proof, transcript, question.request(), listOf(parameters.suite)) }.learnt
        } catch (failure: VelumException) {
            throw ProofVerificationFailureException("${failure.code.name.lowercase()}: ${failure.message}")
        }.map { it.learnt }
        demand(Learnt.FitsClass(parameters.sizeClass) in learnt) { "the proof has another size class than the spec" }
        for ((name, value) in claimed) {
            val proven = learnt.filterIsInstance<Learnt.Holds>()
                .firstOrNull { it.name == name && it.condition == Condition.Disclose }?.value
            demand(proven != null && says(Cbor.encode(value), proven)) { "another value of ${name.element} was proven" }
        }
    }

    /**
     * The request for which [generateProof] makes its proof, so that a pool can be filled for it. Only the elements
     * that will be asked for matter in the document.
     */
    public fun request(zkSystemSpec: ZkSystemSpec, document: MdocDocument, timestamp: Instant): ByteArray =
        question(Parameters.of(zkSystemSpec), document, timestamp).request()

    private fun question(parameters: Parameters, document: MdocDocument, timestamp: Instant): Question {
        val signer: X509Cert = document.issuerCertChain.certificates.first()
        val names = document.issuerNamespaces.data.flatMap { (namespace, items) -> items.keys.map { ElementName(namespace, it) } }
        val revealed = names.filterNot(parameters::hides).toSet()
        return Question(parameters, document.docType, timestamp, signer.encoded.toByteArray(), revealed)
    }

    private inline fun demand(holds: Boolean, message: () -> String) {
        if (!holds) throw ProofVerificationFailureException(message())
    }

    public companion object {
        /** The name by which requests identify the system. */
        public const val NAME: String = "velum-stark-v1"
    }
}
