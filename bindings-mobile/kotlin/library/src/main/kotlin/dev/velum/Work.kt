package dev.velum

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow

/** The progress of work, or its result. */
public sealed interface Work<out T> {
    /** A stage begins when [fraction] of the work is done, 0 to 1. */
    public data class Progress(val stage: Stage, val fraction: Double) : Work<Nothing>

    /** The work is done. This is the last item of its flow. */
    public data class Done<T>(val result: T) : Work<T>
}

/** Does the work, and stops the native side if the coroutine is cancelled or the work fails otherwise. */
internal suspend fun <T> cancelling(work: suspend (Cancellation) -> T): T =
    Cancellation().use { cancellation ->
        try {
            work(cancellation)
        } catch (failure: Throwable) {
            cancellation.cancel()
            throw failure
        }
    }

/** A flow of the progress and the result of work. A slow collector may miss progress, but never the result. */
internal fun <T> working(work: suspend (ProgressListener) -> T): Flow<Work<T>> =
    callbackFlow<Work<T>> {
        val listener = object : ProgressListener {
            override fun onProgress(stage: Stage, fraction: Double) {
                trySend(Work.Progress(stage, fraction))
            }
        }
        trySend(Work.Done(work(listener)))
        close()
    }.buffer(Channel.CONFLATED)
