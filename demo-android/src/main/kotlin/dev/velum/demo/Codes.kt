package dev.velum.demo

import android.graphics.Bitmap
import android.graphics.Color
import com.google.zxing.BarcodeFormat
import com.google.zxing.EncodeHintType
import com.google.zxing.qrcode.QRCodeWriter
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel

/** Draws the picture of one code: one pixel for each module, and a border of four modules. */
fun picture(text: String): Bitmap {
    val hints = mapOf(EncodeHintType.ERROR_CORRECTION to ErrorCorrectionLevel.L, EncodeHintType.MARGIN to 4)
    val modules = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 0, 0, hints)
    val pixels = IntArray(modules.width * modules.height) { at ->
        if (modules[at % modules.width, at / modules.width]) Color.BLACK else Color.WHITE
    }
    return Bitmap.createBitmap(pixels, modules.width, modules.height, Bitmap.Config.ARGB_8888)
}
