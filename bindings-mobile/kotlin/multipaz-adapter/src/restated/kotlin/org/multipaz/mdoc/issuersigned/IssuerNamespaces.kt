// Restated: see mdoc/zkp/Zkp.kt.
package org.multipaz.mdoc.issuersigned

import org.multipaz.cbor.DataItem

data class IssuerSignedItem(val dataElementIdentifier: String, val dataElementValue: DataItem)

data class IssuerNamespaces(val data: Map<String, Map<String, IssuerSignedItem>>)
