// Restated: see mdoc/zkp/Zkp.kt. Multipaz encodes the document anew. Here its bytes are kept.
package org.multipaz.mdoc.response

import org.multipaz.cbor.DataItem
import org.multipaz.crypto.X509CertChain
import org.multipaz.mdoc.issuersigned.IssuerNamespaces

class MdocDocument(
    val docType: String,
    val issuerNamespaces: IssuerNamespaces,
    val issuerCertChain: X509CertChain,
    private val item: DataItem,
) {
    fun toDataItem(): DataItem = item
}
