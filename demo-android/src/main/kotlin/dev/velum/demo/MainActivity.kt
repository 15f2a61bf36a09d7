package dev.velum.demo

import android.app.Activity
import android.content.Intent
import android.graphics.drawable.BitmapDrawable
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.TextView
import dev.velum.VelumException
import dev.velum.VelumWallet
import dev.velum.problem
import java.io.File
import java.io.IOException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * A verifier, a wallet and a benchmark, one below the other. Their messages leave and enter as files, or are shown as
 * codes.
 */
class MainActivity : Activity() {
    private val scope = MainScope()
    private val wallet = VelumWallet()
    private lateinit var holder: Holder
    private val verifier = Verifier("Velum's demo")

    /** The question that the holder is asked about. */
    private var pending: Question? = null

    /** The message to save to the file that the system asks for. */
    private var outgoing: ByteArray? = null
    private var showing: Job? = null

    lateinit var text: TextView
        private set
    lateinit var agree: Button
        private set
    lateinit var code: ImageView
        private set
    lateinit var chart: Chart
        private set

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        holder = Holder(wallet, File(noBackupFilesDir, "pool"), PoolKey.of(this))
        text = TextView(this)
        code = ImageView(this)
        chart = Chart(this)
        agree = button("Agree") { pending?.let(::answer) }.apply { isEnabled = false }
        val column = LinearLayout(this).apply { orientation = LinearLayout.VERTICAL }
        val views = listOf(
            button("Ask") { offer(Kind.QUESTION, verifier.ask().message()) },
            button("Read a question") { open(OPEN_QUESTION) },
            agree,
            button("Prepare answers") { prepare() },
            button("Read an answer") { open(OPEN_ANSWER) },
            button("Measure") { measure() },
            text, code, chart,
        )
        views.forEach(column::addView)
        chart.layoutParams = LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, CHART_HEIGHT)
        setContentView(ScrollView(this).apply { addView(column) })
    }

    override fun onDestroy() {
        scope.cancel()
        holder.close()
        wallet.close()
        super.onDestroy()
    }

    @Deprecated("Its replacement is not part of the system.")
    override fun onActivityResult(asked: Int, outcome: Int, data: Intent?) {
        val uri = data?.data
        if (outcome != RESULT_OK || uri == null) return
        working {
            when (asked) {
                SAVE -> {
                    val bytes = outgoing ?: return@working
                    withContext(Dispatchers.IO) { contentResolver.openOutputStream(uri)?.use { it.write(bytes) } }
                }
                else -> {
                    val bytes = withContext(Dispatchers.IO) { contentResolver.openInputStream(uri)?.use { it.readBytes() } }
                    received(asked, bytes ?: throw NotUnderstood("The file cannot be opened."))
                }
            }
        }
    }

    private suspend fun received(asked: Int, bytes: ByteArray) {
        if (asked == OPEN_ANSWER) {
            say(listOf("Accepted:") + verifier.judge(bytes))
        } else {
            val question = Question.of(bytes)
            say(holder.consent(question))
            pending = question
            agree.isEnabled = true
        }
    }

    private fun answer(question: Question) {
        pending = null
        agree.isEnabled = false
        working {
            val began = System.nanoTime()
            val (presentation, wasReady) = holder.answer(question)
            val took = (System.nanoTime() - began) / 1_000_000
            say(listOf("Answered in $took ms, ${if (wasReady) "with" else "without"} a prepared proof: ${presentation.size} bytes."))
            offer(Kind.ANSWER, presentation)
        }
    }

    private fun prepare() = working {
        holder.fill()
        say(listOf("${holder.ready()} answers are ready."))
    }

    private fun measure() = working {
        chart.samples = emptyList()
        benchmark(wallet, RUNS).collect { chart.samples += it }
        val median = { of: (Sample) -> Double -> chart.samples.map(of).sorted()[RUNS / 2] }
        val peak = chart.samples.last().peakBytes?.let { ", at most ${it / 1_000_000} MB of memory" }.orEmpty()
        say(
            listOf(
                "Median of $RUNS: prepare %.0f ms, present %.0f ms, verify %.0f ms$peak.".format(
                    median(Sample::prepare), median(Sample::present), median(Sample::verify),
                ),
            ),
        )
    }

    /** Asks where to save a message, and shows it as codes in the meantime. */
    private fun offer(kind: Kind, message: ByteArray) {
        outgoing = message
        showing?.cancel()
        showing = scope.launch {
            val codes = codes(kind, message)
            while (isActive) {
                for (each in codes) {
                    val drawable = BitmapDrawable(resources, withContext(Dispatchers.Default) { picture(each) })
                    // Without filtering, the picture stays sharp when it is enlarged.
                    code.setImageDrawable(drawable.apply { isFilterBitmap = false })
                    delay(CODE_MILLISECONDS)
                }
            }
        }
        val name = if (kind == Kind.QUESTION) "velum.question.json" else "velum.presentation.cbor"
        val save = Intent(Intent.ACTION_CREATE_DOCUMENT).setType(ANY_TYPE).addCategory(Intent.CATEGORY_OPENABLE)
        startActivityForResult(save.putExtra(Intent.EXTRA_TITLE, name), SAVE)
    }

    private fun open(request: Int) =
        startActivityForResult(Intent(Intent.ACTION_OPEN_DOCUMENT).setType(ANY_TYPE).addCategory(Intent.CATEGORY_OPENABLE), request)

    private fun button(title: String, act: (View) -> Unit) = Button(this).apply {
        text = title
        setOnClickListener(act)
    }

    private fun say(lines: List<String>) {
        text.text = lines.joinToString("\n")
    }

    private fun working(work: suspend () -> Unit) {
        scope.launch {
            try {
                work()
            } catch (failure: VelumException) {
                val problem = failure.problem
                say(listOfNotNull("${problem.code}: ${problem.message}", problem.remedy))
            } catch (failure: NotUnderstood) {
                say(listOf(failure.message.orEmpty()))
            } catch (failure: IOException) {
                say(listOf("The file cannot be used: ${failure.message}"))
            }
        }
    }

    companion object {
        const val SAVE = 1
        const val OPEN_QUESTION = 2
        const val OPEN_ANSWER = 3
        private const val RUNS = 5
        private const val CODE_MILLISECONDS = 125L
        private const val CHART_HEIGHT = 400
        private const val ANY_TYPE = "*/*"
    }
}
