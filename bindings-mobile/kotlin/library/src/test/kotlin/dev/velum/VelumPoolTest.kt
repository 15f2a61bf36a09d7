package dev.velum

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

private val KEY = ByteArray(32) { 7 }

private fun pool(wallet: VelumWallet, folder: File, key: ByteArray = KEY) = VelumPool(wallet, folder, key)

private suspend fun VelumPool.count() = count(MUSTERMANN.document, MUSTERMANN.request)

private suspend fun VelumPool.fill(wanted: Int) = fill(MUSTERMANN.document, MUSTERMANN.request, wanted)

private suspend fun VelumPool.present() =
    present(MUSTERMANN.document, MUSTERMANN.request, MUSTERMANN.transcript, clock = Clock.Any)

class VelumPoolTest {
    @TempDir
    lateinit var path: Path

    private val folder get() = path.resolve("pool").toFile()

    @Test
    fun `a proof is taken once by two coroutines`() = runBlocking {
        VelumWallet().use { wallet ->
            pool(wallet, folder).use { pool ->
                assertEquals(1, pool.fill(1))
                assertEquals(0, pool.fill(1))
                val answers = List(2) { async(Dispatchers.Default) { pool.present() } }.awaitAll()
                assertEquals(1, answers.count { it.fromPool })
                answers.forEach { Velum.verify(it.presentation, MUSTERMANN.transcript, MUSTERMANN.request) }
                assertEquals(0, pool.count())
            }
        }
    }

    @Test
    fun `a proof is taken once by two processes`() = runBlocking {
        VelumWallet().use { wallet -> pool(wallet, folder).use { it.fill(1) } }
        val children = List(2) { child("present") }
        val answers = children.map { it.inputStream.reader().readText().trim() }
        assertTrue(children.all { it.waitFor() == 0 })
        assertEquals(listOf("made", "taken"), answers.sorted())
    }

    @Test
    fun `a process that is killed half-way loses no proof of others and leaves none half done`() = runBlocking {
        VelumWallet().use { wallet ->
            pool(wallet, folder).use { pool ->
                assertEquals(1, pool.fill(1))
                val child = child("fill")
                // The first line says that the process proves.
                assertEquals("proving", child.inputStream.bufferedReader().readLine())
                child.destroyForcibly().waitFor()
                val count = pool.count()
                assertTrue(count >= 1)
                repeat(count) { assertTrue(pool.present().fromPool) }
                assertEquals(0, pool.count())
            }
        }
    }

    @Test
    fun `another key opens nothing and loses nothing`() = runBlocking {
        VelumWallet().use { wallet ->
            assertEquals(ErrorCode.MALFORMED, assertThrows<VelumException> { pool(wallet, folder, ByteArray(31)) }.code)
            pool(wallet, folder).use { ours ->
                ours.fill(1)
                pool(wallet, folder, ByteArray(32)).use { other ->
                    val failure = failure { other.present() }
                    assertInstanceOf(VelumException.Pool::class.java, failure)
                    assertEquals(ErrorCode.OTHER_KEY, failure.code)
                }
                assertEquals(1, ours.count())
            }
        }
    }

    @Test
    fun `proofs go with their document`() = runBlocking {
        VelumWallet().use { wallet ->
            pool(wallet, folder).use { pool ->
                pool.fill(1)
                assertEquals(emptyList<DroppedProof>(), pool.sweep(listOf(MUSTERMANN.document)))
                assertEquals(listOf(DropReason.DOCUMENT), pool.sweep(listOf(DOE.document)).map { it.why })
                assertEquals(0, pool.clear())
            }
        }
    }

    @Test
    fun `a pool that cannot hold more says so`() = runBlocking {
        VelumWallet().use { wallet ->
            VelumPool(wallet, folder, KEY, PoolOptions(entries = 0u)).use { pool ->
                assertEquals(ErrorCode.POOL_FULL, failure { pool.fill(1) }.code)
            }
            val file = Files.createFile(path.resolve("file")).toFile()
            assertEquals(ErrorCode.STORE_FAILED, assertThrows<VelumException> { pool(wallet, file) }.code)
        }
    }

    @Test
    fun `a sealer of the app's is asked`() = runBlocking {
        val refusing = object : Sealer {
            override suspend fun seal(plain: ByteArray, associated: ByteArray): ByteArray =
                throw SealerException.Refused("locked")

            override suspend fun open(sealed: ByteArray, associated: ByteArray): ByteArray =
                throw SealerException.DoesNotOpen()
        }
        VelumWallet().use { wallet ->
            VelumPool(wallet, folder, refusing).use { pool ->
                assertEquals(ErrorCode.SEALER_REFUSED, failure { pool.fill(1) }.code)
            }
        }
    }

    private fun child(verb: String): Process = ProcessBuilder(
        File(System.getProperty("java.home"), "bin/java").path,
        "-cp", System.getProperty("java.class.path"),
        "-Djna.library.path=${System.getProperty("jna.library.path")}",
        "-Dvelum.testdata=${System.getProperty("velum.testdata")}",
        "dev.velum.PoolProcess", verb, folder.path,
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
}

/** The program that the tests run in a process of its own. */
object PoolProcess {
    @JvmStatic
    fun main(arguments: Array<String>): Unit = runBlocking {
        val (verb, folder) = arguments
        VelumWallet().use { wallet ->
            pool(wallet, File(folder)).use { pool ->
                if (verb == "present") {
                    println(if (pool.present().fromPool) "taken" else "made")
                } else {
                    pool.filling(MUSTERMANN.document, MUSTERMANN.request, 10).collect {
                        if (it is Work.Progress) println("proving")
                    }
                }
            }
        }
    }
}
