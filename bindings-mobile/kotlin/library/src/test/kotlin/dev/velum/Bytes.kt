package dev.velum

/** The same bytes with one of them changed: so far after the start of the first place where [mark] stands. */
fun ByteArray.changed(mark: ByteArray, after: Int): ByteArray = clone().also { it[at(mark) + after] = (it[at(mark) + after] + 1).toByte() }

/** The `IssuerSigned` of a document, as its issuer hands it out. */
fun issuerSigned(document: ByteArray): ByteArray {
    val (start, end) = "issuerSigned" to "deviceSigned"
    // After the text, and before the head of the next, which is of one byte.
    return document.copyOfRange(document.at(start.encodeToByteArray()) + start.length, document.at(end.encodeToByteArray()) - 1)
}

/** Where some bytes first stand. */
private fun ByteArray.at(mark: ByteArray): Int =
    indices.first { start -> start + mark.size <= size && mark.indices.all { this[start + it] == mark[it] } }
