// swift-tools-version: 6.0
import PackageDescription

// The interface of the wallet library. If it cannot be fetched, the restated sources in `Restated/`.
let isRestated = Context.environment["VELUM_EUDI_RESTATED"] != nil

let interface: [Target.Dependency] =
    isRestated
    ? ["MdocDataModel18013", "SwiftCBOR"]
    : [
        .product(name: "MdocDataModel18013", package: "eudi-lib-ios-iso18013-data-model"),
        .product(name: "SwiftCBOR", package: "SwiftCBOR"),
    ]

let velum = Target.Dependency.product(name: "Velum", package: "swift")

let package = Package(
    name: "VelumEudi",
    platforms: [.iOS(.v16), .macOS(.v14)],
    products: [.library(name: "VelumEudi", targets: ["VelumEudi"])],
    dependencies: [.package(path: "../swift")],
    targets: [
        .target(name: "VelumEudi", dependencies: [velum] + interface),
        .testTarget(name: "VelumEudiTests", dependencies: ["VelumEudi", velum] + interface),
    ]
)

if isRestated {
    package.targets += [
        .target(name: "SwiftCBOR", path: "Restated/SwiftCBOR"),
        .target(name: "MdocDataModel18013", dependencies: ["SwiftCBOR"], path: "Restated/MdocDataModel18013"),
    ]
} else {
    package.dependencies += [
        .package(url: "https://github.com/eu-digital-identity-wallet/eudi-lib-ios-iso18013-data-model.git", exact: "0.23.1"),
        .package(url: "https://github.com/niscy-eudiw/SwiftCBOR.git", from: "0.6.5"),
    ]
}
