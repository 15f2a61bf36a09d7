package dev.velum

import java.nio.file.Path
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** Exchanges proofs with the `velum` command and with WebAssembly, in both directions. */
class CommandTest {
    @TempDir
    lateinit var path: Path

    @ParameterizedTest
    @MethodSource("commands")
    fun `a proof of either suite made here verifies there and not in another session`(command: Command) = runBlocking {
        val minted = minted(path.resolve("minted"))
        VelumWallet().use { wallet ->
            for (suite in listOf(Suite.DIRECT, Suite.COMPACT)) {
                val presentation = wallet.prepare(minted.document, minted.request, suite = suite, memory = Memory.LOW).use {
                    assertEquals(suite, it.suite())
                    wallet.present(it, minted.document, minted.request, minted.transcript, clock = Clock.Any)
                }
                val file = path.resolve("presentation.cbor").apply { writeBytes(presentation) }
                fun verify(transcript: String, status: Int) = command.run(
                    "verify", "--presentation", file.toString(), "--transcript", transcript,
                    "--request", minted.file("request.json").path, status = status,
                )
                assertTrue("\"Probe\"" in verify(minted.file("transcript.cbor").path, status = 0))
                val elsewhere = path.resolve("elsewhere.cbor").apply { writeBytes(MUSTERMANN.transcript) }
                assertTrue("proof_invalid" in verify(elsewhere.toString(), status = 1))
            }
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    fun `a proof of either suite made there verifies here`(command: Command) = runBlocking {
        val minted = minted(path.resolve("minted"))
        for (suite in listOf("direct", "compact")) {
            val out = path.resolve("$suite.cbor")
            command.run(
                "prove", "--document", minted.file("document.cbor").path, "--transcript", minted.file("transcript.cbor").path,
                "--request", minted.file("request.json").path, "--suite", suite, "--any-clock", "--out", out.toString(),
            )
            val learnt = Velum.verify(out.readBytes(), minted.transcript, minted.request).learnt
            assertTrue(learnt.any { it.learnt == Learnt.OfType(DOC_TYPE) })
            val failure = failure { Velum.verify(out.readBytes(), MUSTERMANN.transcript, minted.request) }
            assertEquals(ErrorCode.PROOF_INVALID, failure.code)
        }
    }

    companion object {
        @JvmStatic
        fun commands() = listOf(Command.NATIVE, Command.WEB_ASSEMBLY)
    }
}
