package dev.velum.demo

import com.google.zxing.BinaryBitmap
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader
import java.io.File
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.GraphicsMode

@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class HandOffTest {
    private val vectors = JSONObject(File(System.getProperty("velum.testdata"), "hand-off/vectors.json").readText())
    private val message = ByteArray(5_001) { (it * 31 + it / 7).toByte() }

    @Test
    fun `codes are read in any order and twice`() {
        val texts = codes(Kind.ANSWER, message)
        assertEquals(6, texts.size)
        val reader = CodeReader()
        texts.drop(1).reversed().forEach { assertTrue(reader.read(it) is CodeReader.State.Reading) }
        assertEquals(CodeReader.State.Reading(5, 6), reader.read(texts[3]))
        val done = reader.read(texts[0]) as CodeReader.State.Done
        assertEquals(Kind.ANSWER, done.kind)
        assertArrayEquals(message, done.message)
    }

    @Test
    fun `codes that do not belong are told apart`() {
        val texts = codes(Kind.QUESTION, message)
        val reader = CodeReader()
        reader.read(texts[0])
        for (foreign in listOf("", "https://example.com", "VELUM:2:Q:1:1:00000000:00", "VELUM:1:Q:2:1:00000000:00", "VELUM:1:Q:01:1:00000000:00", "VELUM:1:Q:1:1:00000000:0")) {
            assertEquals(foreign, CodeReader.State.NotOurs, reader.read(foreign))
        }
        val other = codes(Kind.QUESTION, message.copyOf(5_000))
        assertEquals(CodeReader.State.Reading(1, 6), reader.read(other[1]))
        val damaged = texts.map { it.replace(Regex(":[0-9A-F]{8}:"), ":00000000:") }
        assertEquals(CodeReader.State.Damaged, damaged.map(reader::read).last())
    }

    @Test
    fun `base45 is that of its standard`() {
        // RFC 9285, sections 4.3 and 4.4.
        fun data(bytes: String) = codes(Kind.QUESTION, bytes.encodeToByteArray()).single().split(":", limit = 7)[6]
        assertEquals("BB8", data("AB"))
        assertEquals("%69 VD92EX0", data("Hello!!"))
        assertEquals("UJCLQE7W581", data("base-45"))
    }

    @Test
    fun `messages are those of the vectors`() {
        for (sequence in vectors.list("sequences") { getJSONObject(it) }) {
            val kind = if (sequence.getString("kind") == "question") Kind.QUESTION else Kind.ANSWER
            val message = bytes(sequence.getString("message"))
            val texts = sequence.list("texts") { getString(it) }
            assertEquals(texts, codes(kind, message, sequence.getInt("part_bytes")))
            val reader = CodeReader()
            val done = texts.reversed().map(reader::read).last() as CodeReader.State.Done
            assertEquals(kind, done.kind)
            assertArrayEquals(message, done.message)
        }
        for (text in vectors.list("no_codes") { getString(it) }) assertEquals(text, CodeReader.State.NotOurs, CodeReader().read(text))
        for (text in vectors.list("no_base45") { getString(it) }) {
            assertEquals(text, CodeReader.State.NotOurs, CodeReader().read("VELUM:1:A:1:1:00000000:$text"))
        }
    }

    @Test
    fun `questions are those of the vectors`() {
        for (vector in vectors.list("questions") { getJSONObject(it) }) {
            val question = Question.of(vector.getString("message").encodeToByteArray())
            assertEquals(vector.getString("origin"), question.origin)
            assertArrayEquals(bytes(vector.getString("nonce")), question.nonce)
            assertEquals(vector.getString("origin"), vector.getString("transcript"), hex(question.transcript()))
            assertEquals(vector.getJSONObject("request").toString(), question.request.decodeToString())
        }
        for (text in vectors.list("no_questions") { getString(it) }) {
            assertThrows(text, NotUnderstood::class.java) { Question.of(text.encodeToByteArray()) }
        }
    }

    @Test
    fun `a code is read off its picture`() {
        val text = codes(Kind.ANSWER, message)[2]
        val bitmap = picture(text)
        val pixels = IntArray(bitmap.width * bitmap.height)
        bitmap.getPixels(pixels, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
        // A camera sees each module larger than one pixel.
        val scale = 4
        val width = bitmap.width * scale
        val seen = IntArray(width * width) { pixels[it / width / scale * bitmap.width + it % width / scale] }
        val source = RGBLuminanceSource(width, width, seen)
        assertEquals(text, QRCodeReader().decode(BinaryBitmap(HybridBinarizer(source))).text)
    }

    @Test
    fun `a question travels and others are refused`() {
        val asked = Question.new("here", Specimen.request)
        val read = Question.of(asked.message())
        assertArrayEquals(asked.transcript(), read.transcript())
        assertEquals("here", read.origin)
        for (bad in listOf("", "[]", "{}", """{"origin":"x","nonce":"AA","request":{}}""", """{"origin":"x","nonce":"?","request":{},"more":1}""")) {
            assertThrows(bad, NotUnderstood::class.java) { Question.of(bad.encodeToByteArray()) }
        }
    }

    private fun <T> JSONObject.list(name: String, item: JSONArray.(Int) -> T): List<T> =
        getJSONArray(name).let { array -> List(array.length()) { array.item(it) } }

    private fun bytes(hex: String) = hex.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

    private fun hex(bytes: ByteArray) = bytes.joinToString("") { "%02x".format(it) }
}
