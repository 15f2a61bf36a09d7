package dev.velum

import kotlinx.coroutines.flow.Flow

/**
 * Prepares and presents. Keep one: it makes the keys of a size class once, and has the threads that prove.
 *
 * Calls may be made from any thread, the main thread too, and none holds it up. Cancelling the coroutine of a call stops its work. A
 * wallet may be closed while calls run: they end as they would have, and later ones throw [IllegalStateException].
 */
public class VelumWallet(options: WalletOptions = WalletOptions()) : AutoCloseable {
    internal val native = Wallet(options)

    /** Makes the keys of a size class, so that neither preparing nor presenting waits for them. */
    @Throws(VelumException::class)
    public suspend fun makeKeys(sizeClass: SizeClass, suite: Suite? = null): Unit =
        cancelling { native.makeKeys(sizeClass, KeyOptions(suite, it)) }

    /**
     * Makes the credential proof for one presentation to requests like this one: of the same docType, issuer and elements.
     *
     * @param sizeClass the smallest that fits unless named
     * @param memory low takes less of it and longer, for a proof of the same kind
     * @param memoryBudget bytes that the app may take on top of what it has, as `ActivityManager` tells them. Where they are too few the call
     *   fails with [ErrorCode.MEMORY_INSUFFICIENT] before any proving
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

    /** The same as a flow of progress, which ends with the proof. Cancelling its collector stops the work. */
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
     * Answers a request in the session of a `SessionTranscript`, and gives the presentation.
     *
     * The prepared proof is used up once proving begins. Where a check fails or the device does not sign, it is not.
     *
     * @param signer signs the session; without one the document must have been signed for it
     * @param clock by which the request's time is judged, the device's unless named
     * @param discloseDeviceNamespaces whether elements that the device signed itself may go along in clear
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

    /** The same as a flow of progress, which ends with the presentation. Cancelling its collector stops the work. */
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

    /** Ends the threads once the calls that run are done. */
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

/** A budget of bytes: what is below nothing is nothing. */
internal fun bytes(budget: Long?): ULong? = budget?.coerceAtLeast(0)?.toULong()
