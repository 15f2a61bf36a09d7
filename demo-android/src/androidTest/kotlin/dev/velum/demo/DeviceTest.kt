package dev.velum.demo

import dev.velum.ErrorCode
import dev.velum.VelumException
import dev.velum.VelumWallet
import dev.velum.code
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

/** Tests the app without its views. Runs on a phone, on an emulator, and on the JVM. */
class DeviceTest {
    @get:Rule
    val folder = TemporaryFolder()

    @Test
    fun anAnswerIsPreparedMadeAndAcceptedOnce() = runBlocking {
        VelumWallet().use { wallet ->
            Holder(wallet, folder.newFolder("pool"), ByteArray(32) { 7 }).use { holder ->
                val verifier = Verifier("a test")
                val question = Question.of(verifier.ask().message())
                assertTrue(holder.consent(question).size > 1)
                assertFalse(holder.answer(question).second)

                assertEquals(1, holder.fill(1))
                val (answer, prepared) = holder.answer(question)
                assertTrue(prepared)
                val changed = answer.clone().also { it[it.size - 1] = (it[it.size - 1] + 1).toByte() }
                val refusal = assertThrows(VelumException::class.java) { runBlocking { verifier.judge(changed) } }
                assertEquals(ErrorCode.PROOF_INVALID, refusal.code)
                assertTrue(verifier.judge(answer).any { "Doe" in it })
                assertThrows(NotUnderstood::class.java) { runBlocking { verifier.judge(answer) } }
            }
        }
        Unit
    }
}
