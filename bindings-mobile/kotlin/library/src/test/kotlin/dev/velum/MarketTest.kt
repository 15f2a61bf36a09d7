package dev.velum

import dev.velum.receipt.ReceiptProfile
import dev.velum.receipt.VelumReceipt
import java.io.File
import java.time.Duration
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows

private const val MONEY = 1_000_000L

/** Terms under which a presentation waits for more other presentations than will come. */
private val PATIENT =
    MarketOffer(AggregateProfile.STANDARD, 100uL, 1000uL, company = Company(Duration.ofHours(1), 50uL))

/** Runs against real nodes of the command `velum-market`. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MarketTest {
    private lateinit var node: MarketNode
    private lateinit var wallet: VelumWallet

    /** A presentation that no market accepts, however often it is submitted. */
    private lateinit var untaken: MarketInput

    @BeforeAll
    fun start(): Unit = runBlocking {
        node = MarketNode.start()
        wallet = VelumWallet()
        untaken = wallet.foldable()
    }

    @AfterAll
    fun end() {
        wallet.close()
        node.close()
    }

    /** Records the progress and the saved states of a hand-off, and judges its receipt. */
    private class Told(
        purses: List<VelumPurse> = emptyList(),
        judging: suspend (ByteArray) -> ReceiptVerdict = { judge(it) },
    ) {
        val saved = CopyOnWriteArrayList<String>()
        val progress = CopyOnWriteArrayList<HandOffProgress>()
        val handOff = HandOff({ saved += it }, judging, poll = Duration.ofMillis(200), purses = purses)

        suspend fun run(input: MarketInput, markets: List<VelumMarket>, offer: MarketOffer, stop: Cancellation? = null): HandedOff {
            var result: HandedOff? = null
            handOff.running(input, markets, offer, stop).collect {
                when (it) {
                    is HandingOff.Progress -> progress += it.progress
                    is HandingOff.Done -> result = it.result
                }
            }
            return result!!
        }

        suspend fun until(from: Int = 0, has: (HandOffProgress) -> Boolean) = withTimeout(60_000) {
            while (progress.drop(from).none(has)) delay(20)
        }

        fun steps() = progress.map { it.step }.distinct()
    }

    private fun stateIs(state: JobState) = { it: HandOffProgress -> it.status?.state == state }

    /** A market with money under a new key. */
    private suspend fun funded(node: MarketNode = this.node, key: ByteArray = VelumMarket.newKey()) =
        VelumMarket(node.url, key).also { assertEquals(MONEY.toULong(), it.deposit(MONEY).balance) }

    /** A purse that is kept in memory, and its saved text. */
    private class KeptPurse(market: VelumMarket, var text: String? = null) {
        val purse = VelumPurse(market, { text }, { text = it })

        suspend fun tokens() = purse.holdings().sumOf { it.tokens.toLong() }
    }

    private suspend fun VelumMarket.balance() = account().balance.toLong()

    private suspend fun refused(code: ErrorCode, work: suspend () -> Unit): VelumException {
        val failure = failure(work)
        assertEquals(code, failure.code, failure.problem.message)
        assertTrue(failure.problem.place.isNotEmpty() && failure.problem.message.isNotEmpty())
        return failure
    }

    @Test
    fun `what tells too much of its holder is kept back`(): Unit = runBlocking {
        assertEquals(emptyList<String>(), VelumMarket.mayHandOff(ADULT))
        val reasons = VelumMarket.mayHandOff(MUSTERMANN.request)
        assertTrue(reasons.any { "family_name" in it } && reasons.any { "height" in it }, "$reasons")
        assertEquals(ErrorCode.MALFORMED, assertThrows<VelumException> { VelumMarket.mayHandOff(ByteArray(1)) }.code)
        val market = funded()
        val told = Told()
        refused(ErrorCode.KEPT_BACK) {
            told.run(MarketInput(untaken.presentation, MUSTERMANN.request, untaken.transcript), listOf(market), PATIENT)
        }
        refused(ErrorCode.KEPT_BACK) {
            market.quote(MarketInput(untaken.presentation, MUSTERMANN.request, untaken.transcript), PATIENT)
        }
        assertTrue(told.progress.isEmpty() && told.saved.isEmpty())
    }

    @Test
    fun `what is given is looked at`(): Unit = runBlocking {
        val key = VelumMarket.newKey()
        for (url in listOf("not a url", "http://market.example/", "ftp://127.0.0.1/")) {
            assertEquals(ErrorCode.MALFORMED, assertThrows<VelumException> { VelumMarket(url, key) }.code)
        }
        assertEquals(ErrorCode.MALFORMED, assertThrows<VelumException> { VelumMarket(node.url, key, "another") }.code)
        refused(ErrorCode.MALFORMED) { VelumMarket(node.url, key.copyOf(31)).account() }
        refused(ErrorCode.MALFORMED) { VelumMarket(node.url).status("job") }
        assertThrows<IllegalStateException> { runBlocking { VelumMarket(node.url).account() } }
        assertThrows<IllegalArgumentException> { runBlocking { VelumMarket(node.url, key).deposit(-1) } }
        val market = funded(key = key)
        refused(ErrorCode.MALFORMED) { market.deposit(5, "short") }
        refused(ErrorCode.MALFORMED) { market.deposit(Long.MAX_VALUE) }
        refused(ErrorCode.MALFORMED) { Told().run(untaken, emptyList(), PATIENT) }
        refused(ErrorCode.MALFORMED) { Told().run(untaken, listOf(market), PATIENT.copy(minimum = 2000uL)) }
        val direct = wallet.prepare(MUSTERMANN.document, ADULT).use {
            wallet.present(it, MUSTERMANN.document, ADULT, MUSTERMANN.transcript, clock = Clock.Any)
        }
        refused(ErrorCode.WRONG_VERSION) {
            Told().run(MarketInput(direct, ADULT, MUSTERMANN.transcript), listOf(market), PATIENT)
        }
        assertEquals(VelumMarket.ownerOf(key), market.account().owner)
        assertFalse(hex(key) in "$market ${market.chosen()}")
        market.close()
        assertThrows<IllegalStateException> { runBlocking { market.account() } }
        Unit
    }

    @Test
    fun `a market that is away is told`(): Unit = runBlocking {
        val url = "http://${freeAddress()}/"
        val failure = refused(ErrorCode.UNREACHABLE) { VelumMarket(url).info() }
        assertEquals(url, assertInstanceOf(VelumException.Market::class.java, failure).problem.place)
        refused(ErrorCode.UNREACHABLE) {
            Told().run(untaken, listOf(VelumMarket(url, VelumMarket.newKey())), PATIENT)
        }
    }

    @Test
    fun `money is deposited once under its key and told`(): Unit = runBlocking {
        val key = VelumMarket.newKey()
        val market = funded(key = key)
        repeat(2) { market.deposit(5, "a deposit of demo money") }
        assertEquals(MONEY + 5, market.balance())
        val id = market.info().id
        assertEquals(MONEY + 5, VelumMarket(node.url, key, id).balance())
        refused(ErrorCode.OTHER_MARKET) { VelumMarket(node.url, key, "1".repeat(64)).deposit(1) }
    }

    @Test
    fun `a stopped hand-off is taken back and costs nothing`(): Unit = runBlocking {
        val market = funded()
        val input = wallet.foldable()
        val quote = market.quote(input, PATIENT)
        assertTrue(quote.floor > 0uL && quote.price >= quote.floor, "$quote")
        val told = Told()
        val stop = Cancellation()
        val running = async(Dispatchers.Default) { failure { told.run(input, listOf(market), PATIENT, stop) } }
        told.until(has = stateIs(JobState.WAITING))
        assertEquals(MONEY - 1000, market.balance())
        val job = told.progress.first().job
        assertEquals(JobState.WAITING, market.status(job).state)
        refused(ErrorCode.NO_RECEIPT) { market.receipt(job) }
        stop.cancel()
        assertInstanceOf(VelumException.Cancelled::class.java, running.await())
        assertEquals(JobState.CANCELLED, market.status(job).state)
        assertEquals(MONEY, market.balance())
        assertEquals(listOf(HandOffStep.SUBMITTING, HandOffStep.WAITING, HandOffStep.STOPPING), told.steps())
        // A hand-off that is stopped before it begins submits nothing.
        val none = Told()
        assertInstanceOf(VelumException.Cancelled::class.java, failure { none.run(untaken, listOf(market), PATIENT, stop) })
        assertTrue(none.saved.isEmpty() && none.progress.isEmpty())
    }

    @Test
    fun `a hand-off whose coroutine is cancelled is taken back`(): Unit = runBlocking {
        val market = funded()
        val told = Told()
        val running = launch(Dispatchers.Default) { told.run(wallet.foldable(), listOf(market), PATIENT) }
        told.until(has = stateIs(JobState.WAITING))
        withTimeout(20_000) { running.cancelAndJoin() }
        assertEquals(JobState.CANCELLED, market.status(told.progress.first().job).state)
        assertEquals(MONEY, market.balance())
    }

    @Test
    fun `a job is taken back by hand`(): Unit = runBlocking {
        val market = funded()
        val told = Told()
        val running = async(Dispatchers.Default) { failure { told.run(wallet.foldable(), listOf(market), PATIENT) } }
        told.until(has = stateIs(JobState.WAITING))
        assertEquals(JobState.CANCELLED, market.cancel(told.progress.first().job).state)
        assertEquals(ErrorCode.NO_MARKET, running.await().code)
    }

    @Test
    fun `what the node refuses is told by its code`(): Unit = runBlocking {
        val market = funded()
        refused(ErrorCode.JOB_UNKNOWN) { market.status("0".repeat(64)) }
        val changed = untaken.presentation.clone().also { it[it.lastIndex] = (it.last() + 1).toByte() }
        val stranger = VelumMarket(node.url, VelumMarket.newKey())
        for ((input, asked, why) in listOf(
            Triple(untaken, stranger, "not_enough"),
            Triple(MarketInput(changed, ADULT, untaken.transcript), market, "proof_invalid"),
        )) {
            val failure = refused(ErrorCode.NO_MARKET) { Told().run(input, listOf(asked), PATIENT) }
            assertTrue(why in failure.problem.message, failure.problem.message)
        }
        assertEquals(MONEY, market.balance())
    }

    @Test
    fun `a wallet pays from a purse with a key for each job`(): Unit = runBlocking {
        val key = VelumMarket.newKey()
        val market = funded(key = key)
        // A wallet has no key at the market.
        val wallets = VelumMarket(node.url)
        val kept = KeptPurse(wallets)
        kept.purse.buy(key, 12)
        assertEquals(12, kept.tokens())
        assertEquals(MONEY - 1200, market.balance())
        assertEquals(1, kept.purse.keys().size)
        assertTrue(kept.purse.holdings().single().until > Instant.now().plus(Duration.ofDays(89)))
        assertTrue(wallets.quote(untaken, PATIENT).floor > 0uL)
        val copy = KeptPurse(wallets, kept.text)

        val told = Told(listOf(kept.purse))
        val stop = Cancellation()
        val running = async(Dispatchers.Default) { failure { told.run(wallet.foldable(), listOf(wallets), PATIENT, stop) } }
        told.until(has = stateIs(JobState.WAITING))
        // A token is worth 100, and the maximum price of the job is held.
        assertEquals(2, kept.tokens())
        assertEquals(MONEY - 1200, market.balance())
        stop.cancel()
        assertInstanceOf(VelumException.Cancelled::class.java, running.await())
        assertEquals(12, kept.tokens())

        // A copy of the purse finds out that too few of its tokens are left.
        val copied = Told(listOf(copy.purse))
        refused(ErrorCode.NO_MARKET) { copied.run(wallet.foldable(), listOf(wallets), PATIENT) }
        assertEquals(ErrorCode.CREDIT_SHORT, copied.progress.firstNotNullOf { it.trouble }.code)
        assertEquals(MONEY - 1200, market.balance())
    }

    @Test
    fun `a purse that is short or gone pays for nothing and loses nothing`(): Unit = runBlocking {
        val key = VelumMarket.newKey()
        val market = funded(key = key)
        val wallets = VelumMarket(node.url)
        val kept = KeptPurse(wallets)
        kept.purse.buy(key, 9)
        val short = refused(ErrorCode.NO_MARKET) { Told(listOf(kept.purse)).run(untaken, listOf(wallets), PATIENT) }
        assertTrue("the purse has 9 tokens" in short.problem.message, short.problem.message)
        assertEquals(9, kept.tokens())
        refused(ErrorCode.MALFORMED) { Told().run(untaken, listOf(wallets), PATIENT) }
        assertThrows<IllegalArgumentException> { runBlocking { kept.purse.buy(key, 0) } }
        refused(ErrorCode.MALFORMED) { kept.purse.buy(key, 5000) }
        refused(ErrorCode.NOT_ENOUGH) { kept.purse.buy(VelumMarket.newKey(), 1) }
        refused(ErrorCode.MALFORMED) { KeptPurse(wallets, "{}").purse.holdings() }
        refused(ErrorCode.OTHER_MARKET) {
            KeptPurse(VelumMarket(node.url, id = "1".repeat(64)), kept.text).purse.holdings()
        }
        val full = VelumPurse(wallets, { kept.text }, { throw IllegalStateException("the disk is full") })
        refused(ErrorCode.NOT_SAVED) { full.buy(key, 1) }
        kept.purse.buy(key, 1)
        kept.purse.collect()
        assertEquals(10, kept.tokens())
        assertEquals(MONEY - 1000, market.balance())
    }

    @Test
    fun `what is saved is whole before the next is loaded though its call was cancelled`(): Unit = runBlocking {
        val key = VelumMarket.newKey()
        val market = funded(key = key)
        var text: String? = null
        var isSlow = true
        val purse = VelumPurse(VelumMarket(node.url), { text }, {
            if (isSlow) delay(500)
            text = it
        })
        val buying = launch(Dispatchers.Default) { purse.buy(key, 3) }
        delay(200)
        buying.cancelAndJoin()
        isSlow = false
        purse.buy(key, 3)
        assertEquals(3, purse.holdings().sumOf { it.tokens.toLong() })
        assertEquals(MONEY - 300, market.balance())
    }

    @Test
    fun `where it cannot be saved nothing is handed in`(): Unit = runBlocking {
        val market = funded()
        val full = HandOff({ throw IllegalStateException("the disk is full") }, { judge(it) })
        val failure = refused(ErrorCode.NOT_SAVED) { full.run(untaken, listOf(market), PATIENT) }
        assertTrue("the disk is full" in failure.problem.message, failure.problem.message)
        assertEquals(MONEY, market.balance())
    }

    @Test
    fun `a market that never says how a job ended is left for no other`(): Unit = runBlocking {
        val market = funded()
        val away = VelumMarket("http://${freeAddress()}/", VelumMarket.newKey(), "2".repeat(64))
        val progress = mutableListOf<HandOffProgress>()
        val impatient = HandOff({}, { judge(it) }, poll = Duration.ofMillis(200), patience = Duration.ZERO)
        val failure = refused(ErrorCode.UNRESOLVED) {
            impatient.running(untaken, listOf(away, market), PATIENT.copy(within = Duration.ofSeconds(3)))
                .collect { progress += (it as HandingOff.Progress).progress }
        }
        assertEquals(away.url, failure.problem.place)
        assertTrue(progress.all { it.market == away.url })
        assertEquals(MONEY, market.balance())
    }

    @Test
    fun `a call whose coroutine is cancelled ends`(): Unit = runBlocking {
        val silent = object : MarketHost by HttpMarketHost() {
            override suspend fun send(request: MarketRequest): MarketResponse = awaitCancellation()
        }
        val asking = launch(Dispatchers.Default) { VelumMarket(node.url, host = silent).info() }
        delay(100)
        withTimeout(10_000) { asking.cancelAndJoin() }
    }

    @Test
    fun `receipts come and also after a crash and from the second market where the first refuses`(): Unit = runBlocking {
        MarketNode.start().use { folding ->
            folding.provide()
            val key = VelumMarket.newKey()
            val market = funded(folding, key)
            val offer = PATIENT.copy(company = Company(Duration.ofSeconds(20), 2uL))
            val (first, second) = wallet.foldable() to wallet.foldable()
            val wallets = VelumMarket(folding.url)
            val purse = KeptPurse(wallets)
            purse.purse.buy(key, 10)
            val saved = dies(first, wallets, offer, purse.purse)
            assertEquals(JobState.WAITING, market.status(saved.job).state)
            assertEquals(0, purse.tokens())

            // The node is away for a while. The preferred market has no money of this account.
            val told = Told()
            val running = async(Dispatchers.Default) {
                told.run(second, listOf(VelumMarket(node.url, key), market), offer)
            }
            told.until { it.market == folding.url && it.step == HandOffStep.WAITING }
            folding.kill()
            told.until { it.trouble?.code == ErrorCode.UNREACHABLE }
            folding.serve()
            val given = withTimeout(180_000) { running.await() }
            assertEquals(folding.url, given.market)
            assertTrue(told.progress.any(stateIs(JobState.SETTLED)))
            val paid = told.progress.firstNotNullOf { it.status?.paid }
            assertTrue(paid in offer.minimum..offer.maximum, "paid $paid")

            // The first hand-off resumes where it stopped, without its key, and only with the input that it was begun
            // with.
            val resumed = Told(listOf(purse.purse))
            refused(ErrorCode.MALFORMED) { Told().handOff.resume(first, saved.text) }
            refused(ErrorCode.OTHER_HAND_OFF) { resumed.handOff.resume(second, saved.text) }
            refused(ErrorCode.OTHER_HAND_OFF) { resumed.handOff.resume(first, "{}") }
            val forged = saved.text.replace("\"maximum\":1000", "\"maximum\":1001")
            assertFalse(forged == saved.text)
            refused(ErrorCode.MALFORMED) { resumed.handOff.resume(first, forged) }
            val payee = VelumReceipt.verify(
                given.receipt, ADULT, MUSTERMANN.transcript, listOf(ReceiptProfile.STANDARD),
            ).payee
            val bad = refused(ErrorCode.RECEIPT_INVALID) {
                Told(listOf(purse.purse)) { judge(it, payee = ByteArray(32)) }.handOff.resume(first, saved.text)
            }
            assertTrue((bad as VelumException.Market).receipt!!.size > 10_000)
            refused(ErrorCode.RECEIPT_NOT_JUDGED) {
                Told(listOf(purse.purse)) { throw IllegalStateException("on purpose") }.handOff.resume(first, saved.text)
            }
            val file = File.createTempFile("hand-off", ".json").apply { writeText(saved.text) }
            val other = fold(emptyList(), first, file, listOf(purse.purse)) { assertEquals(saved.job, it.job) }!!
            assertFalse(file.exists())

            // Both receipts belong to one aggregate. They hold wherever they are verified, but only for what was asked
            // and for the payee that is paid.
            for (receipt in listOf(given.receipt, other)) {
                val verified = VelumReceipt.verify(
                    receipt, ADULT, MUSTERMANN.transcript, listOf(ReceiptProfile.STANDARD), payee,
                )
                assertEquals(2uL, verified.count)
                assertTrue("18 years or older" in verified.learnt.first().text)
                val older = ADULT.decodeToString().replace("18}", "21}").encodeToByteArray()
                assertEquals(ReceiptVerdict.DoesNotHold("receipt.path"), judge(receipt, older))
                assertEquals(ReceiptVerdict.DoesNotHold("receipt.payee"), judge(receipt, payee = ByteArray(32)))
            }
            assertFalse(given.receipt.contentEquals(other))
            assertArrayEquals(other, market.receipt(saved.job))
            assertEquals(MONEY - 1000 - paid.toLong(), market.balance())
            refused(ErrorCode.NOT_YOURS) { market.cancel(saved.job) }
            // What the job did not cost is in the purse again, except for less than the value of a token.
            assertEquals((1000 - market.status(saved.job).paid!!.toLong()) / 100, purse.tokens())
        }
    }

    private class Saved(val text: String, val job: String)

    /** A hand-off that ends like a process that dies: nothing is taken back. */
    private suspend fun dies(input: MarketInput, market: VelumMarket, offer: MarketOffer, purse: VelumPurse): Saved {
        val (kept, told) = CopyOnWriteArrayList<String>() to CopyOnWriteArrayList<HandOffProgress>()
        val keeper = object : HandOffKeeper {
            override suspend fun save(saved: String) {
                kept += saved
                if (told.last().step == HandOffStep.WAITING) awaitCancellation()
            }

            override suspend fun judge(receipt: ByteArray) = ReceiptVerdict.Holds

            override fun onProgress(progress: HandOffProgress) {
                told += progress
            }
        }
        val scope = CoroutineScope(Dispatchers.Default)
        val options = HandOffOptions(purses = listOf(purse.native))
        val running = scope.launch { handOff(HttpMarketHost(), keeper, input, listOf(market.chosen()), offer, options) }
        withTimeout(60_000) { while (kept.size < 2) delay(20) }
        running.cancelAndJoin()
        return Saved(kept.last(), told.last().job)
    }
}
