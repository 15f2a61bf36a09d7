//! What the machine gives and what is used of it.

use crate::report::write_stderr;

/// Threads that prove.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// The most memory that this process has held at once, in bytes; none where the system does not tell.
pub fn peak_rss_bytes() -> Option<u64> {
    peak_rss()
}

// What getrusage tells on Linux includes the process that started this one.
#[cfg(target_os = "linux")]
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn peak_rss() -> Option<u64> {
    // Bytes on macOS, kibibytes elsewhere.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1_024 };
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).ok()?;
    Some(u64::try_from(usage.max_rss()).ok()? * unit)
}

#[cfg(not(unix))]
fn peak_rss() -> Option<u64> {
    None
}

/// Vector instructions that the field arithmetic can use, each more than those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    Scalar,
    Neon,
    Avx2,
    Avx512,
}

impl Simd {
    /// What this program was built for.
    pub const BUILT: Self = if cfg!(all(target_arch = "x86_64", target_feature = "avx512f")) {
        Self::Avx512
    } else if cfg!(all(target_arch = "x86_64", target_feature = "avx2")) {
        Self::Avx2
    } else if cfg!(all(target_arch = "aarch64", target_feature = "neon")) {
        Self::Neon
    } else {
        Self::Scalar
    };

    /// The most that this processor has.
    pub fn available() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::BUILT
    }

    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512f",
        }
    }
}

/// Says on stderr, before anything is proven, that another build would prove faster here.
pub fn warn_of_unused_simd() {
    let (built, available) = (Simd::BUILT, Simd::available());
    if built < available {
        write_stderr(format_args!(
            "warning: built for {}, this processor has {}; RUSTFLAGS=\"-C target-cpu=native\" builds a faster prover",
            built.name(),
            available.name()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn memory_grows_by_what_is_held() {
        let before = peak_rss_bytes().unwrap();
        let held = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = peak_rss_bytes().unwrap();
        assert!(after >= before.max(held.len() as u64), "{before} {after}");
        assert!(after < 1 << 40, "{after}");
    }

    #[test]
    fn the_build_runs_here() {
        assert!(Simd::BUILT <= Simd::available());
    }
}
