package dev.velum.demo

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import dev.velum.VelumException
import dev.velum.VelumWallet
import dev.velum.WalletOptions
import java.io.File
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/**
 * Prepares answers in the background, while the device charges and nobody uses it. `WorkManager` is built on the same
 * jobs: its `CoroutineWorker` would call [fillPool] in `doWork`, and its cancellation would stop the work as it does
 * here.
 */
class FillPool : JobService() {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    override fun onStartJob(parameters: JobParameters): Boolean {
        scope.launch {
            val isDone = try {
                fillPool(applicationContext)
                true
            } catch (_: VelumException) {
                false
            }
            jobFinished(parameters, !isDone)
        }
        return true
    }

    /** The system wants the device back. What was prepared is kept, and the rest is prepared another time. */
    override fun onStopJob(parameters: JobParameters): Boolean {
        scope.cancel(CancellationException("the system stopped the job"))
        return true
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    companion object {
        private const val ID = 1

        /** Asks the system to run the job when it suits the device. */
        fun schedule(context: Context) {
            val job = JobInfo.Builder(ID, ComponentName(context, FillPool::class.java))
                .setRequiresCharging(true)
                .setRequiresDeviceIdle(true)
                .build()
            context.getSystemService(JobScheduler::class.java).schedule(job)
        }
    }
}

/** Prepares on one thread, which saves battery. */
suspend fun fillPool(context: Context): Int = VelumWallet(WalletOptions(lowPower = true)).use { wallet ->
    Holder(wallet, File(context.noBackupFilesDir, "pool"), PoolKey.of(context)).use { it.fill() }
}
