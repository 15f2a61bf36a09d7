package dev.velum

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * A wallet's blind credit at a market, for a [HandOff]: jobs that it pays have keys of their own, so that nobody can tell which are of one holder.
 *
 * Buy more than one job takes, and before it is known that there is one: what is bought and spent within a minute is linked by that, and by the device's address. A call that
 * fails or is cancelled loses nothing: what it began is gone on with by the next one. Calls may be made from any thread, and none holds it up.
 *
 * One place that is loaded and saved has one purse, in one process. An old copy of it is worth what was not spent since.
 *
 * @param market what it is spent at. It takes no key
 * @param load gives what was saved last, or nothing where nothing was. Use no purse from within it, nor from `save`: it waits for them
 * @param save saves the purse in place of what was saved before, whole or not at all: nothing is done before it returns. Whoever can read it has the money
 */
public class VelumPurse(
    market: VelumMarket,
    load: suspend () -> String?,
    save: suspend (String) -> Unit,
) : AutoCloseable {
    internal val native = CreditPurse(market.native, OneAtATime(load, save))

    /** What is in it and worth something now, the oldest first. One job is paid with tokens of one holding, each worth 100 units. */
    @Throws(VelumException::class)
    public suspend fun holdings(): List<CreditHolding> = cancelling { native.holdings(it) }

    /**
     * Buys tokens from an account, 4096 at most, less those that an earlier call has paid for and not brought.
     *
     * @param key the account's 32 secret bytes (Ed25519): of a backend or of another wallet as well as the holder's own
     */
    @Throws(VelumException::class)
    public suspend fun buy(key: ByteArray, tokens: Int) {
        require(tokens > 0) { "nothing is bought" }
        cancelling { native.buy(key, tokens.toUInt(), it) }
    }

    /**
     * Takes back what is left of jobs that have ended, where a hand-off could not, and turns tokens of earlier epochs into such as are good for longer. Not in the same minute
     * as [buy], which would show whose they are.
     */
    @Throws(VelumException::class)
    public suspend fun collect(): Unit = cancelling { native.collect(it) }

    /** The market's signed keys that the tokens were issued under, as JSON. It has to show every wallet the same: `velum market audit` finds them in its log. */
    @Throws(VelumException::class)
    public suspend fun keys(): List<String> = cancelling { native.keys(it) }

    /** Forgets the purse, which stays where it was saved. */
    override fun close(): Unit = native.close()
}

/** What is saved is saved whole before the next is loaded, also where the call that saves it is cancelled. */
private class OneAtATime(
    private val loading: suspend () -> String?,
    private val saving: suspend (String) -> Unit,
) : PurseStore {
    private val turn = Mutex()

    override suspend fun load(): String? = turn.withLock { loading() }

    override suspend fun save(purse: String): Unit = turn.withLock { withContext(NonCancellable) { saving(purse) } }
}
