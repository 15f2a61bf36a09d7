package dev.velum

import java.io.File
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals

/** A program that proves and verifies in another process. It takes the options of `velum`. */
class Command private constructor(property: String) {
    private val program: String = System.getProperty(property)

    /** Runs the program, and returns what it printed. */
    fun run(vararg arguments: String, status: Int = 0): String {
        val process = ProcessBuilder(program, "--json", *arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start()
        val printed = process.inputStream.reader().readText()
        assertEquals(status, process.waitFor(), printed)
        return printed
    }

    override fun toString(): String = File(program).name

    companion object {
        /** `velum`, built from the same sources. */
        val NATIVE = Command("velum.command")

        /** The npm package in Node. Its prover and its verifier run in WebAssembly. */
        val WEB_ASSEMBLY = Command("velum.package")
    }
}

/** A licence that `velum` issues, signed by its device, with its session and its request. */
fun minted(folder: Path, members: String = ""): Minted {
    folder.toFile().mkdirs()
    val spec = folder.resolve("spec.json").toFile()
    spec.writeText(
        """
        {
          "seed": "${"07".repeat(32)}",
          "doc_type": "$DOC_TYPE",
          "validity": {
            "signed": "2026-01-01T00:00:00Z",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2027-12-31T00:00:00Z"
          },
          $members
          "elements": [
            {"namespace": "org.iso.18013.5.1", "element": "family_name", "value": "Probe"},
            {"namespace": "org.iso.18013.5.1", "element": "birth_date", "value": {"full_date": "1990-02-28"}}
          ]
        }
        """.trimIndent(),
    )
    Command.NATIVE.run("issue", "--spec", spec.path, "--out", folder.toString())
    return Minted(folder.toFile())
}

/** The files that `velum issue` wrote. */
class Minted(private val folder: File) {
    val document: ByteArray = file("document.cbor").readBytes()
    val transcript: ByteArray = file("transcript.cbor").readBytes()
    val request: ByteArray = file("request.json").readBytes()

    fun file(name: String) = File(folder, name)
}
