package dev.velum

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * A wallet's blind credit at a market, for a [HandOff]. Each job that it pays has a key of its own, so that nobody can
 * tell which jobs belong to the same holder.
 *
 * Buy more tokens than one job takes, and before you know that there will be a job. Tokens that are bought and spent
 * within a minute are linked by the time, and by the device's address. A call that fails or is cancelled loses nothing:
 * the next call continues what it began. Calls may be made from any thread, and never block it.
 *
 * Each place that is loaded and saved belongs to one purse, in one process. An old copy of the purse is worth the
 * tokens that were not spent since.
 *
 * @param market the market where the tokens are spent. It needs no key
 * @param load returns what was saved last, or null if nothing was saved. Do not use a purse from within `load` or
 *   `save`: the purse waits for them
 * @param save saves the purse in place of what was saved before. It must save all of it or nothing. The purse does
 *   nothing until this function returns. Whoever can read the saved purse has the money
 */
public class VelumPurse(
    market: VelumMarket,
    load: suspend () -> String?,
    save: suspend (String) -> Unit,
) : AutoCloseable {
    internal val native = CreditPurse(market.native, OneAtATime(load, save))

    /**
     * Returns what is in the purse and worth something now, the oldest tokens first. One job is paid with tokens of one
     * holding. Each token is worth 100 units.
     */
    @Throws(VelumException::class)
    public suspend fun holdings(): List<CreditHolding> = cancelling { native.holdings(it) }

    /**
     * Buys tokens from an account, at most 4096. Tokens that an earlier call paid for and that arrive only now count
     * towards the number.
     *
     * @param key the account's 32 secret bytes (Ed25519). The account may belong to a backend or to another wallet, as
     *   well as to the holder
     */
    @Throws(VelumException::class)
    public suspend fun buy(key: ByteArray, tokens: Int) {
        require(tokens > 0) { "tokens is not positive" }
        cancelling { native.buy(key, tokens.toUInt(), it) }
    }

    /**
     * Takes back the rest of jobs that have ended, if a hand-off could not do so. Exchanges tokens of earlier epochs
     * for tokens that are valid for longer. Do not call it in the same minute as [buy], which would show who owns the
     * tokens.
     */
    @Throws(VelumException::class)
    public suspend fun collect(): Unit = cancelling { native.collect(it) }

    /**
     * Returns the market's signed keys under which the tokens were issued, as JSON. The market has to show every wallet
     * the same keys. `velum market audit` finds them in the market's log.
     */
    @Throws(VelumException::class)
    public suspend fun keys(): List<String> = cancelling { native.keys(it) }

    /** Closes the purse. What was saved stays where it is. */
    override fun close(): Unit = native.close()
}

/** Finishes each save before the next load begins, even if the call that saves is cancelled. */
private class OneAtATime(
    private val loading: suspend () -> String?,
    private val saving: suspend (String) -> Unit,
) : PurseStore {
    private val turn = Mutex()

    override suspend fun load(): String? = turn.withLock { loading() }

    override suspend fun save(purse: String): Unit = turn.withLock { withContext(NonCancellable) { saving(purse) } }
}
