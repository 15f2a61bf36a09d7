// Restated: see mdoc/zkp/Zkp.kt.
package org.multipaz.crypto

import kotlinx.io.bytestring.ByteString

data class X509Cert(val encoded: ByteString)

data class X509CertChain(val certificates: List<X509Cert>)
