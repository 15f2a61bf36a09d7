package dev.velum

// sample
/** Asks the holder, has the device sign, and returns the presentation. Null if the holder does not want to answer. */
suspend fun answer(
    wallet: VelumWallet,
    document: ByteArray,
    request: ByteArray,
    transcript: ByteArray,
    signer: DeviceSigner,
    clock: Clock = Clock.OfDevice,
    consents: suspend (Explanation) -> Boolean,
    show: (Double) -> Unit,
): ByteArray? {
    if (!consents(Velum.explain(document, request))) return null
    return wallet.prepare(document, request).use { prepared ->
        var presentation: ByteArray? = null
        try {
            wallet.presenting(prepared, document, request, transcript, signer, clock).collect { work ->
                when (work) {
                    is Work.Progress -> show(work.fraction)
                    is Work.Done -> presentation = work.result
                }
            }
        } catch (failure: VelumException.Signer) {
            // It is not a failure if the holder does not sign.
            if (failure.code != ErrorCode.SIGNER_CANCELLED) throw failure
        }
        presentation
    }
}
// sample
