package dev.velum

/** A copy with one byte changed: the byte [after] bytes behind the start of the first occurrence of [mark]. */
fun ByteArray.changed(mark: ByteArray, after: Int): ByteArray = clone().also { it[at(mark) + after] = (it[at(mark) + after] + 1).toByte() }

/** The `IssuerSigned` of a document, as its issuer hands it out. */
fun issuerSigned(document: ByteArray): ByteArray {
    val (start, end) = "issuerSigned" to "deviceSigned"
    // The range begins after the text and ends before the head of the next text, which is one byte.
    return document.copyOfRange(document.at(start.encodeToByteArray()) + start.length, document.at(end.encodeToByteArray()) - 1)
}

/** The position of the first occurrence of some bytes. */
private fun ByteArray.at(mark: ByteArray): Int =
    indices.first { start -> start + mark.size <= size && mark.indices.all { this[start + it] == mark[it] } }
