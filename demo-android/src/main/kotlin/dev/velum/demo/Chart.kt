package dev.velum.demo

import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.view.View

/** Draws a bar for each proof: preparing below, presenting above. */
class Chart(context: Context) : View(context) {
    private val prepare = Paint().apply { color = Color.rgb(0x33, 0x66, 0x99) }
    private val present = Paint().apply { color = Color.rgb(0xcc, 0x88, 0x33) }

    var samples: List<Sample> = emptyList()
        set(value) {
            field = value
            invalidate()
        }

    override fun onDraw(canvas: Canvas) {
        val most = samples.maxOfOrNull { it.prepare + it.present } ?: return
        val width = width.toFloat() / samples.size
        samples.forEachIndexed { index, sample ->
            val (left, right) = index * width to (index + 0.8f) * width
            val middle = height * (1 - sample.prepare / most).toFloat()
            val top = height * (1 - (sample.prepare + sample.present) / most).toFloat()
            canvas.drawRect(left, middle, right, height.toFloat(), prepare)
            canvas.drawRect(left, top, right, middle, present)
        }
    }
}
