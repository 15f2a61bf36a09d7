package dev.velum.demo

import dev.velum.Clock
import dev.velum.Velum
import dev.velum.VelumPool
import dev.velum.VelumWallet
import java.io.File

/** The wallet. It keeps prepared answers for one card, and answers questions. */
class Holder(wallet: VelumWallet, folder: File, key: ByteArray) : AutoCloseable {
    private val pool = VelumPool(wallet, folder, key)

    /** What an answer would reveal, in words, line by line. */
    fun consent(question: Question): List<String> {
        val explanation = Velum.explain(Specimen.document, question.request)
        val problems = explanation.predicates.mapNotNull { it.problem?.message }
        return listOf("${question.origin} would learn:") + explanation.learnt.map { it.text } + problems
    }

    /** Has the device sign, and answers. Returns the presentation, and whether its long part was prepared before. */
    suspend fun answer(question: Question): Pair<ByteArray, Boolean> {
        // The card is from the past, and so are the questions about it.
        val answer = pool.present(Specimen.document, question.request, question.transcript(), Specimen, Clock.Any)
        return answer.presentation to answer.fromPool
    }

    /** The number of answers that are ready. */
    suspend fun ready(): Int = pool.count(Specimen.document, Specimen.request)

    /** Prepares answers until this many are ready. The prepared answers are kept if the call is cancelled. */
    suspend fun fill(wanted: Int = WANTED): Int = pool.fill(Specimen.document, Specimen.request, wanted)

    override fun close(): Unit = pool.close()

    companion object {
        const val WANTED = 3
    }
}
