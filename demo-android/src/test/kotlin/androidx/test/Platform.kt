// The parts of `androidx.test:monitor` that Robolectric calls, restated in our own words. They tell listening tests
// what an app does, and no test here listens. The artifact is only in Google's repository. The Gradle build takes it
// from there, and leaves this folder out.
package androidx.test.platform.app

import android.app.Instrumentation
import android.os.Bundle

object InstrumentationRegistry {
    @JvmStatic
    fun registerInstance(instrumentation: Instrumentation?, arguments: Bundle?) = Unit
}
