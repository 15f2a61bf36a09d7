package dev.velum.receipt

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** Verifies receipts: that an aggregate counts a presentation, which its verifier need not have seen. */
public object VelumReceipt {
    /**
     * Verifies that the presentation of a receipt answers a request (JSON or CBOR) in the session of a transcript, and that an aggregate of one of the named
     * profiles counts it. Everything public is derived from the request and the transcript given here. Takes milliseconds, and does not hold up its caller.
     *
     * @param profiles those that are allowed. There is no default: they differ in what is proven of them
     * @param payee for whom the aggregate must be counted, 32 bytes; anyone unless named
     * @throws ReceiptException
     */
    public suspend fun verify(
        receipt: ByteArray,
        request: ByteArray,
        transcript: ByteArray,
        profiles: List<ReceiptProfile>,
        payee: ByteArray? = null,
    ): VerifiedReceipt = withContext(Dispatchers.Default) { verifyReceipt(receipt, request, transcript, profiles, payee) }
}

/** What went wrong. */
public val ReceiptException.problem: ReceiptProblem
    get() = when (this) {
        is ReceiptException.Unreadable -> problem
        is ReceiptException.Refused -> problem
        is ReceiptException.Internal -> problem
    }
