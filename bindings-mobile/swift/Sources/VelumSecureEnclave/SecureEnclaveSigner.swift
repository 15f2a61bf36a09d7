#if canImport(Security) && canImport(LocalAuthentication)
import Foundation
import LocalAuthentication
import Security
import Velum

/// Signs with a P-256 key of the Secure Enclave. The document must have been issued to this key. The key never leaves
/// the hardware.
///
/// The system asks the holder if the key's access control requires it. It does so on threads of this signer, so that
/// the thread that shows the prompt is not blocked. Cancelling the call removes the prompt.
public final class SecureEnclaveSigner: DeviceSigner, @unchecked Sendable {
    // Nothing changes after `init`, and keys may be used from any thread.
    private let source: Source
    private let queue = DispatchQueue(label: "dev.velum.secure-enclave", attributes: .concurrent)

    private enum Source {
        case key(SecKey)
        case tag(Data, accessGroup: String?, reason: String)
    }

    /// Creates a signer for a key that the app already holds, with its own `LAContext` if it has one.
    public init(key: SecKey) {
        source = .key(key)
    }

    /// Creates a signer for a key in the Keychain, such as one made by ``makeKey(tag:accessGroup:flags:)``.
    ///
    /// - Parameters:
    ///   - tag: The key's application tag.
    ///   - accessGroup: The key's access group, for keys that an app shares with its extensions.
    ///   - reason: The text that the system's prompt shows to the holder, in the holder's language.
    public init(tag: String, accessGroup: String? = nil, reason: String) {
        source = .tag(Data(tag.utf8), accessGroup: accessGroup, reason: reason)
    }

    /// Makes a key in the Secure Enclave, and returns its public key: an uncompressed SEC 1 point of 65 bytes.
    ///
    /// - Parameters:
    ///   - tag: The application tag under which the key is found again.
    ///   - accessGroup: The access group, if the app's extensions use the key too.
    ///   - flags: When the key may be used. The default requires the holder's presence each time.
    /// - Throws: `DeviceSignerError`.
    public static func makeKey(
        tag: String, accessGroup: String? = nil,
        flags: SecAccessControlCreateFlags = [.privateKeyUsage, .userPresence]
    ) throws -> Data {
        var error: Unmanaged<CFError>?
        let accessible = kSecAttrAccessibleWhenUnlockedThisDeviceOnly
        guard let access = SecAccessControlCreateWithFlags(nil, accessible, flags, &error) else { throw typed(error) }
        var ofPrivateKey: [CFString: Any] = [
            kSecAttrIsPermanent: true,
            kSecAttrApplicationTag: Data(tag.utf8),
            kSecAttrAccessControl: access,
        ]
        if let accessGroup { ofPrivateKey[kSecAttrAccessGroup] = accessGroup }
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits: 256,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecUseDataProtectionKeychain: true,
            kSecPrivateKeyAttrs: ofPrivateKey,
        ]
        guard let key = SecKeyCreateRandomKey(attributes as CFDictionary, &error) else { throw typed(error) }
        return try point(of: key)
    }

    /// Returns whether there is a key with this tag.
    ///
    /// - Throws: `DeviceSignerError` if the Keychain does not say.
    public static func hasKey(tag: String, accessGroup: String? = nil) throws -> Bool {
        let status = SecItemCopyMatching(query(Data(tag.utf8), accessGroup) as CFDictionary, nil)
        if status == errSecItemNotFound { return false }
        guard status == errSecSuccess else { throw typed(NSError(domain: NSOSStatusErrorDomain, code: Int(status))) }
        return true
    }

    public func publicKey() async throws -> Data {
        // This asks nobody: only the use of the private key is guarded.
        try await onQueue { try Self.point(of: self.key(in: LAContext())) }
    }

    public func sign(payload: Data) async throws -> Data {
        let context = Context()
        return try await withTaskCancellationHandler {
            try await onQueue {
                let key = try self.key(in: context.authentication)
                let algorithm = SecKeyAlgorithm.ecdsaSignatureMessageX962SHA256
                // The key is for key agreement (ECDH) only.
                guard SecKeyIsAlgorithmSupported(key, .sign, algorithm) else { throw DeviceSignerError.KeyCannotSign }
                var error: Unmanaged<CFError>?
                guard let signature = SecKeyCreateSignature(key, algorithm, payload as CFData, &error) else {
                    throw Self.typed(error)
                }
                return signature as Data
            }
        } onCancel: {
            context.authentication.invalidate()
        }
    }

    /// The context in which the system asks the holder. It may be invalidated from any thread.
    private struct Context: @unchecked Sendable {
        let authentication = LAContext()
    }

    private func key(in context: LAContext) throws -> SecKey {
        switch source {
        case .key(let key):
            return key
        case .tag(let tag, let accessGroup, let reason):
            context.localizedReason = reason
            var query = Self.query(tag, accessGroup)
            query[kSecUseAuthenticationContext] = context
            query[kSecReturnRef] = true
            var found: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &found)
            guard status == errSecSuccess, let found, CFGetTypeID(found) == SecKeyGetTypeID() else {
                throw Self.typed(NSError(domain: NSOSStatusErrorDomain, code: Int(status)))
            }
            // The type was checked, and Swift has no conditional cast to such types.
            return found as! SecKey
        }
    }

    private static func query(_ tag: Data, _ accessGroup: String?) -> [CFString: Any] {
        var query: [CFString: Any] = [
            kSecClass: kSecClassKey,
            kSecAttrKeyClass: kSecAttrKeyClassPrivate,
            kSecAttrApplicationTag: tag,
            kSecUseDataProtectionKeychain: true,
        ]
        if let accessGroup { query[kSecAttrAccessGroup] = accessGroup }
        return query
    }

    private static func point(of key: SecKey) throws -> Data {
        guard let publicKey = SecKeyCopyPublicKey(key) else {
            throw DeviceSignerError.Hardware(reason: "the key has no public half")
        }
        var error: Unmanaged<CFError>?
        guard let point = SecKeyCopyExternalRepresentation(publicKey, &error) else { throw typed(error) }
        return point as Data
    }

    private static func typed(_ error: Unmanaged<CFError>?) -> DeviceSignerError {
        guard let error = error?.takeRetainedValue() else { return .Hardware(reason: "the system gave no reason") }
        return typed(error as Error as NSError)
    }

    private static func typed(_ error: NSError) -> DeviceSignerError {
        if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == LAError.errorDomain {
            return typed(underlying)
        }
        switch (error.domain, error.code) {
        case (LAError.errorDomain, LAError.userCancel.rawValue),
            (LAError.errorDomain, LAError.appCancel.rawValue),
            (LAError.errorDomain, LAError.systemCancel.rawValue),
            (LAError.errorDomain, LAError.invalidContext.rawValue),
            (LAError.errorDomain, LAError.userFallback.rawValue),
            (LAError.errorDomain, LAError.authenticationFailed.rawValue),
            (NSOSStatusErrorDomain, Int(errSecUserCanceled)),
            (NSOSStatusErrorDomain, Int(errSecAuthFailed)):
            return .Cancelled
        case (LAError.errorDomain, LAError.notInteractive.rawValue),
            (LAError.errorDomain, LAError.biometryLockout.rawValue),
            (NSOSStatusErrorDomain, Int(errSecInteractionNotAllowed)):
            return .Locked
        default:
            return .Hardware(reason: "\(error.domain) \(error.code): \(error.localizedDescription)")
        }
    }

    /// Does the work on a thread that may wait for a person.
    private func onQueue<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try work() }) }
        }
    }
}
#endif
