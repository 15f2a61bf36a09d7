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

/** How long a hand-off whose coroutine is cancelled has to take its job back, in milliseconds. */
private const val TAKE_BACK_MS = 30_000L

/** Where a hand-off stands, or what came of it. */
public sealed interface HandingOff {
    /** It goes on. */
    public data class Progress(val progress: HandOffProgress) : HandingOff

    /** The receipt is there: the last of its flow. */
    public data class Done(val result: HandedOff) : HandingOff
}

/**
 * Hands presentations off: to one market at a time, the preferred one first, and to the next only when the one before will not be paid for it, whatever is lost
 * on the way.
 *
 * Cancelling the coroutine of a hand-off, or the collector of its flow, takes the job back, for at most half a minute. What is not taken back by then, or was taken by a
 * provider already, is gone on with from what was saved. A [Cancellation] stops a hand-off as well, and waits for what comes of it: a job that some provider has
 * taken already is paid for, and its receipt comes.
 *
 * Run a presentation's hand-off in one place at a time.
 *
 * @param save saves where the hand-off stands, in place of what was saved before: nothing is done before it returns. What is saved is no secret, but who has it can take
 *   the job back. Remove it once the hand-off has ended
 * @param judge judges the receipt by the request and session that were answered, as `VelumReceipt` does. Where it throws, the hand-off ends with
 *   [ErrorCode.RECEIPT_NOT_JUDGED], and can be gone on with
 * @param host the network
 * @param poll between two questions where a job stands, two seconds unless named
 * @param patience after a job's last deadline, how long a market is still asked that does not say how the job ended; an hour unless named
 * @param purses what a wallet pays with: a market that was opened without a key is paid from the purse of its address. A hand-off is gone on with by those that it was begun with
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
     * Hands a presentation off from the beginning, and gives its receipt, which was judged.
     *
     * @throws VelumException
     */
    public suspend fun run(
        input: MarketInput,
        markets: List<VelumMarket>,
        offer: MarketOffer,
        cancellation: Cancellation? = null,
    ): HandedOff = begin(input, markets, offer, cancellation) {}

    /** The same as a flow of progress, which ends with the receipt. */
    public fun running(
        input: MarketInput,
        markets: List<VelumMarket>,
        offer: MarketOffer,
        cancellation: Cancellation? = null,
    ): Flow<HandingOff> = told { begin(input, markets, offer, cancellation, it) }

    /**
     * Goes on from what was saved last, without any key. The input is the one that it was begun with.
     *
     * @throws VelumException
     */
    public suspend fun resume(input: MarketInput, saved: String, cancellation: Cancellation? = null): HandedOff =
        goOn(input, saved, cancellation) {}

    /** The same as a flow of progress, which ends with the receipt. */
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

/** Works, and where the coroutine is cancelled has the native side take the job back before it is left. */
private suspend fun takingBack(given: Cancellation?, work: suspend (Cancellation) -> HandedOff): HandedOff {
    val cancellation = given ?: Cancellation()
    // Not a child of the coroutine's, which would be cancelled with it.
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

/** A flow of all progress of a hand-off, and what came of it. */
private fun told(work: suspend ((HandOffProgress) -> Unit) -> HandedOff): Flow<HandingOff> =
    channelFlow<HandingOff> {
        val result = work { trySend(HandingOff.Progress(it)) }
        send(HandingOff.Done(result))
    }.buffer(Channel.UNLIMITED)
