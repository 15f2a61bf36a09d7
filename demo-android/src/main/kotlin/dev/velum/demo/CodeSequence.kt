package dev.velum.demo

import java.util.zip.CRC32

/** What a sequence of QR codes carries. */
enum class Kind(val letter: String) { QUESTION("Q"), ANSWER("A") }

/** A message as the texts of QR codes, to be shown in a loop: see docs/hand-off.md. */
fun codes(kind: Kind, message: ByteArray, partBytes: Int = 900): List<String> {
    val count = (message.size + partBytes - 1) / partBytes
    require(count in 1..CodeReader.MOST_PARTS) { "${message.size} bytes do not fit into a sequence of codes" }
    return List(count) { index ->
        val part = message.copyOfRange(index * partBytes, minOf((index + 1) * partBytes, message.size))
        "VELUM:1:${kind.letter}:${index + 1}:$count:${checksum(message)}:${base45(part)}"
    }
}

/** Assembles a message from codes that are read in any order. */
class CodeReader {
    /** The progress of reading. */
    sealed interface State {
        data class Reading(val have: Int, val of: Int) : State
        class Done(val kind: Kind, val message: ByteArray) : State

        /** The code does not belong to a sequence. What was read before is kept. */
        data object NotOurs : State

        /** All parts were there, but they did not fit together. The reader starts anew. */
        data object Damaged : State
    }

    private data class Of(val kind: Kind, val count: Int, val checksum: String)

    private var of: Of? = null
    private val parts = sortedMapOf<Int, ByteArray>()

    /** Reads the text of a code. */
    fun read(text: String): State {
        val fields = text.split(":", limit = 7)
        if (fields.size != 7 || fields[0] != "VELUM" || fields[1] != "1") return State.NotOurs
        val kind = Kind.entries.firstOrNull { it.letter == fields[2] } ?: return State.NotOurs
        val (index, count) = (number(fields[3]) ?: return State.NotOurs) to (number(fields[4]) ?: return State.NotOurs)
        val part = base45(fields[6])
        if (index > count || part == null || part.isEmpty() || !CHECKSUM.matches(fields[5])) return State.NotOurs
        val sequence = Of(kind, count, fields[5])
        if (of != sequence) parts.clear()
        of = sequence
        parts[index] = part
        if (parts.values.sumOf { it.size } > MOST_BYTES) return restarted()
        if (parts.size < count) return State.Reading(parts.size, count)
        val message = parts.values.fold(ByteArray(0)) { all, next -> all + next }
        return if (checksum(message) == sequence.checksum) State.Done(kind, message) else restarted()
    }

    private fun restarted(): State {
        of = null
        parts.clear()
        return State.Damaged
    }

    private fun number(text: String): Int? = text.takeIf(NUMBER::matches)?.toInt()?.takeIf { it <= MOST_PARTS }

    companion object {
        const val MOST_PARTS = 4096
        private const val MOST_BYTES = 4 shl 20
        private val NUMBER = Regex("[1-9][0-9]{0,3}")
        private val CHECKSUM = Regex("[0-9A-F]{8}")
    }
}

private fun checksum(message: ByteArray) = "%08X".format(CRC32().apply { update(message) }.value)

private const val BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

/** Encodes bytes in base45 (RFC 9285). */
private fun base45(bytes: ByteArray): String = buildString {
    for (at in bytes.indices step 2) {
        val pair = at + 1 < bytes.size
        var number = bytes[at].toInt() and 0xff
        if (pair) number = number * 256 + (bytes[at + 1].toInt() and 0xff)
        repeat(if (pair) 3 else 2) {
            append(BASE45[number % 45])
            number /= 45
        }
    }
}

/** Decodes a base45 text (RFC 9285). Null if the text is not base45. */
private fun base45(text: String): ByteArray? {
    if (text.length % 3 == 1) return null
    val digits = text.map { BASE45.indexOf(it) }
    if (-1 in digits) return null
    val bytes = mutableListOf<Byte>()
    for (group in digits.chunked(3)) {
        val number = group.foldRight(0) { digit, sum -> sum * 45 + digit }
        if (group.size == 3) {
            if (number > 0xffff) return null
            bytes += (number / 256).toByte()
        } else if (number > 0xff) {
            return null
        }
        bytes += number.toByte()
    }
    return bytes.toByteArray()
}
