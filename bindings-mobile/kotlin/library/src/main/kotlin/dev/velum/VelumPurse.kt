package dev.velum

/**
 * A wallet's blind credit at a market, for a [HandOff]: jobs that it pays have keys of their own, so that nobody can tell which are of one holder. Tokens are worth
 * 100 units each, for three to six months.
 *
 * Buy more than one job takes, and before it is known that there is one: what is bought and spent within a minute is linked by that, and by the device's address.
 * One purse has one object, in one process. Calls may be made from any thread, and none holds it up.
 *
 * @param market what it is spent at, opened with the key of the account that buys, or without one where nothing is bought
 * @param load gives what was saved last, or nothing where nothing was
 * @param save saves the purse in place of what was saved before, whole or not at all: nothing is done before it returns. Whoever can read it has the money
 */
public class VelumPurse(
    private val market: VelumMarket,
    load: suspend () -> String?,
    save: suspend (String) -> Unit,
) : AutoCloseable {
    internal val native = CreditPurse(
        market.native,
        object : PurseStore {
            override suspend fun load() = load()

            override suspend fun save(purse: String) = save(purse)
        },
    )

    /** How many tokens are in it. */
    @Throws(VelumException::class)
    public suspend fun tokens(): Long = cancelling { native.tokens(it).toLong() }

    /**
     * Buys tokens from the account of the market's key, 4096 at most, and takes in what is left of earlier jobs. How many there are then. A call that fails may have
     * bought some: they come with the next one, and are paid once.
     */
    @Throws(VelumException::class)
    public suspend fun buy(tokens: Int): Long {
        require(tokens > 0) { "nothing is bought" }
        return cancelling { native.buy(market.key(), tokens.toUInt(), it).toLong() }
    }

    /** Takes in what is left of jobs that have ended. A hand-off does so when it ends: call this where the market could not be reached then. */
    @Throws(VelumException::class)
    public suspend fun collect(): Unit = cancelling { native.collect(it) }

    /** The market's signed keys that the tokens were issued under, as JSON. It has to show every wallet the same: `velum market audit` finds them in its log. */
    @Throws(VelumException::class)
    public suspend fun keys(): List<String> = cancelling { native.keys(it) }

    /** Forgets the purse, which stays where it was saved. */
    override fun close(): Unit = native.close()
}
