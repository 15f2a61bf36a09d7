package dev.velum

import java.io.File
import kotlinx.coroutines.flow.Flow

/**
 * A pool of sealed, prepared proofs in a folder. With a prepared proof, an answer need not wait for the long part of
 * its proof.
 *
 * Several processes may share the folder. Each proof is taken once, by one of them. **Keep the folder out of backups**:
 * put it below `Context.getNoBackupFilesDir()`.
 */
public class VelumPool private constructor(private val native: ProofPool) : AutoCloseable {
    /**
     * Opens a pool under a key of 32 uniformly random bytes, which a key of the Keystore protects. Opening reads the
     * folder, which takes milliseconds.
     *
     * @throws VelumException
     */
    public constructor(wallet: VelumWallet, folder: File, key: ByteArray, options: PoolOptions = PoolOptions()) :
        this(ProofPool(wallet.native, folder.path, key, options))

    /**
     * Opens a pool over a sealer that the app provides.
     *
     * @throws VelumException
     */
    public constructor(wallet: VelumWallet, folder: File, sealer: Sealer, options: PoolOptions = PoolOptions()) :
        this(ProofPool.withSealer(wallet.native, folder.path, sealer, options))

    /**
     * Prepares proofs until there are [wanted] for requests like this one, and returns how many were added. They stay
     * in the pool if the call is cancelled.
     */
    @Throws(VelumException::class)
    public suspend fun fill(
        document: ByteArray,
        request: ByteArray,
        wanted: Int,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): Int = fill(document, request, wanted, memory, memoryBudget, null)

    /**
     * Like [fill], as a flow of progress that ends with the number of added proofs. Cancelling its collector stops the
     * work.
     */
    public fun filling(
        document: ByteArray,
        request: ByteArray,
        wanted: Int,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): Flow<Work<Int>> = working { fill(document, request, wanted, memory, memoryBudget, it) }

    /**
     * Answers a request as [VelumWallet.present] does. The call takes a proof from the pool, or makes one if the pool
     * has none for the request.
     */
    @Throws(VelumException::class)
    public suspend fun present(
        document: ByteArray,
        request: ByteArray,
        transcript: ByteArray,
        signer: DeviceSigner? = null,
        clock: Clock? = null,
        discloseDeviceNamespaces: Boolean = false,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): PoolPresentation = cancelling {
        val options = PresentOptions(clock, discloseDeviceNamespaces, memory, bytes(memoryBudget), it)
        native.present(document, request, transcript, signer, options)
    }

    /** Returns how many proofs there are for requests like this one. */
    @Throws(VelumException::class)
    public suspend fun count(document: ByteArray, request: ByteArray): Int = native.count(document, request).toInt()

    /**
     * Removes the proofs that are of no more use:
     *
     * - proofs for documents other than those in [held];
     * - proofs in a format that this version does not read;
     * - proofs that are too old;
     * - the oldest proofs beyond the pool's bounds.
     *
     * Call it whenever a document is added, removed or renewed.
     */
    @Throws(VelumException::class)
    public suspend fun sweep(held: List<ByteArray>): List<DroppedProof> = native.sweep(held)

    /** Removes every proof, and returns how many there were. */
    @Throws(VelumException::class)
    public suspend fun clear(): Int = native.clear().toInt()

    /** Releases the folder once the running calls are done. */
    override fun close(): Unit = native.close()

    private suspend fun fill(
        document: ByteArray,
        request: ByteArray,
        wanted: Int,
        memory: Memory,
        memoryBudget: Long?,
        listener: ProgressListener?,
    ): Int {
        require(wanted >= 0) { "wanted is negative" }
        return cancelling {
            val options = FillOptions(memory, bytes(memoryBudget), it, listener)
            native.fill(document, request, wanted.toUInt(), options).toInt()
        }
    }
}
