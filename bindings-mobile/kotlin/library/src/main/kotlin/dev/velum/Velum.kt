package dev.velum

/**
 * The functions that need no wallet: reading documents, attaching a signature that was made elsewhere, and verifying.
 */
public object Velum {
    /** Reads the documents of a `DeviceResponse`, a `Document` or an `IssuerSigned`. Takes milliseconds. */
    @Throws(VelumException::class)
    public fun inspect(document: ByteArray): List<Inspection> = dev.velum.inspect(document)

    /**
     * Explains what an answer to a request (JSON or CBOR) would reveal. Show this to the holder before they consent.
     */
    @Throws(VelumException::class)
    public fun explain(document: ByteArray, request: ByteArray): Explanation =
        dev.velum.explain(document, request)

    /** Returns the bytes that the device signs for a session, for apps that sign without a [DeviceSigner]. */
    @Throws(VelumException::class)
    public fun deviceAuthenticationBytes(document: ByteArray, docType: String, transcript: ByteArray): ByteArray =
        dev.velum.deviceAuthenticationBytes(document, docType, transcript)

    /** Attaches an ES256 signature of the device to the document. The signature is `r || s` or DER. */
    @Throws(VelumException::class)
    public fun withDeviceSignature(document: ByteArray, docType: String, signature: ByteArray): ByteArray =
        dev.velum.withDeviceSignature(document, docType, signature)

    /**
     * Verifies that a presentation answers a request in the session of a transcript. Verify one presentation per
     * session, and never use a session twice.
     *
     * @param suites the suites that are allowed. The default is `direct` and `compact`
     */
    @Throws(VelumException::class)
    public suspend fun verify(
        presentation: ByteArray,
        transcript: ByteArray,
        request: ByteArray,
        suites: List<Suite>? = null,
    ): Verified = cancelling { dev.velum.verify(presentation, transcript, request, suites, it) }
}
