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

/** A real document of `testdata/`, with its session and a request that it meets. */
class Case(name: String) {
    private val folder = File(System.getProperty("velum.testdata"), name)
    val document: ByteArray = File(folder, "device_response.cbor").readBytes()
    val transcript: ByteArray = File(folder, "session_transcript.cbor").readBytes()
    val request: ByteArray = File(folder, "request.json").readBytes()
    private val facts = File(folder, "case.json").readText()

    /** The request with one text in place of another. */
    fun request(from: String, to: String): ByteArray {
        val text = request.decodeToString()
        check(from in text)
        return text.replace(from, to).encodeToByteArray()
    }

    /** The device's private key, where it is public. */
    fun devicePrivateKey(): BigInteger =
        BigInteger(Regex("\"device_private_key\": \"(\\w+)\"").find(facts)!!.groupValues[1], 16)
}

/** Signed by its device, whose key nobody has. */
val MUSTERMANN = Case("mdl-mustermann")

/** Not signed by its device, whose key is public. */
val DOE = Case("iso18013-5-annex-d")

const val DOC_TYPE = "org.iso.18013.5.1.mDL"

/** A key of Java's own, where a phone has one in its hardware. */
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

        /** A `SubjectPublicKeyInfo`, as Java and the Keystore write public keys. */
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
