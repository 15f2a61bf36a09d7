package dev.velum

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test

class FullDiskTest {
    @Test
    fun `a full disk is named and what is there stays`(): Unit = runBlocking {
        val disk = Files.createTempDirectory("velum-disk")
        // The disk has room for one proof.
        assumeTrue(mounted(disk), "only root may mount a small disk")
        try {
            VelumWallet().use { wallet ->
                VelumPool(wallet, disk.resolve("pool").toFile(), ByteArray(32) { 7 }).use { pool ->
                    val failure = failure { pool.fill(MUSTERMANN.document, MUSTERMANN.request, 2) }
                    assertEquals(ErrorCode.STORE_FULL, failure.code, failure.problem.message)
                    assertEquals(1, pool.count(MUSTERMANN.document, MUSTERMANN.request))
                    val answer =
                        pool.present(MUSTERMANN.document, MUSTERMANN.request, MUSTERMANN.transcript, clock = Clock.Any)
                    assertTrue(answer.fromPool)
                }
            }
        } finally {
            run("umount", disk.toString())
            Files.delete(disk)
        }
    }

    private fun mounted(disk: Path) = run("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk.toString())

    private fun run(vararg words: String): Boolean = runCatching {
        ProcessBuilder(*words).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0
    }.getOrDefault(false)
}
