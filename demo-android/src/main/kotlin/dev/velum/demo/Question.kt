package dev.velum.demo

import java.io.ByteArrayOutputStream
import java.security.MessageDigest
import java.security.SecureRandom
import java.util.Base64
import org.json.JSONException
import org.json.JSONObject

/** A message that was handed over is not what it should be. */
class NotUnderstood(message: String) : Exception(message)

/** The question of a verifier, as it is transmitted: see docs/hand-off.md. */
class Question(val origin: String, val nonce: ByteArray, val request: ByteArray) {
    /** The bytes that are transmitted. */
    fun message(): ByteArray = JSONObject()
        .put("origin", origin)
        .put("nonce", text(nonce))
        .put("request", JSONObject(request.decodeToString()))
        .toString().encodeToByteArray()

    /** The `SessionTranscript` to which an answer is bound. The verifier and the wallet compute it independently. */
    fun transcript(): ByteArray {
        val info = cbor {
            write(0x83)
            text(origin)
            text(text(nonce))
            write(NULL)
        }
        return cbor {
            write(byteArrayOf(0x83.toByte(), NULL.toByte(), NULL.toByte(), 0x82.toByte()))
            text("OpenID4VPDCAPIHandover")
            write(byteArrayOf(0x58, 0x20))
            write(MessageDigest.getInstance("SHA-256").digest(info))
        }
    }

    companion object {
        private const val NULL = 0xf6
        private const val MOST_BYTES = 1 shl 17

        /** Creates a question for a new session. */
        fun new(origin: String, request: ByteArray) = Question(origin, ByteArray(32).also(SecureRandom()::nextBytes), request)

        /**
         * Reads a question.
         *
         * @throws NotUnderstood
         */
        fun of(message: ByteArray): Question {
            if (message.size > MOST_BYTES) throw NotUnderstood("This is too large for a question.")
            try {
                val json = JSONObject(message.decodeToString(throwOnInvalidSequence = true))
                if (json.keys().asSequence().toSet() != setOf("origin", "nonce", "request")) throw NotUnderstood("This is not a question.")
                val origin = json.get("origin") as? String
                if (origin.isNullOrEmpty()) throw NotUnderstood("The question does not say who asks.")
                val written = json.get("nonce") as? String ?: throw NotUnderstood("The question has no nonce.")
                val nonce = Base64.getUrlDecoder().decode(written)
                // The decoder also accepts other texts. They would give another transcript here than at the verifier.
                if (text(nonce) != written) throw NotUnderstood("The question's nonce is not base64url without padding.")
                if (nonce.size !in 16..64) throw NotUnderstood("The question's nonce has ${nonce.size} bytes instead of 16 to 64.")
                return Question(origin, nonce, json.getJSONObject("request").toString().encodeToByteArray())
            } catch (failure: JSONException) {
                throw NotUnderstood("This is not a question: ${failure.message}")
            } catch (failure: IllegalArgumentException) {
                throw NotUnderstood("This is not a question: ${failure.message}")
            } catch (failure: CharacterCodingException) {
                throw NotUnderstood("This is not a question: ${failure.message}")
            }
        }

        private fun text(nonce: ByteArray) = Base64.getUrlEncoder().withoutPadding().encodeToString(nonce)

        private fun cbor(write: ByteArrayOutputStream.() -> Unit) = ByteArrayOutputStream().apply(write).toByteArray()

        private fun ByteArrayOutputStream.text(text: String) {
            val bytes = text.encodeToByteArray()
            when {
                bytes.size < 24 -> write(0x60 or bytes.size)
                bytes.size < 256 -> write(byteArrayOf(0x78, bytes.size.toByte()))
                bytes.size < 65_536 -> write(byteArrayOf(0x79) + bigEndian(bytes.size, 2))
                else -> write(byteArrayOf(0x7a) + bigEndian(bytes.size, 4))
            }
            write(bytes)
        }

        private fun bigEndian(number: Int, bytes: Int) = ByteArray(bytes) { (number ushr (8 * (bytes - 1 - it))).toByte() }
    }
}
