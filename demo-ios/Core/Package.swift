// swift-tools-version: 6.0
import PackageDescription

let velum = Target.Dependency.product(name: "Velum", package: "swift")

let package = Package(
    name: "VelumDemo",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "VelumDemo", targets: ["VelumDemo"])],
    dependencies: [.package(path: "../../bindings-mobile/swift")],
    targets: [
        .target(name: "VelumDemoSystem", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "VelumDemo", dependencies: [velum, "VelumDemoSystem"]),
        .testTarget(name: "VelumDemoTests", dependencies: ["VelumDemo", velum]),
    ]
)
