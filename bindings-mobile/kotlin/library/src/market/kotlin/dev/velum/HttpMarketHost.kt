package dev.velum

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.URI
import java.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.delay
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withTimeoutOrNull

/** The maximum time for an answer, in milliseconds. A node verifies a presentation before it answers. */
private const val ANSWER_MS = 60_000

/** The maximum time for a connection, in milliseconds. */
private const val CONNECT_MS = 15_000

/**
 * Asks markets over HTTP with the system's own [HttpURLConnection], off the caller's thread.
 *
 * It follows no redirects, caches nothing, and does not identify the device. If the app has a `java.net.CookieHandler`,
 * that handler decides about cookies. Let it keep no cookies for markets. To go through Tor or a relay, which hides the
 * address of whoever submits, write a [MarketHost] for the app.
 */
public class HttpMarketHost : MarketHost {
    override suspend fun send(request: MarketRequest): MarketResponse =
        try {
            withTimeoutOrNull(ANSWER_MS.toLong()) { exchange(request) }
                ?: throw MarketHostException.Failed("no answer within ${ANSWER_MS / 1000} seconds")
        } catch (failure: IOException) {
            throw MarketHostException.Failed(failure.toString())
        }

    override suspend fun sleep(duration: Duration): Unit = delay(duration.toMillis())

    private suspend fun exchange(request: MarketRequest): MarketResponse {
        val connection = URI(request.url).toURL().openConnection() as HttpURLConnection
        return suspendCancellableCoroutine { answer ->
            answer.invokeOnCancellation { connection.disconnect() }
            Dispatchers.IO.asExecutor().execute {
                answer.resumeWith(runCatching { connection.exchange(request) })
            }
        }
    }
}

private fun HttpURLConnection.exchange(request: MarketRequest): MarketResponse {
    connectTimeout = CONNECT_MS
    readTimeout = ANSWER_MS
    instanceFollowRedirects = false
    useCaches = false
    // The system's default names the model of the device.
    setRequestProperty("User-Agent", "velum")
    setRequestProperty("Accept", "*/*")
    // Without compression, the number of bytes that arrive is the number that is counted.
    setRequestProperty("Accept-Encoding", "identity")
    try {
        request.body?.let { body ->
            requestMethod = "POST"
            doOutput = true
            setRequestProperty("Content-Type", "application/json")
            // The body is streamed and sent once. A buffered body would be sent again without being asked for.
            setFixedLengthStreamingMode(body.size)
            outputStream.use { it.write(body) }
        }
        val status = responseCode
        if (status !in 100..999) throw IOException("the answer is not HTTP")
        val stream = if (status < 400) inputStream else errorStream
        val body = stream?.use { it.upTo(request.mostBytes) } ?: ByteArray(0)
        return MarketResponse(status.toUShort(), getHeaderField("Retry-After")?.trim()?.toUIntOrNull(), body)
    } finally {
        disconnect()
    }
}

/** Reads a whole stream, unless it is longer than [most]. */
private fun InputStream.upTo(most: ULong): ByteArray {
    val whole = ByteArrayOutputStream()
    val part = ByteArray(1 shl 14)
    while (true) {
        val length = read(part)
        if (length < 0) return whole.toByteArray()
        if ((whole.size() + length).toULong() > most) throw IOException("the answer has more than $most bytes")
        whole.write(part, 0, length)
    }
}
