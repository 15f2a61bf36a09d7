package dev.velum

import java.io.File
import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeout

/** An address of this machine that nobody listens on. */
fun freeAddress(): String = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { "127.0.0.1:${it.localPort}" }

/** A market on this machine, with its state in a folder of its own: its node, and a provider that folds. */
class MarketNode private constructor(private val folder: File, address: String) : AutoCloseable {
    val url = "http://$address/"
    private val running = mutableMapOf<String, Process>()

    /** Starts the node, and waits until it answers. */
    suspend fun serve() {
        start("node", "serve", "--config", folder.resolve("market.toml").path)
        VelumMarket(url).use { market ->
            withTimeout(60_000) {
                while (true) {
                    try {
                        market.info()
                        break
                    } catch (failure: VelumException.Market) {
                        check(running.getValue("node").isAlive) { folder.resolve("node.log").readText() }
                        delay(100)
                    }
                }
            }
        }
    }

    /** Starts a provider with a worker and demo money. */
    fun provide() = start(
        "provider", "provide", "--market", url, "--key", folder.resolve("provider.key").path,
        "--state", folder.resolve("provider").path, "--work", "--demo-money", "100000000",
    )

    /** Ends the node as a crash would. */
    fun kill() = end(running.getValue("node"))

    /** Ends all processes, and deletes the folder. */
    override fun close() {
        running.values.reversed().forEach(::end)
        folder.deleteRecursively()
    }

    private fun start(name: String, vararg words: String) {
        val command = listOf(System.getProperty("velum.market"), "market", *words)
        val log = ProcessBuilder.Redirect.appendTo(folder.resolve("$name.log"))
        running[name] = ProcessBuilder(command).redirectError(log).redirectOutput(log).start()
    }

    private fun end(process: Process) {
        process.destroyForcibly()
        check(process.waitFor(60, TimeUnit.SECONDS)) { "a process does not end" }
    }

    companion object {
        /** Creates a market, and starts its node. */
        suspend fun start(): MarketNode {
            val (folder, address) = Files.createTempDirectory("velum-market").toFile() to freeAddress()
            val words = listOf(System.getProperty("velum.market"), "market", "init", folder.path, "--listen", address)
            val init = ProcessBuilder(words).redirectErrorStream(true).start()
            val said = init.inputStream.reader().readText()
            check(init.waitFor() == 0) { said }
            return MarketNode(folder, address).also { it.serve() }
        }
    }
}
