import Foundation
import Security

/// The key that seals prepared answers. It is only in the Keychain of this device.
enum PoolKey {
    private static let query: [CFString: Any] = [
        kSecClass: kSecClassGenericPassword,
        kSecAttrService: "dev.velum.demo.pool",
        kSecUseDataProtectionKeychain: true,
    ]

    /// Returns the key, which is created if there is none.
    static func load() throws -> Data {
        var wanted = query
        wanted[kSecReturnData] = true
        var found: CFTypeRef?
        let status = SecItemCopyMatching(wanted as CFDictionary, &found)
        if status == errSecSuccess, let key = found as? Data { return key }
        guard status == errSecItemNotFound else { throw NSError(domain: NSOSStatusErrorDomain, code: Int(status)) }
        return try make()
    }

    private static func make() throws -> Data {
        var key = Data(count: 32)
        let status = key.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { SecRandomCopyBytes(kSecRandomDefault, bytes.count, $0) } ?? errSecParam
        }
        guard status == errSecSuccess else { throw NSError(domain: NSOSStatusErrorDomain, code: Int(status)) }
        var item = query
        item[kSecValueData] = key
        // The pool is also filled while the device is locked.
        item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        let added = SecItemAdd(item as CFDictionary, nil)
        guard added == errSecSuccess else { throw NSError(domain: NSOSStatusErrorDomain, code: Int(added)) }
        return key
    }
}
