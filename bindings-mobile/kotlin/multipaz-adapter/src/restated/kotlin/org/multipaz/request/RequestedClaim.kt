// Restated: see mdoc/zkp/Zkp.kt. Only how many there are is used.
package org.multipaz.request

abstract class RequestedClaim
