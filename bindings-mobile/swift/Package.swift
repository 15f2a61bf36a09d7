// swift-tools-version: 6.0
import PackageDescription

// The native library: an XCFramework that `./x swift` builds, or on Linux, for tests, a library of the system's.
#if os(Linux)
let native = Target.systemLibrary(name: "VelumNative", path: "Native")
#else
let native = Target.binaryTarget(name: "VelumNative", path: "VelumNative.xcframework")
#endif

let package = Package(
    name: "Velum",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Velum", targets: ["Velum"]),
        .library(name: "VelumSecureEnclave", targets: ["VelumSecureEnclave"]),
    ],
    targets: [
        native,
        .target(name: "VelumBindings", dependencies: ["VelumNative"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "Velum", dependencies: ["VelumBindings"]),
        // For Apple's platforms; empty elsewhere.
        .target(name: "VelumSecureEnclave", dependencies: ["Velum"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .testTarget(name: "VelumTests", dependencies: ["Velum"]),
    ]
)

// What the tests start as a process of its own, where they say where to find it: not for those who use the package, nor for iOS.
if Context.environment["VELUM_PRODUCTS"] != nil {
    package.targets.append(.executableTarget(name: "PoolProcess", dependencies: ["Velum"], path: "Tests/PoolProcess"))
}
