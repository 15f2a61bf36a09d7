// swift-tools-version: 6.0
import PackageDescription

// The native libraries. `./x swift` builds them as XCFrameworks. On Linux, for tests, they are system libraries.
#if os(Linux)
let native = Target.systemLibrary(name: "VelumNative", path: "Native")
let nativeReceipt = Target.systemLibrary(name: "VelumReceiptNative", path: "NativeReceipt")
#else
let native = Target.binaryTarget(name: "VelumNative", path: "VelumNative.xcframework")
let nativeReceipt = Target.binaryTarget(name: "VelumReceiptNative", path: "VelumReceiptNative.xcframework")
#endif

let package = Package(
    name: "Velum",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Velum", targets: ["Velum"]),
        .library(name: "VelumReceipt", targets: ["VelumReceipt"]),
        .library(name: "VelumSecureEnclave", targets: ["VelumSecureEnclave"]),
    ],
    targets: [
        native,
        nativeReceipt,
        .target(name: "VelumBindings", dependencies: ["VelumNative"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "Velum", dependencies: ["VelumBindings"]),
        .target(
            name: "VelumReceiptBindings", dependencies: ["VelumReceiptNative"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "VelumReceipt", dependencies: ["VelumReceiptBindings"]),
        // For Apple's platforms. Empty elsewhere.
        .target(name: "VelumSecureEnclave", dependencies: ["Velum"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .testTarget(name: "VelumTests", dependencies: ["Velum", "VelumReceipt"]),
    ]
)

// The tests start this program in a process of its own. It is built only if the environment says where the tests find
// it, and so neither for users of the package nor for iOS.
if Context.environment["VELUM_PRODUCTS"] != nil {
    package.targets.append(.executableTarget(name: "PoolProcess", dependencies: ["Velum"], path: "Tests/PoolProcess"))
}
