// Restated: see mdoc/zkp/Zkp.kt. Only the number of claims is used.
package org.multipaz.request

abstract class RequestedClaim
