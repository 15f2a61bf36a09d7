#if canImport(Darwin)
import Foundation

extension WalletOptions {
    /// How to prove on this device as it is now: on one thread where it saves power or is hot.
    public static var suitedToDevice: WalletOptions {
        let device = ProcessInfo.processInfo
        let isHot = device.thermalState == .serious || device.thermalState == .critical
        return WalletOptions(lowPower: device.isLowPowerModeEnabled || isHot)
    }
}
#endif
