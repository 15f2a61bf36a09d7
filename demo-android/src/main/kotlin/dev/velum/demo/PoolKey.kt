package dev.velum.demo

import android.content.Context
import java.io.File
import java.security.SecureRandom

/**
 * The key of the pool. It is stored next to the pool, which protects nothing. A wallet encrypts it under a key of the
 * Keystore.
 */
object PoolKey {
    fun of(context: Context): ByteArray {
        val file = File(context.noBackupFilesDir, "pool.key")
        if (!file.exists()) file.writeBytes(ByteArray(32).also(SecureRandom()::nextBytes))
        return file.readBytes()
    }
}
