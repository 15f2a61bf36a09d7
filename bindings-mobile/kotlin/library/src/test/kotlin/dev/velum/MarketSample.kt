package dev.velum

import dev.velum.receipt.ReceiptException
import dev.velum.receipt.ReceiptProfile
import dev.velum.receipt.VelumReceipt
import dev.velum.receipt.problem
import java.io.File
import java.time.Duration

// sample
/** Hands a presentation to the first market that takes it, and returns the receipt. Resumes a hand-off that a crash interrupted. */
suspend fun fold(
    markets: List<VelumMarket>,
    input: MarketInput,
    file: File,
    purses: List<VelumPurse>,
    show: (HandOffProgress) -> Unit,
): ByteArray? {
    if (VelumMarket.mayHandOff(input.request).isNotEmpty()) return null
    val offer = MarketOffer(
        profile = AggregateProfile.STANDARD,
        minimum = 100uL,
        maximum = 1000uL,
        company = Company(maxWait = Duration.ofSeconds(20), presentations = 2uL),
    )
    val handOff = HandOff(
        save = { saved -> replace(file, saved) },
        judge = { receipt ->
            try {
                VelumReceipt.verify(receipt, input.request, input.transcript, listOf(ReceiptProfile.STANDARD))
                ReceiptVerdict.Holds
            } catch (refused: ReceiptException.Refused) {
                ReceiptVerdict.DoesNotHold(refused.problem.message)
            }
        },
        purses = purses,
    )
    val steps = if (file.exists()) handOff.resuming(input, file.readText()) else handOff.running(input, markets, offer)
    var receipt: ByteArray? = null
    steps.collect { step ->
        when (step) {
            is HandingOff.Progress -> show(step.progress)
            is HandingOff.Done -> receipt = step.result.receipt
        }
    }
    file.delete()
    return receipt
}

/** Replaces the file's text. A crash leaves the old text or the new text, and no part of either. */
private fun replace(file: File, text: String) {
    val next = File(file.path + ".next").apply { writeText(text) }
    check(next.renameTo(file)) { "$file cannot be written" }
}
// sample
