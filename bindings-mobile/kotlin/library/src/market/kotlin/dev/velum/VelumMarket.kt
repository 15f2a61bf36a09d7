package dev.velum

import java.security.SecureRandom

/** The length of a secret key in bytes. */
private const val KEY_BYTES = 32

/**
 * A market at an address, where others fold presentations into one proof. Whoever submits and pays with one key can be
 * linked to everything that is submitted with this key: see what `docs/market.md` says about linking. A wallet pays
 * from a [VelumPurse].
 *
 * It holds a copy of the key until it is closed. Calls may be made from any thread, and never block it. Cancelling the
 * coroutine of a call ends the call.
 *
 * @param url has the scheme `https`, or `http` for this machine only
 * @param key 32 secret bytes (Ed25519): the account at the market. Calls that only read need no key
 * @param id identifies the market permanently, as [info] returns it. With an id, no other market can take its place
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

    /** Returns the market's id, its proof systems, and the time on its clock. */
    @Throws(VelumException::class)
    public suspend fun info(): MarketInfo = cancelling { native.market(it) }

    /**
     * Estimates what a job will cost and how long it will take. The presentation is not submitted, and the request does
     * not reveal who asks.
     */
    @Throws(VelumException::class)
    public suspend fun quote(input: MarketInput, offer: MarketOffer): Estimate =
        cancelling { native.quote(input, offer, it) }

    /** Returns the state of a job. */
    @Throws(VelumException::class)
    public suspend fun status(job: String): JobStatus = cancelling { native.status(job, it) }

    /** Takes a job back, which is possible until its batch closes. To stop a running hand-off, cancel the hand-off. */
    @Throws(VelumException::class)
    public suspend fun cancel(job: String): JobStatus = cancelling { native.cancel(key(), job, it) }

    /** Returns the receipt of a settled job, as the market has it. The receipt has not been verified: verify it. */
    @Throws(VelumException::class)
    public suspend fun receipt(job: String): ByteArray = cancelling { native.receipt(job, it) }

    /** Returns what the holder of the key has at the market. */
    @Throws(VelumException::class)
    public suspend fun account(): MarketAccount = cancelling { native.account(key(), it) }

    /**
     * Deposits demo money, which is worth nothing, if the market accepts it.
     *
     * @param idempotencyKey 16 to 64 characters. A deposit that is sent again with the same key counts once
     */
    @Throws(VelumException::class)
    public suspend fun deposit(amount: Long, idempotencyKey: String? = null): MarketAccount {
        require(amount >= 0) { "amount is negative" }
        return cancelling { native.deposit(key(), amount.toULong(), idempotencyKey, it) }
    }

    /** Wipes the key. Running calls end normally. */
    override fun close() {
        secret?.fill(0)
        native.close()
    }

    /** The market with its key, if it has one, for a hand-off. */
    internal fun chosen() = ChosenMarket(native, secret)

    private fun key(): ByteArray = checkNotNull(secret) { "the market $url was opened without a key" }

    public companion object {
        /**
         * Generates a new secret key, which the app must keep. Whoever has the key has the money that is deposited
         * under it.
         */
        public fun newKey(): ByteArray = ByteArray(KEY_BYTES).also(SecureRandom()::nextBytes)

        /** Returns the name by which accounts and payees identify the holder of a key. */
        @Throws(VelumException::class)
        public fun ownerOf(key: ByteArray): String = dev.velum.ownerOf(key)

        /**
         * Returns why the answer to a request (JSON or CBOR) is for its verifier only, in words. The list is empty if
         * the answer may be handed off.
         */
        @Throws(VelumException::class)
        public fun mayHandOff(request: ByteArray): List<String> = dev.velum.mayHandOff(request)
    }
}
