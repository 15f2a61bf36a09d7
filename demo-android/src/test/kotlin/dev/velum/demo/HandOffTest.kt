package dev.velum.demo

import com.google.zxing.BinaryBitmap
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader
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
        // RFC 9285, 4.3 and 4.4.
        fun data(bytes: String) = codes(Kind.QUESTION, bytes.encodeToByteArray()).single().split(":", limit = 7)[6]
        assertEquals("BB8", data("AB"))
        assertEquals("%69 VD92EX0", data("Hello!!"))
        assertEquals("UJCLQE7W581", data("base-45"))
    }

    @Test
    fun `a code is read off its picture`() {
        val text = codes(Kind.ANSWER, message)[2]
        val bitmap = picture(text)
        val pixels = IntArray(bitmap.width * bitmap.height)
        bitmap.getPixels(pixels, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
        // A camera sees each module larger.
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
}
