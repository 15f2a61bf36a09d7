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

/** How long an answer may take, in milliseconds. A node verifies a presentation before it answers. */
private const val ANSWER_MS = 60_000

/** How long a connection may take, in milliseconds. */
private const val CONNECT_MS = 15_000

/**
 * Asks markets over HTTP by the system's own [HttpURLConnection], off the caller's thread.
 *
 * It follows no redirects, keeps nothing in a cache, and does not say which device it is. Where the app has a `java.net.CookieHandler`, that one decides on
 * cookies: let it have none for markets. To go through Tor or a relay, which hides the address of whoever hands in, write a [MarketHost] of the app's own.
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
    // The system's own name of itself tells the model of the device.
    setRequestProperty("User-Agent", "velum")
    setRequestProperty("Accept", "*/*")
    // So that as many bytes come as are counted.
    setRequestProperty("Accept-Encoding", "identity")
    try {
        request.body?.let { body ->
            requestMethod = "POST"
            doOutput = true
            setRequestProperty("Content-Type", "application/json")
            // Sent once, and as it is: a body that is kept would be sent again without being asked.
            setFixedLengthStreamingMode(body.size)
            outputStream.use { it.write(body) }
        }
        val status = responseCode
        if (status !in 100..999) throw IOException("no answer of HTTP")
        val stream = if (status < 400) inputStream else errorStream
        val body = stream?.use { it.upTo(request.mostBytes) } ?: ByteArray(0)
        return MarketResponse(status.toUShort(), getHeaderField("Retry-After")?.trim()?.toUIntOrNull(), body)
    } finally {
        disconnect()
    }
}

/** The whole of a stream, unless it is longer than that. */
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
