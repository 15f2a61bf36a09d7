package dev.velum.demo

import dev.velum.Clock
import dev.velum.Memory
import dev.velum.SizeClass
import dev.velum.Velum
import dev.velum.VelumWallet
import java.io.File
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** One proof, measured: milliseconds, and bytes; the peak is null where the system does not tell it. */
data class Sample(val prepare: Double, val present: Double, val verify: Double, val presentationBytes: Int, val peakBytes: Long?)

/** Proves again and again, and measures. Cancelling its collector stops it. */
fun benchmark(wallet: VelumWallet, runs: Int, memory: Memory = Memory.NORMAL): Flow<Sample> = flow {
    // Keys are made once, and are no part of a proof's time.
    wallet.makeKeys(SizeClass.STANDARD)
    repeat(runs) {
        val question = Question.new("benchmark", Specimen.request)
        val transcript = question.transcript()
        val began = System.nanoTime()
        val proof = wallet.prepare(Specimen.document, question.request, memory = memory)
        val prepared = System.nanoTime()
        val presentation = proof.use {
            wallet.present(it, Specimen.document, question.request, transcript, Specimen, Clock.Any, memory = memory)
        }
        val presented = System.nanoTime()
        Velum.verify(presentation, transcript, question.request)
        val verified = System.nanoTime()
        emit(Sample(ms(began, prepared), ms(prepared, presented), ms(presented, verified), presentation.size, peakBytes()))
    }
}

private fun ms(from: Long, to: Long) = (to - from) / 1e6

/** The most memory that the process has held. */
private fun peakBytes(): Long? = runCatching {
    File("/proc/self/status").readLines().first { it.startsWith("VmHWM:") }.filter(Char::isDigit).toLong() * 1024
}.getOrNull()
