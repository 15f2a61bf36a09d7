package dev.velum.demo

import android.app.Activity
import android.app.job.JobScheduler
import android.content.Intent
import android.net.Uri
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.file.Files
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

@RunWith(RobolectricTestRunner::class)
class MainActivityTest {
    private lateinit var controller: ActivityController<MainActivity>
    private val activity get() = controller.get()
    private val text get() = activity.text.text.toString()

    @Before
    fun open() {
        controller = Robolectric.buildActivity(MainActivity::class.java).setup()
    }

    @After
    fun close() {
        controller.pause().stop().destroy()
    }

    @Test
    fun `a question is asked and answered and the answer accepted once`() {
        click("Ask")
        val question = saved()
        assertTrue(question.decodeToString().contains("\"nonce\""))
        handIn(MainActivity.OPEN_QUESTION, question)
        until { activity.agree.isEnabled }
        assertTrue(text, text.startsWith("Velum's demo would learn:"))
        click("Agree")
        assertFalse(activity.agree.isEnabled)
        until { text.startsWith("Answered") }
        assertTrue(text, "without a prepared proof" in text)
        val answer = saved()
        assertAccepted(question, answer)
        until { activity.code.drawable != null }

        val changed = answer.clone().also { it[it.size - 1] = (it[it.size - 1] + 1).toByte() }
        handIn(MainActivity.OPEN_ANSWER, changed)
        until { "PROOF_INVALID" in text }
        handIn(MainActivity.OPEN_ANSWER, answer)
        until { text.startsWith("Accepted:") }
        assertTrue(text, "Doe" in text)
        handIn(MainActivity.OPEN_ANSWER, answer)
        until { text == "Nothing was asked." }
    }

    @Test
    fun `what was prepared is used`() {
        click("Prepare answers")
        until { text == "${Holder.WANTED} answers are ready." }
        click("Ask")
        val question = saved()
        handIn(MainActivity.OPEN_QUESTION, question)
        until { activity.agree.isEnabled }
        click("Agree")
        until { text.startsWith("Answered") }
        assertTrue(text, "with a prepared proof" in text)
    }

    @Test
    fun `what is no question is refused and says so`() {
        handIn(MainActivity.OPEN_QUESTION, "[]".encodeToByteArray())
        until { text.startsWith("This is not a question") }
        assertFalse(activity.agree.isEnabled)
    }

    @Test
    fun `proofs are measured`() {
        click("Measure")
        until { text.startsWith("Median of 5") }
        assertEquals(5, activity.chart.samples.size)
        assertTrue(activity.chart.samples.all { it.prepare > it.verify && it.presentationBytes > 100_000 })
    }

    @Test
    fun `answers are prepared in the background when it suits the device`() {
        FillPool.schedule(activity)
        val job = activity.getSystemService(JobScheduler::class.java).allPendingJobs.single()
        assertTrue(job.isRequireCharging && job.isRequireDeviceIdle)
        assertEquals(Holder.WANTED, runBlocking { fillPool(activity) })
        assertEquals(0, runBlocking { fillPool(activity) })
    }

    private fun click(title: String) = views(activity.window.decorView).filterIsInstance<Button>().single { it.text == title }.performClick()

    private fun views(root: View): List<View> =
        listOf(root) + ((root as? ViewGroup)?.let { group -> List(group.childCount) { views(group.getChildAt(it)) }.flatten() } ?: emptyList())

    /** Returns what the app saves to the file that it asks for. */
    private fun saved(): ByteArray {
        val asked = shadowOf(activity).nextStartedActivityForResult
        assertEquals(Intent.ACTION_CREATE_DOCUMENT, asked.intent.action)
        val (uri, out) = Uri.parse("content://test/out") to ByteArrayOutputStream()
        shadowOf(activity.contentResolver).registerOutputStream(uri, out)
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
        until { out.size() > 0 }
        return out.toByteArray()
    }

    /** Gives the app a file, as the system does. */
    private fun handIn(request: Int, bytes: ByteArray) {
        val uri = Uri.parse("content://test/in")
        shadowOf(activity.contentResolver).registerInputStream(uri, ByteArrayInputStream(bytes))
        click(if (request == MainActivity.OPEN_ANSWER) "Read an answer" else "Read a question")
        val asked = shadowOf(activity).nextStartedActivityForResult
        assertEquals(request, asked.requestCode)
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
    }

    /** Checks that the `velum` command accepts the answer as well. */
    private fun assertAccepted(message: ByteArray, answer: ByteArray) {
        val question = Question.of(message)
        val folder = Files.createTempDirectory("velum-demo").toFile()
        fun file(name: String, bytes: ByteArray) = File(folder, name).apply { writeBytes(bytes) }.path
        val command = listOf(
            System.getProperty("velum.command"), "verify", "--presentation", file("answer", answer),
            "--transcript", file("transcript", question.transcript()), "--request", file("request", question.request),
        )
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        val printed = process.inputStream.reader().readText()
        assertEquals(printed, 0, process.waitFor())
        folder.deleteRecursively()
    }

    /** Lets the app work until the condition holds. The app proves on threads of its own. */
    private fun until(holds: () -> Boolean) {
        val end = System.nanoTime() + 60_000_000_000
        while (!holds()) {
            check(System.nanoTime() < end) { "not within a minute: $text" }
            shadowOf(Looper.getMainLooper()).idle()
            Thread.sleep(5)
        }
    }
}
