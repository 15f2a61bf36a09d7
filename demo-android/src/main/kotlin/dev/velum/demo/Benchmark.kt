package dev.velum.demo

import dev.velum.Clock
import dev.velum.Memory
import dev.velum.SizeClass
import dev.velum.Velum
import dev.velum.VelumWallet
import java.io.File
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** The measurements of one proof, in milliseconds and bytes. The peak is null if the system does not report it. */
data class Sample(val prepare: Double, val present: Double, val verify: Double, val presentationBytes: Int, val peakBytes: Long?)

/** Proves repeatedly, and measures each proof. Cancelling the collector stops the benchmark. */
fun benchmark(wallet: VelumWallet, runs: Int, memory: Memory = Memory.NORMAL): Flow<Sample> = flow {
    // The keys are made once, and do not count towards the time of a proof.
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

/** The peak memory of the process. */
private fun peakBytes(): Long? = runCatching {
    File("/proc/self/status").readLines().first { it.startsWith("VmHWM:") }.filter(Char::isDigit).toLong() * 1024
}.getOrNull()
