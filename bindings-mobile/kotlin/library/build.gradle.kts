plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

val target = rootDir.resolve("../../target")

android {
    namespace = "dev.velum"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets["main"].apply {
        // Includes the code that UniFFI generates, and the library for each processor. If the library was built without
        // markets, remove `src/market/kotlin`.
        kotlin.srcDirs("src/main/kotlin", "src/market/kotlin", target.resolve("kotlin"))
        jniLibs.srcDirs(target.resolve("android"))
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
