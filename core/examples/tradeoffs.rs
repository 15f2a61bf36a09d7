use velum_core::class::STANDARD;
use velum_core::proof::*;
use velum_core::stark::*;
use velum_core::statement::*;
use velum_core::suite::Suite;
fn main() {
    let subject = Subject::example(Suite::Direct, STANDARD);
    let presentation = PresentationStatement::example(subject.clone());
    let credential = CredentialStatement { subject, commitment: Default::default() };
    let (c, p) = (credential_chips(&credential).unwrap(), presentation_chips(&presentation).unwrap());
    for log_blowup in 2..=5 {
        for grinding in [16, 18, 20, 22] {
            for batch in [12, 16, 18, 20] {
                for final_len in [5] {
                    let par = |queries| Parameters {
                        log_blowup,
                        queries,
                        max_log_arity: 3,
                        log_final_poly_len: final_len,
                        blinding_rows: 70,
                        lookup_grinding_bits: batch.min(14),
                        ood_grinding_bits: 8,
                        batch_grinding_bits: batch,
                        folding_grinding_bits: batch,
                        query_grinding_bits: grinding,
                    };
                    let found = (20..140).find(|&q| {
                        let bits = [
                            VerifierKey::new(Suite::Direct, par(q), &c).security().bits(),
                            VerifierKey::new(Suite::Direct, par(q), &p).security().bits(),
                        ];
                        bits.iter().all(|b| *b >= 101.0)
                    });
                    if let Some(q) = found {
                        let (ck, pk) = (
                            VerifierKey::new(Suite::Direct, par(q), &c),
                            VerifierKey::new(Suite::Direct, par(q), &p),
                        );
                        println!(
                            "blowup 2^{log_blowup} grind q{grinding} b{batch} queries {q} bytes {} + {} = {} m {:?} weakest {:?}",
                            ck.max_proof_bytes(),
                            pk.max_proof_bytes(),
                            ck.max_proof_bytes() + pk.max_proof_bytes(),
                            ck.security().johnson_m,
                            ck.security().weakest()
                        );
                    } else {
                        println!("blowup 2^{log_blowup} grind q{grinding} b{batch}: none");
                    }
                }
            }
        }
    }
}
