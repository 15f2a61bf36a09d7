plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "dev.velum.multipaz"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
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
    api(project(":library"))
    // The real interface. The Maven build uses restated sources instead.
    api("org.multipaz:multipaz:0.100.0")
    implementation("org.jetbrains.kotlinx:kotlinx-serialization-json:1.9.0")
}
