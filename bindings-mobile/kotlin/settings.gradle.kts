// For Android. This build has not been run yet: see README.md.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "velum-kotlin"
include(":library", ":receipt", ":keystore", ":multipaz-adapter")
include(":demo")
project(":demo").projectDir = file("../../demo-android")
