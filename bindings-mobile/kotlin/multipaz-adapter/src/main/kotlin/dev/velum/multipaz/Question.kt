package dev.velum.multipaz

import dev.velum.ElementName
import java.util.Base64
import kotlin.time.ExperimentalTime
import kotlin.time.Instant
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray

/** The inputs from which prover and verifier each make the request. Both must come to the same request. */
@OptIn(ExperimentalTime::class)
internal class Question(
    private val parameters: Parameters,
    private val docType: String,
    timestamp: Instant,
    /** The signer's certificate in DER. */
    private val signer: ByteArray,
    val revealed: Set<ElementName>,
) {
    /** In whole seconds, as it is transmitted. */
    val timestamp: Instant = Instant.fromEpochSeconds(timestamp.epochSeconds)

    /**
     * The request as JSON: first the predicates of the spec in their order, then the revealed elements in the order of
     * their names.
     */
    fun request(): ByteArray = buildJsonObject {
        put("doc_type", docType)
        put("now", timestamp.toString())
        putJsonArray("issuers") { addJsonObject { put("x509_pem", pem()) } }
        putJsonArray("predicates") {
            parameters.predicates.forEach { add(it.json) }
            revealed.sortedWith(compareBy({ it.namespace }, { it.element })).forEach { name ->
                addJsonObject {
                    put("namespace", name.namespace)
                    put("element", name.element)
                    put("disclose", true)
                }
            }
        }
    }.toString().encodeToByteArray()

    private fun pem(): String {
        val body = Base64.getMimeEncoder(64, "\n".encodeToByteArray()).encodeToString(signer)
        return "-----BEGIN CERTIFICATE-----\n$body\n-----END CERTIFICATE-----\n"
    }
}
