package dev.velum.multipaz

import dev.velum.ErrorCode
import dev.velum.Inspection
import dev.velum.SizeClass
import dev.velum.Value
import dev.velum.Velum
import dev.velum.VelumException
import dev.velum.VelumWallet
import dev.velum.code
import java.io.File
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.ExperimentalTime
import kotlin.time.Instant
import kotlinx.io.bytestring.ByteString
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.multipaz.cbor.Cbor
import org.multipaz.cbor.DataItem
import org.multipaz.crypto.X509Cert
import org.multipaz.crypto.X509CertChain
import org.multipaz.mdoc.issuersigned.IssuerNamespaces
import org.multipaz.mdoc.issuersigned.IssuerSignedItem
import org.multipaz.mdoc.response.MdocDocument
import org.multipaz.mdoc.zkp.ProofVerificationFailureException
import org.multipaz.mdoc.zkp.ZkDocument
import org.multipaz.mdoc.zkp.ZkSystemSpec
import org.multipaz.request.RequestedClaim

private const val NAMESPACE = "org.iso.18013.5.1"

private fun read(case: String, file: String) = File(System.getProperty("velum.testdata"), "$case/$file").readBytes()

/** A CBOR text of fewer than 24 bytes. */
private fun text(text: String): DataItem = Cbor.decode(byteArrayOf((0x60 + text.length).toByte()) + text.encodeToByteArray())

@OptIn(ExperimentalTime::class)
class VelumZkSystemTest {
    private val transcript = Cbor.decode(read("mdl-mustermann", "session_transcript.cbor"))
    private val elsewhere = Cbor.decode(read("iso18013-5-annex-d", "session_transcript.cbor"))
    private val then = Instant.parse("2024-10-15T13:50:00.5Z")
    private val system = at(then)
    private val spec = system.systemSpecs.first()

    private fun at(time: Instant) = VelumZkSystem(wallet, now = { time })

    /** The real licence, as Multipaz would have read it, with four of its elements requested. */
    private fun mustermann(): MdocDocument {
        val bytes = read("mdl-mustermann", "device_response.cbor")
        val read = (Velum.inspect(bytes).single() as Inspection.Readable).document
        val asked = read.elements.filter { it.name.element in listOf("family_name", "birth_date", "issue_date", "height") }
        assertEquals(4, asked.size)
        val items = asked.groupBy({ it.name.namespace }) {
            IssuerSignedItem(it.name.element, Cbor.decode(cborOf(it.value)))
        }
        val namespaces = items.mapValues { (_, of) -> of.associateBy { it.dataElementIdentifier } }
        return MdocDocument(read.docType, IssuerNamespaces(namespaces), chain(bytes), Cbor.decode(bytes))
    }

    /** The certificate after COSE's label 33 (RFC 9360). Its byte string has a length of two bytes. */
    private fun chain(bytes: ByteArray): X509CertChain {
        val label = listOf<Byte>(0x18, 0x21, 0x59)
        val at = bytes.toList().windowed(label.size).indexOf(label) + label.size
        val length = (bytes[at].toInt() and 0xff shl 8) + (bytes[at + 1].toInt() and 0xff)
        return X509CertChain(listOf(X509Cert(ByteString(bytes.copyOfRange(at + 2, at + 2 + length)))))
    }

    private fun cborOf(value: Value): ByteArray = when (value) {
        is Value.Text -> Cbor.encode(text(value.text))
        is Value.Number -> if (value.number < 24) byteArrayOf(value.number.toByte()) else byteArrayOf(0x18, value.number.toByte())
        is Value.Day -> with(value.date) {
            byteArrayOf(0xd9.toByte(), 0x03, 0xec.toByte()) + Cbor.encode(text("%04d-%02d-%02d".format(year, month, day)))
        }
        else -> throw AssertionError("the licence has no $value")
    }

    private fun refused(proof: ZkDocument, by: VelumZkSystem = system, spec: ZkSystemSpec = this.spec, transcript: DataItem = this.transcript) =
        assertThrows<ProofVerificationFailureException> { by.verifyProof(proof, spec, transcript) }.message!!

    @Test
    fun `a proof is made and verified and only as it was made`() {
        val document = mustermann()
        assertEquals(spec, system.getMatchingSystemSpec(listOf(spec), List(4) { object : RequestedClaim() {} }))
        val proof = system.generateProof(spec, document, transcript, then)
        val data = proof.documentData
        assertEquals(Instant.parse("2024-10-15T13:50:00Z"), data.timestamp)
        assertEquals(text("Mustermann"), data.issuerSigned.getValue(NAMESPACE).getValue("family_name"))
        system.verifyProof(proof, spec, transcript)
        at(then + 4.minutes).verifyProof(proof, spec, transcript)

        for (time in listOf(then + 6.minutes, then - 6.minutes, then + 365.days)) {
            assertTrue("too far" in refused(proof, by = at(time)))
        }
        val fresher = proof.copy(documentData = data.copy(timestamp = data.timestamp + 1.seconds))
        assertTrue("proof_invalid" in refused(fresher))
        assertTrue("proof_invalid" in refused(proof, transcript = elsewhere))
        fun claiming(value: DataItem): ZkDocument {
            val elements = data.issuerSigned.getValue(NAMESPACE) + ("family_name" to value)
            return proof.copy(documentData = data.copy(issuerSigned = mapOf(NAMESPACE to elements)))
        }
        assertTrue("another value" in refused(claiming(text("Musterfrau"))))
        system.verifyProof(claiming(text("Mustermann")), spec, transcript)
        val fewer = data.copy(issuerSigned = mapOf(NAMESPACE to data.issuerSigned.getValue(NAMESPACE) - "family_name"))
        assertTrue(refused(proof.copy(documentData = fewer)).isNotEmpty())
        val ofDevice = data.copy(deviceSigned = mapOf(NAMESPACE to mapOf("seat" to text("12A"))))
        assertTrue("device" in refused(proof.copy(documentData = ofDevice)))
        assertTrue("certificate" in refused(proof.copy(documentData = data.copy(msoX5chain = null))))
        assertTrue("the spec" in refused(proof, spec = system.systemSpecs[1]))
        val larger = system.systemSpecs[1].let { proof.copy(documentData = data.copy(zkSystemSpecId = it.id)) to it }
        assertTrue("size class" in refused(larger.first, spec = larger.second))
        val changed = proof.proof.toByteArray().also { it[it.size - 1] = (it[it.size - 1] + 1).toByte() }
        assertTrue("proof_invalid" in refused(proof.copy(proof = ByteString(changed))))
    }

    @Test
    fun `a document of another session or issuer or type makes no proof`() {
        val ours = mustermann()
        fun code(document: MdocDocument, transcript: DataItem = this.transcript, time: Instant = then) =
            assertThrows<VelumException> { system.generateProof(spec, document, transcript, time) }.code

        assertEquals(ErrorCode.DEVICE_SIGNATURE, code(ours, transcript = elsewhere))
        assertEquals(ErrorCode.CLOCK, code(ours, time = then - 10.minutes))
        val other = Cbor.decode(read("iso18013-5-annex-d", "device_response.cbor"))
        val doe = MdocDocument(ours.docType, ours.issuerNamespaces, ours.issuerCertChain, other)
        assertEquals(ErrorCode.ISSUER_UNTRUSTED, code(doe))
        assertEquals(ErrorCode.DOC_TYPE, code(MdocDocument("other", ours.issuerNamespaces, ours.issuerCertChain, ours.toDataItem())))
    }

    @Test
    fun `a predicate of the spec hides its element`() {
        val older = ZkSystemSpec(spec.id, spec.system).apply {
            addParam("version", 1L)
            addParam("suite", "compact")
            addParam("size_class", "standard")
            addParam("predicates", """[{"namespace": "$NAMESPACE", "element": "birth_date", "age_at_least": 18}]""")
        }
        val proof = system.generateProof(older, mustermann(), transcript, then)
        assertTrue("birth_date" !in proof.documentData.issuerSigned.getValue(NAMESPACE))
        system.verifyProof(proof, older, transcript)
        assertTrue("proof_invalid" in refused(proof, spec = ZkSystemSpec(spec.id, spec.system).apply {
            addParam("version", 1L)
            addParam("suite", "compact")
            addParam("size_class", "standard")
            addParam("predicates", """[{"namespace": "$NAMESPACE", "element": "birth_date", "age_at_least": 21}]""")
        }))
    }

    @Test
    fun `specs that are not ours or too small do not match`() {
        fun claims(count: Int) = List(count) { object : RequestedClaim() {} }
        val names = system.systemSpecs.map { it.id }
        assertEquals(2 * SizeClass.entries.size, names.toSet().size)
        assertEquals("velum-stark-v1_direct_large", system.getMatchingSystemSpec(system.systemSpecs, claims(5))?.id)
        assertNull(system.getMatchingSystemSpec(system.systemSpecs, claims(9)))
        assertNull(system.getMatchingSystemSpec(system.systemSpecs, claims(0)))
        val foreign = ZkSystemSpec("longfellow", "longfellow-libzk-v1")
        val later = ZkSystemSpec("later", spec.system).apply { addParam("version", 2L) }
        assertNull(system.getMatchingSystemSpec(listOf(foreign, later), claims(1)))
        assertThrows<IllegalArgumentException> { system.generateProof(foreign, mustermann(), transcript, then) }
        val broken = ZkSystemSpec("broken", spec.system).apply {
            addParam("version", 1L)
            addParam("suite", "direct")
            addParam("size_class", "standard")
            addParam("predicates", "{")
        }
        assertNull(system.getMatchingSystemSpec(listOf(broken), claims(1)))
    }

    companion object {
        private val wallet = VelumWallet()

        @JvmStatic
        @AfterAll
        fun close() = wallet.close()
    }
}
