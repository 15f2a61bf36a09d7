import Foundation

#if canImport(Darwin)
import Darwin
#endif

/// The memory of this process.
///
/// It is a module of its own, because the interface of the system on Apple's platforms does not compile in the language
/// mode of Swift 6.
public enum ProcessMemory {
    /// The peak memory as the system counts it: the footprint on Apple's platforms, resident memory on Linux. Nil if
    /// the system does not report it.
    public static var peakBytes: Int? {
        #if canImport(Darwin)
        var info = task_vm_info_data_t()
        var count = mach_msg_type_number_t(MemoryLayout<task_vm_info_data_t>.size / MemoryLayout<integer_t>.size)
        let status = withUnsafeMutablePointer(to: &info) { pointer in
            pointer.withMemoryRebound(to: integer_t.self, capacity: Int(count)) { words in
                task_info(mach_task_self_, task_flavor_t(TASK_VM_INFO), words, &count)
            }
        }
        return status == KERN_SUCCESS ? Int(clamping: info.ledger_phys_footprint_peak) : nil
        #else
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        #endif
    }
}
