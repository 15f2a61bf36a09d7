package dev.velum

import java.time.Duration
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull

/** How long a cancelled hand-off may take to take its job back, in milliseconds. */
private const val TAKE_BACK_MS = 30_000L

/** The state of a hand-off, or its result. */
public sealed interface HandingOff {
    /** The hand-off continues. */
    public data class Progress(val progress: HandOffProgress) : HandingOff

    /** The receipt is there. This is the last item of its flow. */
    public data class Done(val result: HandedOff) : HandingOff
}

/**
 * Hands presentations off to markets. A presentation is submitted to one market at a time, the preferred one first. The
 * hand-off continues with the next market only when the previous market will not be paid for the job. This holds
 * whatever is lost on the way.
 *
 * Cancelling the coroutine of a hand-off, or the collector of its flow, takes the job back, for at most half a minute.
 * If the job was not taken back by then, or if a provider had already taken it, resume the hand-off from the saved
 * state. A [Cancellation] stops a hand-off as well, and waits for the outcome: if a provider has already taken the job,
 * the job is paid for, and its receipt comes.
 *
 * Run the hand-off of a presentation in one place at a time.
 *
 * @param save saves the state of the hand-off, in place of the state that was saved before. The hand-off does nothing
 *   until this function returns. The saved state is no secret, but whoever has it can take the job back. Delete it once
 *   the hand-off has ended
 * @param judge judges the receipt against the request and the session that were answered, as `VelumReceipt` does. If it
 *   throws, the hand-off throws an error with the code [ErrorCode.RECEIPT_NOT_JUDGED], and can be resumed
 * @param host the network
 * @param poll the interval between two requests for the state of a job. The default is two seconds
 * @param patience how long after a job's last deadline to keep asking a market that does not say how the job ended. The
 *   default is an hour
 * @param purses the purses that a wallet pays from. A market that was opened without a key is paid from the purse with
 *   its address. Resume a hand-off with the purses that it was begun with
 */
public class HandOff(
    private val save: suspend (String) -> Unit,
    private val judge: suspend (ByteArray) -> ReceiptVerdict,
    private val host: MarketHost = HttpMarketHost(),
    private val poll: Duration? = null,
    private val patience: Duration? = null,
    private val purses: List<VelumPurse> = emptyList(),
) {
    /**
     * Hands a presentation off from the beginning, and returns its receipt, which was judged.
     *
     * @throws VelumException
     */
    public suspend fun run(
        input: MarketInput,
        markets: List<VelumMarket>,
        offer: MarketOffer,
        cancellation: Cancellation? = null,
    ): HandedOff = begin(input, markets, offer, cancellation) {}

    /** Like [run], as a flow of progress that ends with the receipt. */
    public fun running(
        input: MarketInput,
        markets: List<VelumMarket>,
        offer: MarketOffer,
        cancellation: Cancellation? = null,
    ): Flow<HandingOff> = told { begin(input, markets, offer, cancellation, it) }

    /**
     * Resumes a hand-off from the state that was saved last. It needs no key. The input must be the one that the
     * hand-off was begun with.
     *
     * @throws VelumException
     */
    public suspend fun resume(input: MarketInput, saved: String, cancellation: Cancellation? = null): HandedOff =
        goOn(input, saved, cancellation) {}

    /** Like [resume], as a flow of progress that ends with the receipt. */
    public fun resuming(input: MarketInput, saved: String, cancellation: Cancellation? = null): Flow<HandingOff> =
        told { goOn(input, saved, cancellation, it) }

    private suspend fun begin(
        input: MarketInput,
        markets: List<VelumMarket>,
        offer: MarketOffer,
        cancellation: Cancellation?,
        listener: (HandOffProgress) -> Unit,
    ) = takingBack(cancellation) {
        handOff(host, keeper(listener), input, markets.map(VelumMarket::chosen), offer, options(it))
    }

    private suspend fun goOn(
        input: MarketInput,
        saved: String,
        cancellation: Cancellation?,
        listener: (HandOffProgress) -> Unit,
    ) = takingBack(cancellation) { resumeHandOff(host, keeper(listener), input, saved, options(it)) }

    private fun options(cancellation: Cancellation) = HandOffOptions(poll, patience, cancellation, purses = purses.map { it.native })

    private fun keeper(listener: (HandOffProgress) -> Unit) = object : HandOffKeeper {
        override suspend fun save(saved: String) = this@HandOff.save(saved)

        override suspend fun judge(receipt: ByteArray) = this@HandOff.judge(receipt)

        override fun onProgress(progress: HandOffProgress) = listener(progress)
    }
}

/** Does the work. If the coroutine is cancelled, the native side takes the job back before this function returns. */
private suspend fun takingBack(given: Cancellation?, work: suspend (Cancellation) -> HandedOff): HandedOff {
    val cancellation = given ?: Cancellation()
    // Not a child of the coroutine, because it would be cancelled with it.
    val running = CoroutineScope(currentCoroutineContext().minusKey(Job) + Job()).async { work(cancellation) }
    try {
        return running.await()
    } catch (failure: CancellationException) {
        cancellation.cancel()
        withContext(NonCancellable) { withTimeoutOrNull(TAKE_BACK_MS) { running.join() } }
        throw failure
    } finally {
        running.cancel()
        if (given == null) cancellation.close()
    }
}

/** A flow of the complete progress and the result of a hand-off. */
private fun told(work: suspend ((HandOffProgress) -> Unit) -> HandedOff): Flow<HandingOff> =
    channelFlow<HandingOff> {
        val result = work { trySend(HandingOff.Progress(it)) }
        send(HandingOff.Done(result))
    }.buffer(Channel.UNLIMITED)
