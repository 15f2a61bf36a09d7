plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

val target = rootDir.resolve("../../target")

android {
    namespace = "dev.velum.receipt"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("../library/consumer-rules.pro")
    }
    sourceSets["main"].apply {
        // The code that UniFFI generates, and the library for each processor.
        kotlin.srcDirs("src/main/kotlin", target.resolve("kotlin-receipt"))
        jniLibs.srcDirs(target.resolve("android-receipt"))
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

kotlin {
    jvmToolchain(17)
}

dependencies {
    implementation("net.java.dev.jna:jna:5.18.1@aar")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
}
