package dev.velum

import java.io.File
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class SampleTest {
    private val signer = SoftwareSigner.of(DOE)

    private suspend fun VelumWallet.answered(signer: DeviceSigner, consents: Boolean, shown: MutableList<Double>) = answer(
        this, DOE.document, DOE.request, MUSTERMANN.transcript, signer, Clock.Any, { consents }, { shown += it },
    )

    @Test
    fun `the sample works`() = runBlocking {
        VelumWallet().use { wallet ->
            val shown = mutableListOf<Double>()
            val presentation = wallet.answered(signer, true, shown)!!
            Velum.verify(presentation, MUSTERMANN.transcript, DOE.request)
            assertEquals(shown.sorted(), shown)
            assertNull(wallet.answered(signer, false, shown))
            val unwilling = object : DeviceSigner by signer {
                override suspend fun sign(payload: ByteArray): ByteArray = throw DeviceSignerException.Cancelled()
            }
            assertNull(wallet.answered(unwilling, true, shown))
        }
    }

    @Test
    fun `the README has the samples`() {
        for (name in listOf("Sample", "MarketSample")) {
            val sample = File("src/test/kotlin/dev/velum/$name.kt").readText().split("// sample\n")[1]
            assertTrue(sample in File("../../README.md").readText(), "put the sample of $name into README.md as it is")
        }
    }
}
