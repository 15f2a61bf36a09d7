//! Arguments that several commands take.

use velum_aggregate_verifier::Profile;

/// `--profile`: the parameters of an aggregate's proofs.
pub fn profile(name: &str) -> Result<Profile, String> {
    let known = || Profile::ALL.map(Profile::short_name).join(" or ");
    Profile::by_short_name(name).ok_or_else(|| format!("use {}", known()))
}

/// `--payee`: 32 bytes in hexadecimal.
pub fn payee(text: &str) -> Result<[u8; 32], String> {
    let mut payee = [0; 32];
    hex::decode_to_slice(text, &mut payee).map_err(|_| "write 64 hexadecimal digits".to_owned())?;
    Ok(payee)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payees_are_32_bytes() {
        assert_eq!(payee(&"0a".repeat(32)), Ok([10; 32]));
        for wrong in ["", "0a", &"0a".repeat(33), &"zz".repeat(32)] {
            assert!(payee(wrong).is_err());
        }
    }

    #[test]
    fn profiles_are_named() {
        assert_eq!(profile("standard"), Ok(Profile::Standard));
        assert_eq!(profile("proven-100"), Ok(Profile::Proven100));
        assert_eq!(profile("100"), Err("use standard or proven-100".to_owned()));
    }
}
