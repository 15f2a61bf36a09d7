// What Robolectric calls of `androidx.test:monitor`, in our words: it tells tests that listen what an app does, and none here does. The artifact is in
// Google's repository alone; the Gradle build takes it from there, and leaves this folder out.
package androidx.test.platform.app

import android.app.Instrumentation
import android.os.Bundle

object InstrumentationRegistry {
    @JvmStatic
    fun registerInstance(instrumentation: Instrumentation?, arguments: Bundle?) = Unit
}
