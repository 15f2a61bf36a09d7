package dev.velum.demo

import dev.velum.Velum

/** The verifier. It asks, and judges answers against the question that it kept. */
class Verifier(private val origin: String) {
    private var asked: Question? = null

    /** Asks a question in a new session. */
    fun ask(): Question = Question.new(origin, Specimen.request).also { asked = it }

    /** Verifies an answer and returns what was learnt, in words. The session ends with the answer that is accepted. */
    suspend fun judge(presentation: ByteArray): List<String> {
        val question = asked ?: throw NotUnderstood("Nothing was asked.")
        val learnt = Velum.verify(presentation, question.transcript(), question.request).learnt
        if (asked === question) asked = null
        return learnt.map { it.text }
    }
}
