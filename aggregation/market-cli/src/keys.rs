//! Secret keys in files: 32 bytes in hexadecimal, readable by the file's owner only.

use std::path::Path;

use velum_cli::failure::Failure;
use velum_cli::files;
use velum_market_model::{Algorithm, SecretKey};

/// The most bytes of such a file: 32 bytes in hexadecimal, and some white space.
const MOST_BYTES: usize = 128;

/// Reads the secret in a file.
pub fn secret(path: &Path) -> Result<[u8; 32], Failure> {
    if files::is_shared(path)? {
        let message =
            format!("other users can read {}; restrict it with chmod 600", path.display());
        return Err(Failure::usage(message));
    }
    let text = files::read(path, MOST_BYTES)?;
    bytes(path, std::str::from_utf8(&text).unwrap_or_default())
}

fn bytes(path: &Path, text: &str) -> Result<[u8; 32], Failure> {
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| {
        Failure::usage(format!("{} has to contain 32 bytes in hexadecimal", path.display()))
    })?;
    Ok(secret)
}

/// Reads the Ed25519 key in a file.
pub fn key(path: &Path) -> Result<SecretKey, Failure> {
    SecretKey::from_bytes(Algorithm::Ed25519, &secret(path)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// 32 random bytes, in hexadecimal.
pub fn random() -> Result<String, Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        Failure::usage(format!("the system gives no random bytes: {error}; try again later"))
    })?;
    Ok(hex::encode(secret))
}

/// Writes a secret into a new file that nobody else can read.
pub fn write_secret(path: &Path, secret: &str) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = |mut file: std::fs::File| {
        std::io::Write::write_all(&mut file, format!("{secret}\n").as_bytes())
    };
    options.open(path).and_then(write).map_err(|error| Failure::file(path, "write", &error))
}
