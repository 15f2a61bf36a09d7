package dev.velum.demo

import dev.velum.DeviceSigner
import dev.velum.Inspection
import dev.velum.Velum
import java.math.BigInteger
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPrivateKeySpec
import org.json.JSONObject

/**
 * The licence of ISO/IEC 18013-5, Annex D. Its device key is public, so anyone can present it. A real wallet signs with
 * a `KeystoreSigner`.
 */
object Specimen : DeviceSigner {
    val document: ByteArray = resource("device_response.cbor")
    val request: ByteArray = resource("request.json")
    private val secret = BigInteger(JSONObject(resource("case.json").decodeToString()).getString("device_private_key"), 16)

    override suspend fun publicKey(): ByteArray = (Velum.inspect(document).single() as Inspection.Readable).document.deviceKey

    override suspend fun sign(payload: ByteArray): ByteArray {
        val parameters = AlgorithmParameters.getInstance("EC").apply { init(ECGenParameterSpec("secp256r1")) }
        val curve = parameters.getParameterSpec(ECParameterSpec::class.java)
        val key = KeyFactory.getInstance("EC").generatePrivate(ECPrivateKeySpec(secret, curve))
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(payload)
            sign()
        }
    }

    private fun resource(name: String): ByteArray =
        requireNotNull(javaClass.getResourceAsStream("/specimen/$name")) { "the app lacks $name" }.use { it.readBytes() }
}
