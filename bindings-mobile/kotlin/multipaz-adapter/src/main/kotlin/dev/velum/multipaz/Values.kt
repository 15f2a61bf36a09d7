package dev.velum.multipaz

import dev.velum.Value
import java.io.ByteArrayOutputStream
import java.math.BigInteger
import java.time.DateTimeException
import java.time.OffsetDateTime

private const val UNSIGNED = 0
private const val NEGATIVE = 1
private const val TEXT = 3
private const val TAG = 6

/** The tag of a date and time (RFC 8949), as the first byte. */
private const val DATE_TIME: Byte = 0xc0.toByte()

/** The tag of a full date (RFC 8943). */
private const val FULL_DATE = 1004L

private val BITS_64: BigInteger = BigInteger.ONE.shiftLeft(64)

/** Whether this CBOR encodes a value that was proven. A time may be written in more than one way. */
internal fun says(cbor: ByteArray, proven: Value): Boolean = when (proven) {
    is Value.Moment -> moment(cbor) == proven.time
    else -> cbor.contentEquals(encoded(proven))
}

private fun encoded(value: Value): ByteArray? = when (value) {
    is Value.Text -> text(value.text)
    is Value.Flag -> byteArrayOf(if (value.holds) 0xf5.toByte() else 0xf4.toByte())
    is Value.Number -> integer(BigInteger.valueOf(value.number))
    is Value.BigNumber -> value.decimal.toBigIntegerOrNull()?.let(::integer)
    is Value.Day -> with(value.date) { head(TAG, BigInteger.valueOf(FULL_DATE)) + text("%04d-%02d-%02d".format(year, month, day)) }
    is Value.Cbor -> value.cbor
    is Value.Moment -> null
}

private fun text(text: String): ByteArray {
    val bytes = text.encodeToByteArray()
    return head(TEXT, BigInteger.valueOf(bytes.size.toLong())) + bytes
}

private fun integer(number: BigInteger): ByteArray? {
    val (type, argument) = if (number.signum() < 0) NEGATIVE to -number - BigInteger.ONE else UNSIGNED to number
    return if (argument < BITS_64) head(type, argument) else null
}

/** The shortest head for a type and its argument. The argument has at most 64 bits. */
private fun head(type: Int, argument: BigInteger): ByteArray {
    val out = ByteArrayOutputStream()
    val initial = { information: Int -> out.write(type shl 5 or information) }
    if (argument < BigInteger.valueOf(24)) {
        initial(argument.toInt())
        return out.toByteArray()
    }
    val log = (0..3).first { argument.bitLength() <= 8 shl it }
    initial(24 + log)
    for (byte in (1 shl log) - 1 downTo 0) out.write(argument.shiftRight(8 * byte).toInt() and 0xff)
    return out.toByteArray()
}

/** The time that the CBOR of a tdate encodes, or null if it is not a tdate. Its text is shorter than 256 bytes. */
private fun moment(cbor: ByteArray): java.time.Instant? {
    if (cbor.size < 3 || cbor[0] != DATE_TIME) return null
    val length = cbor[1].toInt() and 0xff
    val start = if (length == 0x78) 3 else 2
    return try {
        OffsetDateTime.parse(cbor.copyOfRange(start, cbor.size).decodeToString()).toInstant()
    } catch (_: DateTimeException) {
        null
    }
}
