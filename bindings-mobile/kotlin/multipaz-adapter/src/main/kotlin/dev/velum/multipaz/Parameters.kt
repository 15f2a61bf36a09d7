package dev.velum.multipaz

import dev.velum.ElementName
import dev.velum.SizeClass
import dev.velum.Suite
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.multipaz.mdoc.zkp.ZkSystemSpec

/** The parameters of a spec. */
internal class Parameters(val suite: Suite, val sizeClass: SizeClass, val predicates: List<Predicate>) {
    /** A predicate in the form of a request. */
    class Predicate(val name: ElementName, val json: JsonObject)

    /** The maximum number of elements that a request may name. */
    val elements: Int get() = sizeClass.elements

    fun hides(name: ElementName): Boolean = predicates.any { it.name == name }

    companion object {
        private const val VERSION = 1L
        private val SUITES = listOf(Suite.DIRECT, Suite.COMPACT)

        fun offered(): List<ZkSystemSpec> = SUITES.flatMap { suite ->
            SizeClass.entries.map { sizeClass ->
                val (suiteName, className) = suite.name.lowercase() to sizeClass.name.lowercase()
                ZkSystemSpec(id = "${VelumZkSystem.NAME}_${suiteName}_$className", system = VelumZkSystem.NAME).apply {
                    addParam("version", VERSION)
                    addParam("suite", suiteName)
                    addParam("size_class", className)
                    addParam("num_attributes", sizeClass.elements.toLong())
                }
            }
        }

        fun ofOrNull(spec: ZkSystemSpec): Parameters? = try {
            of(spec)
        } catch (_: IllegalArgumentException) {
            null
        }

        /**
         * @throws IllegalArgumentException for a spec of another system, or a spec with parameters that this build does
         *   not know
         */
        fun of(spec: ZkSystemSpec): Parameters {
            require(spec.system == VelumZkSystem.NAME) { "the spec is for the system ${spec.system}" }
            require(spec.getParam<Long>("version") == VERSION) { "the spec's version is not $VERSION" }
            return Parameters(
                suite = SUITES.named(spec, "suite"),
                sizeClass = SizeClass.entries.named(spec, "size_class"),
                predicates = spec.getParam<String>("predicates")?.let(::predicates) ?: emptyList(),
            )
        }

        private fun predicates(text: String): List<Predicate> = try {
            Json.parseToJsonElement(text).jsonArray.map { element ->
                val json = element.jsonObject
                fun named(member: String) = requireNotNull(json[member]) { "$member is missing" }.jsonPrimitive.content
                Predicate(ElementName(named("namespace"), named("element")), json)
            }
        } catch (failure: IllegalArgumentException) {
            throw IllegalArgumentException("the spec's predicates are not predicates of a request: ${failure.message}", failure)
        }

        private fun <T : Enum<T>> List<T>.named(spec: ZkSystemSpec, parameter: String): T {
            val name = spec.getParam<String>(parameter)
            return requireNotNull(firstOrNull { it.name.lowercase() == name }) { "the spec's $parameter is not known: $name" }
        }

        private val SizeClass.elements get() = if (this == SizeClass.STANDARD) 4 else 8
    }
}
