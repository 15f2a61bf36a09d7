package dev.velum

import java.io.File
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

suspend fun failure(work: suspend () -> Unit): VelumException = try {
    work()
    throw AssertionError("nothing failed")
} catch (failure: VelumException) {
    failure
}

class WalletTest {
    private suspend fun VelumWallet.prepared(case: Case = MUSTERMANN) = prepare(case.document, case.request)

    @Test
    fun `a holder prepares and presents and a verifier learns`() = runBlocking {
        VelumWallet().use { wallet ->
            val explanation = Velum.explain(MUSTERMANN.document, MUSTERMANN.request)
            assertTrue(explanation.predicates.all { it.problem == null })
            val work = wallet.preparing(MUSTERMANN.document, MUSTERMANN.request).toList()
            val fractions = work.filterIsInstance<Work.Progress>().map { it.fraction }
            assertEquals(fractions.sorted(), fractions)
            assertTrue(fractions.all { it in 0.0..1.0 })
            (work.last() as Work.Done).result.use { prepared ->
                assertEquals(SizeClass.STANDARD, prepared.sizeClass())
                assertEquals(DOC_TYPE, prepared.docType())
                val presentation = wallet.present(
                    prepared, MUSTERMANN.document, MUSTERMANN.request, MUSTERMANN.transcript, clock = Clock.Any,
                )
                assertTrue(prepared.isUsed())
                val learnt = Velum.verify(presentation, MUSTERMANN.transcript, MUSTERMANN.request).learnt
                assertTrue(learnt.any { it.learnt == Learnt.OfType(DOC_TYPE) })
                val again = failure {
                    wallet.present(prepared, MUSTERMANN.document, MUSTERMANN.request, MUSTERMANN.transcript, clock = Clock.Any)
                }
                assertEquals(ErrorCode.PREPARED_USED, again.code)
            }
        }
    }

    @Test
    fun `the device signs by callback`() = runBlocking {
        VelumWallet().use { wallet ->
            val signer = SoftwareSigner.of(DOE)
            val presentation = wallet.present(
                wallet.prepared(DOE), DOE.document, DOE.request, MUSTERMANN.transcript, signer, Clock.Any,
            )
            assertEquals(1, signer.asked)
            val learnt = Velum.verify(presentation, MUSTERMANN.transcript, DOE.request).learnt
            val name = learnt.map { it.learnt }.filterIsInstance<Learnt.Holds>().first { it.name.element == "family_name" }
            assertEquals(Condition.EqualTo(Value.Text("Doe")), name.condition)
        }
    }

    @Test
    fun `a signer that fails comes back typed and costs no proof`() = runBlocking {
        VelumWallet().use { wallet ->
            val prepared = wallet.prepared(DOE)
            suspend fun with(signer: DeviceSigner) = failure {
                wallet.present(prepared, DOE.document, DOE.request, MUSTERMANN.transcript, signer, Clock.Any)
            }
            val ours = SoftwareSigner.of(DOE)
            fun throwing(failure: Exception) = object : DeviceSigner by ours {
                override suspend fun sign(payload: ByteArray): ByteArray = throw failure
            }
            for ((thrown, code) in listOf(
                DeviceSignerException.Cancelled() to ErrorCode.SIGNER_CANCELLED,
                DeviceSignerException.Locked() to ErrorCode.SIGNER_LOCKED,
                DeviceSignerException.KeyCannotSign() to ErrorCode.SIGNER_KEY_CANNOT_SIGN,
                DeviceSignerException.Hardware("gone") to ErrorCode.SIGNER_HARDWARE,
                IllegalStateException("unexpected") to ErrorCode.SIGNER_HARDWARE,
            )) {
                val failure = with(throwing(thrown))
                assertInstanceOf(VelumException.Signer::class.java, failure)
                assertEquals(code, failure.code)
            }
            val other = object : DeviceSigner by ours {
                override suspend fun publicKey() =
                    (Velum.inspect(MUSTERMANN.document).single() as Inspection.Readable).document.deviceKey
            }
            assertEquals(ErrorCode.SIGNER_OTHER_KEY, with(other).code)
            val nonsense = object : DeviceSigner by ours {
                override suspend fun sign(payload: ByteArray) = ByteArray(64) { 7 }
            }
            assertEquals(ErrorCode.DEVICE_SIGNATURE, with(nonsense).code)
            assertEquals(0, ours.asked)
            assertFalse(prepared.isUsed())
        }
    }

    @Test
    fun `work stops when its coroutine is cancelled`() = runBlocking {
        VelumWallet().use { wallet ->
            wallet.makeKeys(SizeClass.STANDARD)
            val heard = AtomicInteger()
            val begun = CompletableDeferred<Unit>()
            val job = launch(Dispatchers.Default) {
                wallet.preparing(MUSTERMANN.document, MUSTERMANN.request).collect {
                    if (it is Work.Progress && heard.incrementAndGet() == 3) begun.complete(Unit)
                    check(it !is Work.Done)
                }
            }
            withTimeout(60_000) { begun.await() }
            job.cancel()
            job.join()
            assertTrue(job.isCancelled)
            // The next call waits until the work of the previous call has ended. The time that it takes is the time in
            // which that work stopped.
            val rest = heard.get()
            val asked = System.nanoTime()
            wallet.makeKeys(SizeClass.STANDARD)
            assertTrue(System.nanoTime() - asked < 5_000_000_000)
            assertEquals(rest, heard.get())
        }
    }

    @Test
    fun `native progress ends with the coroutine`() = runBlocking {
        Wallet().use { wallet ->
            val heard = AtomicInteger()
            val begun = CompletableDeferred<Unit>()
            val listener = object : ProgressListener {
                override fun onProgress(stage: Stage, fraction: Double) {
                    if (heard.incrementAndGet() == 3) begun.complete(Unit)
                }
            }
            val job = launch(Dispatchers.Default) {
                cancelling {
                    val options = PrepareOptions(cancellation = it, progress = listener)
                    wallet.prepare(MUSTERMANN.document, MUSTERMANN.request, options)
                }
            }
            withTimeout(60_000) { begun.await() }
            job.cancel()
            job.join()
            // A report that was under way when the flag was set may still arrive.
            delay(20)
            val after = heard.get()
            delay(1_000)
            assertEquals(after, heard.get())
        }
    }

    @Test
    fun `a listener that throws ends its call and the wallet goes on`() = runBlocking {
        VelumWallet().use { wallet ->
            val throwing = object : ProgressListener {
                override fun onProgress(stage: Stage, fraction: Double): Unit = throw IllegalStateException("on purpose")
            }
            val failure = failure {
                wallet.native.prepare(MUSTERMANN.document, MUSTERMANN.request, PrepareOptions(progress = throwing))
            }
            assertInstanceOf(VelumException.Internal::class.java, failure)
            wallet.prepared().close()
        }
    }

    @Test
    fun `a signer that waits for a person is left when the coroutine is cancelled`() = runBlocking {
        VelumWallet().use { wallet ->
            val prepared = wallet.prepared(DOE)
            val asked = CompletableDeferred<Unit>()
            val left = CompletableDeferred<Unit>()
            val ours = SoftwareSigner.of(DOE)
            val waiting = object : DeviceSigner by ours {
                override suspend fun sign(payload: ByteArray): ByteArray = try {
                    asked.complete(Unit)
                    awaitCancellation()
                } finally {
                    left.complete(Unit)
                }
            }
            val job = launch(Dispatchers.Default) {
                wallet.present(prepared, DOE.document, DOE.request, MUSTERMANN.transcript, waiting, Clock.Any)
            }
            withTimeout(10_000) { asked.await() }
            job.cancel()
            withTimeout(10_000) {
                job.join()
                left.await()
            }
            assertFalse(prepared.isUsed())
        }
    }

    @Test
    fun `twenty calls at once all come to an end`() = runBlocking {
        VelumWallet().use { wallet ->
            val calls = withContext(Dispatchers.Default) {
                List(20) { index ->
                    async {
                        if (index % 5 == 0) {
                            wallet.prepared().use { it.docType() }
                        } else {
                            wallet.preparing(MUSTERMANN.document, MUSTERMANN.request).first().toString()
                        }
                    }
                }.awaitAll()
            }
            assertEquals(4, calls.count { it == DOC_TYPE })
        }
    }

    @Test
    fun `a closed wallet ends its calls as they would have and takes no more`() = runBlocking {
        val wallet = VelumWallet()
        val begun = CompletableDeferred<Unit>()
        val running = async(Dispatchers.Default) {
            wallet.preparing(MUSTERMANN.document, MUSTERMANN.request).toList { begun.complete(Unit) }
        }
        begun.await()
        wallet.close()
        wallet.close()
        assertInstanceOf(Work.Done::class.java, running.await())
        assertThrows<IllegalStateException> { runBlocking { wallet.prepared() } }
        Unit
    }

    @Test
    fun `what is closed is gone and its threads with it`() = runBlocking {
        fun threads() = File("/proc/self/task").list().orEmpty().count { name ->
            runCatching { File("/proc/self/task/$name/comm").readText().startsWith("velum") }.getOrDefault(false)
        }
        val wallet = VelumWallet(WalletOptions(lowPower = true))
        val before = threads()
        val prepared = wallet.prepared()
        assertTrue(threads() > before)
        prepared.close()
        assertThrows<IllegalStateException> { prepared.docType() }
        wallet.close()
        assertThrows<IllegalStateException> { runBlocking { wallet.makeKeys(SizeClass.STANDARD) } }
        withTimeout(10_000) { while (threads() > before) delay(10) }
        repeat(100) { VelumWallet().close() }
        assertTrue(threads() <= before)
    }

    private suspend fun <T> kotlinx.coroutines.flow.Flow<T>.toList(each: () -> Unit): T {
        var last: T? = null
        collect {
            each()
            last = it
        }
        return last!!
    }
}
