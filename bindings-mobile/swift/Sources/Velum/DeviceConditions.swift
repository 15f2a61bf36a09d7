#if canImport(Darwin)
import Foundation

extension WalletOptions {
    /// Options that suit the device at this moment: one thread if the device saves power or is hot.
    public static var suitedToDevice: WalletOptions {
        let device = ProcessInfo.processInfo
        let isHot = device.thermalState == .serious || device.thermalState == .critical
        return WalletOptions(lowPower: device.isLowPowerModeEnabled || isHot)
    }
}
#endif
