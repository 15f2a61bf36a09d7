package dev.velum.receipt

import java.io.File
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class VelumReceiptTest {
    private val testdata = File(System.getProperty("velum.testdata"))
    private val request = testdata.resolve("mdl-mustermann/request.json").readBytes()
    private val transcript = testdata.resolve("mdl-mustermann/session_transcript.cbor").readBytes()

    /** A recorded receipt, counted for this payee. */
    private val receipt = testdata.resolve("golden/receipt-standard.cbor").readBytes()
    private val payee = ByteArray(32) { 0x7a }

    private suspend fun refused(
        receipt: ByteArray = this.receipt,
        request: ByteArray = this.request,
        transcript: ByteArray = this.transcript,
        profiles: List<ReceiptProfile> = listOf(ReceiptProfile.STANDARD),
        payee: ByteArray? = null,
    ): ReceiptException = try {
        VelumReceipt.verify(receipt, request, transcript, profiles, payee)
        throw AssertionError("nothing was refused")
    } catch (refused: ReceiptException) {
        refused
    }

    @Test
    fun `a receipt tells what its presentation does and of its aggregate`() = runBlocking {
        val verified = VelumReceipt.verify(receipt, request, transcript, ReceiptProfile.entries, payee)
        assertEquals(ReceiptProfile.STANDARD, verified.profile)
        assertEquals(58u, verified.provenBits)
        assertEquals(2uL, verified.count)
        assertArrayEquals(payee, verified.payee)
        assertTrue(verified.learnt.any { "18 years or older" in it.text && "age_at_least" in it.json })
    }

    @Test
    fun `a receipt is of one session and request and payee and profile`() = runBlocking {
        val older = request.decodeToString().replace("\"age_at_least\": 18", "\"age_at_least\": 21").encodeToByteArray()
        val elsewhere = transcript.clone().also { it[it.lastIndex] = (it.last() + 1).toByte() }
        for ((failure, place) in listOf(
            refused(request = older) to "receipt.path",
            refused(transcript = elsewhere) to "receipt.path",
            refused(payee = ByteArray(32)) to "receipt.payee",
            refused(profiles = listOf(ReceiptProfile.PROVEN100)) to "receipt.profile",
        )) {
            assertInstanceOf(ReceiptException.Refused::class.java, failure)
            assertEquals("receipt_invalid" to place, failure.problem.code to failure.problem.place)
        }
    }

    @Test
    fun `what is no receipt and what is no option is unreadable`() = runBlocking {
        for (failure in listOf(
            refused(receipt = ByteArray(0)),
            refused(receipt = receipt.copyOf(receipt.size - 1)),
            refused(request = ByteArray(1)),
            refused(transcript = ByteArray(2)),
            refused(profiles = emptyList()),
            refused(payee = ByteArray(31)),
        )) {
            assertInstanceOf(ReceiptException.Unreadable::class.java, failure)
            assertEquals("malformed", failure.problem.code)
        }
    }
}
