// Restated: see mdoc/zkp/Zkp.kt. In Multipaz a DataItem is a tree. Here it is the encoded bytes.
package org.multipaz.cbor

class DataItem internal constructor(internal val bytes: ByteArray) {
    override fun equals(other: Any?): Boolean = other is DataItem && bytes.contentEquals(other.bytes)

    override fun hashCode(): Int = bytes.contentHashCode()
}

object Cbor {
    fun encode(item: DataItem): ByteArray = item.bytes

    fun decode(encodedCbor: ByteArray): DataItem = DataItem(encodedCbor)
}
