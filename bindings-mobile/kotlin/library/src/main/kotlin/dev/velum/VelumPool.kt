package dev.velum

import java.io.File
import kotlinx.coroutines.flow.Flow

/**
 * A pool of prepared proofs in a folder, sealed, so that an answer need not wait for the long part of its proof.
 *
 * Each proof is taken once, by one of all the processes that share the folder. **The folder belongs where no backup goes**: below
 * `Context.getNoBackupFilesDir()`.
 */
public class VelumPool private constructor(private val native: ProofPool) : AutoCloseable {
    /**
     * A pool under a key of 32 uniformly random bytes, which a key of the Keystore keeps. Reads the folder, which takes milliseconds.
     *
     * @throws VelumException
     */
    public constructor(wallet: VelumWallet, folder: File, key: ByteArray, options: PoolOptions = PoolOptions()) :
        this(ProofPool(wallet.native, folder.path, key, options))

    /**
     * A pool over a sealer of the app's.
     *
     * @throws VelumException
     */
    public constructor(wallet: VelumWallet, folder: File, sealer: Sealer, options: PoolOptions = PoolOptions()) :
        this(ProofPool.withSealer(wallet.native, folder.path, sealer, options))

    /** Prepares until there are [wanted] proofs for requests like this one, and says how many it added. Those stay when it is cancelled. */
    @Throws(VelumException::class)
    public suspend fun fill(
        document: ByteArray,
        request: ByteArray,
        wanted: Int,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): Int = fill(document, request, wanted, memory, memoryBudget, null)

    /** The same as a flow of progress, which ends with how many were added. Cancelling its collector stops the work. */
    public fun filling(
        document: ByteArray,
        request: ByteArray,
        wanted: Int,
        memory: Memory = Memory.NORMAL,
        memoryBudget: Long? = null,
    ): Flow<Work<Int>> = working { fill(document, request, wanted, memory, memoryBudget, it) }

    /** Answers a request as [VelumWallet.present] does, with a proof out of the pool, or one that is made now where there is none. */
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

    /** How many proofs there are for requests like this one. */
    @Throws(VelumException::class)
    public suspend fun count(document: ByteArray, request: ByteArray): Int = native.count(document, request).toInt()

    /**
     * Drops what is of no use any more: proofs of documents other than those of [held], those out of age, and the oldest of those
     * beyond the bounds. Call it whenever a document comes, goes or is renewed.
     */
    @Throws(VelumException::class)
    public suspend fun sweep(held: List<ByteArray>): List<DroppedProof> = native.sweep(held)

    /** Removes every proof, and says how many there were. */
    @Throws(VelumException::class)
    public suspend fun clear(): Int = native.clear().toInt()

    /** Lets the folder go once the calls that run are done. */
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
