package dev.velum.demo

import dev.velum.Velum

/** The verifier: asks, and judges answers by the question that it kept. */
class Verifier(private val origin: String) {
    private var asked: Question? = null

    /** Asks in a new session. */
    fun ask(): Question = Question.new(origin, Specimen.request).also { asked = it }

    /** What is learnt, in words. A session ends with the answer that is accepted. */
    suspend fun judge(presentation: ByteArray): List<String> {
        val question = asked ?: throw NotUnderstood("Nothing was asked.")
        val learnt = Velum.verify(presentation, question.transcript(), question.request).learnt
        if (asked === question) asked = null
        return learnt.map { it.text }
    }
}
