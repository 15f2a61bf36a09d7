package dev.velum

import dev.velum.receipt.ReceiptException
import dev.velum.receipt.ReceiptProfile
import dev.velum.receipt.VelumReceipt
import dev.velum.receipt.problem

/** The licence's request with a predicate that does not reveal too much. */
val ADULT: ByteArray = MUSTERMANN.request.decodeToString().substringBefore("\"predicates\"").plus(
    """"predicates": [{"namespace": "org.iso.18013.5.1", "element": "birth_date", "age_at_least": 18}]}""",
).encodeToByteArray()

/**
 * A presentation for aggregates, with the request and the session that it answers. No two presentations have the same
 * statement.
 */
suspend fun VelumWallet.foldable(): MarketInput {
    val (document, transcript) = MUSTERMANN.document to MUSTERMANN.transcript
    val presentation = prepare(document, ADULT, suite = Suite.AGGREGATABLE).use {
        present(it, document, ADULT, transcript, clock = Clock.Any)
    }
    return MarketInput(presentation, ADULT, transcript)
}

/** A verifier's verdict about a receipt, for its own request and session. */
suspend fun judge(receipt: ByteArray, request: ByteArray = ADULT, payee: ByteArray? = null): ReceiptVerdict =
    try {
        VelumReceipt.verify(receipt, request, MUSTERMANN.transcript, listOf(ReceiptProfile.STANDARD), payee)
        ReceiptVerdict.Holds
    } catch (refused: ReceiptException.Refused) {
        ReceiptVerdict.DoesNotHold(refused.problem.place)
    }
