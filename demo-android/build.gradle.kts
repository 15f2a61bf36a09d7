plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "dev.velum.demo"
    compileSdk = 36
    defaultConfig {
        applicationId = "dev.velum.demo"
        minSdk = 26
        targetSdk = 36
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

// Copies the card to where the app looks for it.
val specimen = tasks.register<Copy>("specimen") {
    from("../testdata/iso18013-5-annex-d") { into("specimen") }
    into(layout.buildDirectory.dir("specimen"))
}

android.sourceSets["main"].resources.srcDir(specimen)

kotlin {
    jvmToolchain(17)
}

dependencies {
    implementation(project(":library"))
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
    implementation("com.google.zxing:core:3.5.3")
    androidTestImplementation("junit:junit:4.13.2")
    androidTestImplementation("androidx.test:runner:1.7.0")
}
