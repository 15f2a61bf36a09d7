package dev.velum

import java.io.File
import java.math.BigInteger
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.PrivateKey
import java.security.PublicKey
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPoint
import java.security.spec.ECPrivateKeySpec
import java.security.spec.ECPublicKeySpec
import java.util.HexFormat

/** A real document of `testdata/`, with its session and a request that it satisfies. */
class Case(name: String) {
    private val folder = File(System.getProperty("velum.testdata"), name)
    val document: ByteArray = File(folder, "device_response.cbor").readBytes()
    val transcript: ByteArray = File(folder, "session_transcript.cbor").readBytes()
    val request: ByteArray = File(folder, "request.json").readBytes()
    private val facts = File(folder, "case.json").readText()

    /** The request with one text replaced by another. */
    fun request(from: String, to: String): ByteArray {
        val text = request.decodeToString()
        check(from in text)
        return text.replace(from, to).encodeToByteArray()
    }

    /** The device's private key, if it is public. */
    fun devicePrivateKey(): BigInteger =
        BigInteger(Regex("\"device_private_key\": \"(\\w+)\"").find(facts)!!.groupValues[1], 16)
}

/** A document that its device has signed. Nobody has the private key of the device. */
val MUSTERMANN = Case("mdl-mustermann")

/** A document that its device has not signed. The private key of the device is public. */
val DOE = Case("iso18013-5-annex-d")

const val DOC_TYPE = "org.iso.18013.5.1.mDL"

/** A key in software, in place of a key in a phone's hardware. */
class SoftwareSigner(private val publicKey: ByteArray, secret: BigInteger) : DeviceSigner {
    private val key: PrivateKey = KeyFactory.getInstance("EC").generatePrivate(ECPrivateKeySpec(secret, P256))
    var asked = 0

    override suspend fun publicKey(): ByteArray = publicKey

    override suspend fun sign(payload: ByteArray): ByteArray {
        asked += 1
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(payload)
            sign()
        }
    }

    companion object {
        private val P256: ECParameterSpec = AlgorithmParameters.getInstance("EC")
            .apply { init(ECGenParameterSpec("secp256r1")) }
            .getParameterSpec(ECParameterSpec::class.java)

        /** A `SubjectPublicKeyInfo`, the form in which Java and the Keystore write public keys. */
        private fun encoded(point: ByteArray): ByteArray {
            val coordinate = { from: Int -> BigInteger(1, point.copyOfRange(from, from + 32)) }
            val spec = ECPublicKeySpec(ECPoint(coordinate(1), coordinate(33)), P256)
            val key: PublicKey = KeyFactory.getInstance("EC").generatePublic(spec)
            return key.encoded
        }

        private fun deviceKey(case: Case): ByteArray =
            (Velum.inspect(case.document).single() as Inspection.Readable).document.deviceKey

        fun of(case: Case) = SoftwareSigner(encoded(deviceKey(case)), case.devicePrivateKey())
    }
}

fun hex(bytes: ByteArray): String = HexFormat.of().formatHex(bytes)
