//! What the machine offers, and how much of it is used.

/// Number of threads that prove.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// The most memory that this process has held at once, in bytes. `None` if the system does not
/// report it.
pub fn peak_rss_bytes() -> Option<u64> {
    peak_rss()
}

// Linux has a function of its own, because its getrusage includes the process that started this
// one.
#[cfg(target_os = "linux")]
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn peak_rss() -> Option<u64> {
    // `max_rss` is in bytes on macOS and in kibibytes elsewhere.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1_024 };
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).ok()?;
    Some(u64::try_from(usage.max_rss()).ok()? * unit)
}

#[cfg(not(unix))]
fn peak_rss() -> Option<u64> {
    None
}

/// Vector instructions that the field arithmetic can use, from the least to the most capable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    /// No vector instructions.
    Scalar,
    /// The vector instructions of WebAssembly.
    Simd128,
    /// The vector instructions of 64-bit ARM.
    Neon,
    /// The vector instructions of x86-64 with 256 bits.
    Avx2,
    /// The vector instructions of x86-64 with 512 bits.
    Avx512,
}

impl Simd {
    /// The instructions that this program was built for.
    pub const BUILT: Self = if cfg!(all(target_arch = "x86_64", target_feature = "avx512f")) {
        Self::Avx512
    } else if cfg!(all(target_arch = "x86_64", target_feature = "avx2")) {
        Self::Avx2
    } else if cfg!(all(target_arch = "aarch64", target_feature = "neon")) {
        Self::Neon
    } else if cfg!(all(target_arch = "wasm32", target_feature = "simd128")) {
        Self::Simd128
    } else {
        Self::Scalar
    };

    /// The most capable instructions of this processor.
    pub fn available() -> Self {
        let levels = [Self::Avx512, Self::Avx2, Self::Neon, Self::Simd128];
        levels.into_iter().find(|level| level.is_available()).unwrap_or(Self::Scalar)
    }

    fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            // An engine does not load a module with instructions that it does not know.
            Self::Simd128 => Self::BUILT == Self::Simd128,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
            _ => false,
        }
    }

    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Simd128 => "simd128",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512f",
        }
    }
}

/// The warning to show before proving if another build would prove faster on this machine.
pub fn simd_warning() -> Option<String> {
    warning(Simd::BUILT, Simd::available())
}

fn warning(built: Simd, available: Simd) -> Option<String> {
    let (built_for, has) = (built.name(), available.name());
    (built < available).then(|| {
        format!(
            "warning: built for {built_for}, but this CPU has {has}; \
             RUSTFLAGS=\"-C target-cpu=native\" builds a faster prover"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use p3_field::{Field, PackedValue};
    use p3_goldilocks::Goldilocks;

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
        assert!(Simd::BUILT <= Simd::available() && Simd::BUILT.is_available());
    }

    /// The build is named after the instructions to which the field arithmetic was compiled.
    #[test]
    fn the_build_is_named_after_what_the_field_uses() {
        let lanes = match Simd::BUILT {
            Simd::Scalar => 1,
            Simd::Neon | Simd::Simd128 => 2,
            Simd::Avx2 => 4,
            Simd::Avx512 => 8,
        };
        assert_eq!(<<Goldilocks as Field>::Packing as PackedValue>::WIDTH, lanes);
    }

    /// Linux lists the features of the processor in a file.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    #[test]
    fn what_is_available_is_what_the_system_says() {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags = info.lines().find(|line| line.starts_with("flags")).unwrap();
        let has = |flag| flags.split_whitespace().any(|word| word == flag);
        let expected = match (has("avx512f"), has("avx2")) {
            (true, _) => Simd::Avx512,
            (false, true) => Simd::Avx2,
            (false, false) => Simd::Scalar,
        };
        assert_eq!(Simd::available(), expected);
    }

    #[test]
    fn warns_where_the_processor_has_more() {
        let text = warning(Simd::Scalar, Simd::Avx2).unwrap();
        assert!(text.contains("built for scalar, but this CPU has avx2;"), "{text}");
        assert!(warning(Simd::Avx2, Simd::Avx512).is_some());
        for same in [Simd::Scalar, Simd::Neon, Simd::Avx2, Simd::Avx512] {
            assert_eq!(warning(same, same), None);
        }
    }
}
