package dev.velum

import java.security.SecureRandom

/** Bytes of a secret key. */
private const val KEY_BYTES = 32

/**
 * A market at an address, where others fold presentations into one proof. Whoever hands in and pays with its key can be linked to what it hands in: see the linking
 * that `docs/market.md` tells of. A wallet pays from a [VelumPurse].
 *
 * It holds a copy of the key until it is closed. Calls may be made from any thread, and none holds it up. Cancelling the coroutine of a call ends the call.
 *
 * @param url of `https`, or of `http` on this very machine
 * @param key 32 secret bytes (Ed25519), the account there. Reading takes none
 * @param id names the market for good, as [info] tells it: with it nobody else's market can take its place
 * @param host the network
 */
public class VelumMarket(
    public val url: String,
    key: ByteArray? = null,
    id: String? = null,
    host: MarketHost = HttpMarketHost(),
) : AutoCloseable {
    internal val native = MarketClient(url, host, id)
    private val secret = key?.copyOf()

    /** Who the market is. */
    @Throws(VelumException::class)
    public suspend fun info(): MarketInfo = cancelling { native.market(it) }

    /** What a job is likely to cost, and how long it is likely to take. Nothing is handed over, and nothing says who asks. */
    @Throws(VelumException::class)
    public suspend fun quote(input: MarketInput, offer: MarketOffer): Estimate =
        cancelling { native.quote(input, offer, it) }

    /** Where a job stands. */
    @Throws(VelumException::class)
    public suspend fun status(job: String): JobStatus = cancelling { native.status(job, it) }

    /** Takes a job back, which is possible until its batch has closed. A hand-off that is under way is stopped by cancelling it. */
    @Throws(VelumException::class)
    public suspend fun cancel(job: String): JobStatus = cancelling { native.cancel(key(), job, it) }

    /** The receipt of a settled job, as the market has it. Verify it: nobody has. */
    @Throws(VelumException::class)
    public suspend fun receipt(job: String): ByteArray = cancelling { native.receipt(job, it) }

    /** What the holder of the key has here. */
    @Throws(VelumException::class)
    public suspend fun account(): MarketAccount = cancelling { native.account(key(), it) }

    /**
     * Deposits demo money, which is worth nothing, where the market has a way in for it.
     *
     * @param idempotencyKey 16 to 64 characters: a deposit that is sent again under it counts once
     */
    @Throws(VelumException::class)
    public suspend fun deposit(amount: Long, idempotencyKey: String? = null): MarketAccount {
        require(amount >= 0) { "amount is negative" }
        return cancelling { native.deposit(key(), amount.toULong(), idempotencyKey, it) }
    }

    /** Wipes the key. Calls that run end as they would have. */
    override fun close() {
        secret?.fill(0)
        native.close()
    }

    /** The market with its key, where it has one, for a hand-off. */
    internal fun chosen() = ChosenMarket(native, secret)

    private fun key(): ByteArray = checkNotNull(secret) { "the market $url was opened without a key" }

    public companion object {
        /** A new secret key, which the app keeps: whoever has it has what is deposited under it. */
        public fun newKey(): ByteArray = ByteArray(KEY_BYTES).also(SecureRandom()::nextBytes)

        /** How accounts and payees name the holder of a key. */
        @Throws(VelumException::class)
        public fun ownerOf(key: ByteArray): String = dev.velum.ownerOf(key)

        /** Why the answer to a request (JSON or CBOR) is for its verifier alone, in words; nothing, where it may be handed off. */
        @Throws(VelumException::class)
        public fun mayHandOff(request: ByteArray): List<String> = dev.velum.mayHandOff(request)
    }
}
