package dev.velum

import kotlinx.coroutines.flow.Flow

/**
 * Prepares proofs and makes presentations. Keep one wallet: it makes the keys of a size class once, and it owns the
 * threads that prove.
 *
 * Calls may be made from any thread, including the main thread, and never block it. Cancelling the coroutine of a call
 * stops its work. A wallet may be closed while calls run. The running calls end normally, and later calls throw
 * [IllegalStateException].
 */
public class VelumWallet(options: WalletOptions = WalletOptions()) : AutoCloseable {
    internal val native = Wallet(options)

    /** Makes the keys of a size class, so that neither preparing nor presenting waits for them. */
    @Throws(VelumException::class)
    public suspend fun makeKeys(sizeClass: SizeClass, suite: Suite? = null): Unit =
        cancelling { native.makeKeys(sizeClass, KeyOptions(suite, it)) }

    /**
     * Makes the credential proof for one presentation to requests like this one, which have the same docType, issuer
     * and elements.
     *
     * @param sizeClass the size class. The default is the smallest class that fits
     * @param memory with low memory, proving uses less memory and takes longer. The proof is of the same kind
     * @param memoryBudget the bytes that the app may use on top of what it uses already, as `ActivityManager` reports
     *   them. If they are too few, the call throws an error with the code [ErrorCode.MEMORY_INSUFFICIENT] before it
     *   proves anything
     */
    @Throws(VelumException::class)
    public suspend fun prepare(
        document: ByteArray,
        request: ByteArray,
        sizeClass: SizeClass? = null,
        suite: Suite? = null,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): PreparedProof = prepare(document, request, sizeClass, suite, memory, memoryBudget, null)

    /** Like [prepare], as a flow of progress that ends with the proof. Cancelling its collector stops the work. */
    public fun preparing(
        document: ByteArray,
        request: ByteArray,
        sizeClass: SizeClass? = null,
        suite: Suite? = null,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): Flow<Work<PreparedProof>> =
        working { prepare(document, request, sizeClass, suite, memory, memoryBudget, it) }

    /**
     * Answers a request in the session of a `SessionTranscript`, and returns the presentation.
     *
     * The prepared proof is used up once proving begins. If a check fails or the device does not sign, the proof is not
     * used up.
     *
     * @param signer signs the session. Without a signer, the document must already be signed for the session
     * @param clock the clock against which the time of the request is checked. The default is the device's clock
     * @param discloseDeviceNamespaces whether elements that the device signed itself may be included in clear
     * @param memory as for [prepare]
     * @param memoryBudget as for [prepare]
     */
    @Throws(VelumException::class)
    public suspend fun present(
        prepared: PreparedProof,
        document: ByteArray,
        request: ByteArray,
        transcript: ByteArray,
        signer: DeviceSigner? = null,
        clock: Clock? = null,
        discloseDeviceNamespaces: Boolean = false,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): ByteArray = cancelling {
        val options = PresentOptions(clock, discloseDeviceNamespaces, memory, bytes(memoryBudget), it)
        native.present(prepared, document, request, transcript, signer, options)
    }

    /**
     * Like [present], as a flow of progress that ends with the presentation. Cancelling its collector stops the work.
     */
    public fun presenting(
        prepared: PreparedProof,
        document: ByteArray,
        request: ByteArray,
        transcript: ByteArray,
        signer: DeviceSigner? = null,
        clock: Clock? = null,
        discloseDeviceNamespaces: Boolean = false,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): Flow<Work<ByteArray>> = working { listener ->
        cancelling {
            val options = PresentOptions(clock, discloseDeviceNamespaces, memory, bytes(memoryBudget), it, listener)
            native.present(prepared, document, request, transcript, signer, options)
        }
    }

    /** Ends the threads once the running calls are done. */
    override fun close(): Unit = native.close()

    private suspend fun prepare(
        document: ByteArray,
        request: ByteArray,
        sizeClass: SizeClass?,
        suite: Suite?,
        memory: Memory,
        memoryBudget: Long?,
        listener: ProgressListener?,
    ) = cancelling {
        val options = PrepareOptions(suite, sizeClass, memory, bytes(memoryBudget), it, listener)
        native.prepare(document, request, options)
    }
}

/** Converts a budget in bytes. A negative budget becomes zero. */
internal fun bytes(budget: Long?): ULong? = budget?.coerceAtLeast(0)?.toULong()
