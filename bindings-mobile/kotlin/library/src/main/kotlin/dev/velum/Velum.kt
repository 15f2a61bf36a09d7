package dev.velum

/** What takes no wallet: reading documents, attaching a signature that was made elsewhere, and verifying. */
public object Velum {
    /** The documents of a `DeviceResponse`, a `Document` or an `IssuerSigned`. Takes milliseconds. */
    @Throws(VelumException::class)
    public fun inspect(document: ByteArray): List<Inspection> = dev.velum.inspect(document)

    /** What an answer to a request (JSON or CBOR) would tell, to be shown before the holder consents. */
    @Throws(VelumException::class)
    public fun explain(document: ByteArray, request: ByteArray): Explanation =
        dev.velum.explain(document, request)

    /** What the device signs for a session, for apps that sign without a [DeviceSigner]. */
    @Throws(VelumException::class)
    public fun deviceAuthenticationBytes(document: ByteArray, docType: String, transcript: ByteArray): ByteArray =
        dev.velum.deviceAuthenticationBytes(document, docType, transcript)

    /** The document with this ES256 signature of its device, `r || s` or DER. */
    @Throws(VelumException::class)
    public fun withDeviceSignature(document: ByteArray, docType: String, signature: ByteArray): ByteArray =
        dev.velum.withDeviceSignature(document, docType, signature)

    /**
     * Verifies that a presentation answers a request in the session of a transcript. Verify one presentation in a session, and no
     * session twice.
     *
     * @param suites those that are allowed, `direct` and `compact` unless named
     */
    @Throws(VelumException::class)
    public suspend fun verify(
        presentation: ByteArray,
        transcript: ByteArray,
        request: ByteArray,
        suites: List<Suite>? = null,
    ): Verified = cancelling { dev.velum.verify(presentation, transcript, request, suites, it) }
}
