package dev.velum.receipt

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Verifies receipts. A receipt shows that an aggregate counts a presentation. The verifier of a receipt need not have
 * seen the presentation.
 */
public object VelumReceipt {
    /**
     * Verifies that the presentation of a receipt answers a request (JSON or CBOR) in the session of a transcript, and
     * that an aggregate of one of the named profiles counts it. Everything public is derived from the request and the
     * transcript given here. Takes milliseconds, and does not block its caller.
     *
     * @param profiles the profiles that are allowed. There is no default, because the profiles differ in what is proven
     *   about them
     * @param payee the payee for whom the aggregate must be counted, 32 bytes. By default anyone
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
