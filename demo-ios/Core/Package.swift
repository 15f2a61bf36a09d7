// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "VelumDemo",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "VelumDemo", targets: ["VelumDemo"])],
    dependencies: [.package(path: "../../bindings-mobile/swift")],
    targets: [
        .target(name: "VelumDemoSystem", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "VelumDemo", dependencies: [.product(name: "Velum", package: "swift"), "VelumDemoSystem"]),
        .testTarget(name: "VelumDemoTests", dependencies: ["VelumDemo"]),
    ]
)
