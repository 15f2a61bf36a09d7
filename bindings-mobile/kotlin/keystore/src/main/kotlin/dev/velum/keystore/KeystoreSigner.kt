package dev.velum.keystore

import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.UserNotAuthenticatedException
import dev.velum.DeviceSigner
import dev.velum.DeviceSignerException
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.KeyStore
import java.security.PrivateKey
import java.security.Signature
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Signs with a P-256 key of the Android Keystore. The document must have been issued to this key.
 *
 * @param alias the name of the key
 * @param authenticate asks the holder to agree to a signature, for example with a `BiometricPrompt` over a
 *   `CryptoObject` of the signature. It throws [DeviceSignerException.Cancelled] if the holder does not agree. Keys
 *   that require authentication for each use need it.
 */
public class KeystoreSigner(
    private val alias: String,
    private val authenticate: (suspend (Signature) -> Unit)? = null,
) : DeviceSigner {
    override suspend fun publicKey(): ByteArray = withContext(Dispatchers.IO) {
        typed {
            val certificate = store().getCertificate(alias) ?: throw missing()
            certificate.publicKey.encoded
        }
    }

    override suspend fun sign(payload: ByteArray): ByteArray {
        val signature = withContext(Dispatchers.IO) {
            typed {
                val key = store().getKey(alias, null) as? PrivateKey ?: throw missing()
                val info = KeyFactory.getInstance(key.algorithm, STORE).getKeySpec(key, KeyInfo::class.java)
                if (info.purposes and KeyProperties.PURPOSE_SIGN == 0) throw DeviceSignerException.KeyCannotSign()
                Signature.getInstance("SHA256withECDSA").apply { initSign(key) }
            }
        }
        authenticate?.invoke(signature)
        return withContext(Dispatchers.IO) {
            typed {
                signature.update(payload)
                signature.sign()
            }
        }
    }

    private fun store() = KeyStore.getInstance(STORE).apply { load(null) }

    private fun missing() = DeviceSignerException.Hardware("the Keystore has no key $alias")

    private inline fun <T> typed(work: () -> T): T = try {
        work()
    } catch (_: UserNotAuthenticatedException) {
        throw DeviceSignerException.Locked()
    } catch (failure: KeyPermanentlyInvalidatedException) {
        throw DeviceSignerException.Hardware("the key was invalidated for good: ${failure.message}")
    } catch (failure: GeneralSecurityException) {
        throw DeviceSignerException.Hardware(failure.toString())
    }

    private companion object {
        const val STORE = "AndroidKeyStore"
    }
}
