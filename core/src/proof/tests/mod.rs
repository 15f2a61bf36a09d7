//! Whole proofs on real documents: correct documents verify, and each forged link fails a rule that
//! its test names.
//!
//! A forgery is made as a cheating prover would make it. Whole tables come from another witness or
//! are filled from other values, so that as much as possible agrees, and the multiplicities follow.
//! Every forgery is shown to the checker, which names the rules that fail. One or two forgeries of
//! each link go through the real prover and verifier. If `VELUM_TEST_ALL` is set, all of them do.
//!
//! The submodules, in reading order:
//!
//! * `forgery` makes forged tables; `issuer`, `mso`, `items` and `session` forge each link of the
//!   statement;
//! * `documents` checks random documents;
//! * `suites`, `mutation`, `oracle` and `hiding` make and verify real proofs;
//! * `keys` and `public_cells` check the verifier keys and the public columns.
//!
//! This file has the tests of whole tables, of the security level and of free cells, and the list
//! of all rules.

mod documents;
mod forgery;
mod hiding;
mod issuer;
mod items;
mod keys;
mod mso;
mod mutation;
mod oracle;
mod public_cells;
mod session;
mod suites;

use p3_field::PrimeCharacteristicRing;
use velum_stark::air::freedom::free_cells;
use velum_stark::air::{Chip, RESERVED_ROWS, Trace, check, check_blinded};
use velum_stark::field::F;
use velum_stark::program::Program;
use velum_stark::{LineTheorem, Parameters, Security, VerifierKey};
use velum_testdata::MUSTERMANN;

use super::fixture::Fixture;
use super::*;
use crate::class::{BLOCK_BYTES, CLASSES, LARGE, STANDARD, SizeClass};
use crate::statement::{
    CredentialStatement, ElementName, PresentationStatement, PublicKey, SlotPredicate, Subject,
};
use crate::suite::{SUITES, Suite};

#[test]
fn the_tables_hold_for_a_real_licence() {
    for class in CLASSES {
        let fixture =
            Fixture::of_class(&MUSTERMANN, &["birth_date", "family_name", "height"], class);
        let statement = fixture.credential_statement();
        let chips = credential_chips(&statement).unwrap();
        let traces = credential_traces(&chips, &statement, &fixture.witness).unwrap();
        let violations = check(&chips, &traces);
        assert!(violations.is_empty(), "{violations}");
    }
}

/// The prover may put anything into the last rows of a table. Whether the tables hold must not
/// depend on it.
#[test]
fn the_tables_hold_whatever_is_in_their_blinding_rows() {
    fn assert_hold<C: Chip>(chips: &[C], traces: &[Trace]) {
        for blinding_rows in [0, 1, 64, RESERVED_ROWS] {
            let violations = check_blinded(chips, traces, blinding_rows);
            assert!(violations.is_empty(), "{blinding_rows} blinding rows:\n{violations}");
        }
    }
    for class in CLASSES {
        let fixture =
            Fixture::of_class(&MUSTERMANN, &["birth_date", "family_name", "height"], class);
        let statement = fixture.credential_statement();
        let chips = credential_chips(&statement).unwrap();
        assert_hold(&chips, &credential_traces(&chips, &statement, &fixture.witness).unwrap());

        let licence = Fixture::licence_of_class(&["birth_date", "height"], class);
        let over_18 = vec![SlotPredicate::Date { first: 1, last: 20_080_101 }];
        let (statement, witness) = licence.presented(vec![over_18, Vec::new()]);
        let chips = presentation_chips(&statement).unwrap();
        assert_hold(&chips, &presentation_traces(&chips, &statement, &witness).unwrap());
    }
}

#[test]
fn both_proofs_together_have_a_hundred_proven_bits() {
    for &suite in SUITES {
        for class in CLASSES {
            let verifier = Verifier::new(suite, class);
            for security in verifier.security() {
                let bits = security.bits();
                assert!(
                    bits >= 100.0,
                    "{suite:?} {} by {:?}: {bits}",
                    class.name,
                    security.theorem
                );
                // The sum of all errors has fewer bits than either proof and than either link.
                let parts = security.proofs.iter().map(|proof| proof.bits());
                let parts = parts.chain(security.links.map(|link| link.bits));
                assert!(parts.into_iter().all(|part| bits < part));
            }
        }
    }
}

#[test]
fn no_proof_is_longer_than_the_limit() {
    for &suite in SUITES {
        for class in CLASSES {
            for key in Verifier::new(suite, class).keys() {
                let longest = key.max_proof_bytes();
                assert!(longest <= MAX_PROOF_BYTES, "{suite:?} {}: {longest}", class.name);
            }
        }
    }
}

/// The statement enters the tables through public columns alone, so the key made from an example
/// holds for every statement.
#[test]
fn verifier_keys_do_not_depend_on_the_statement() {
    for class in CLASSES {
        let name = |slot: usize| ElementName {
            namespace: format!("{}{}", "n".repeat(63), slot % 2),
            element: "e".repeat(slot + 1),
        };
        let subject = Subject {
            suite: Suite::Direct,
            class,
            doc_type: "t".repeat(64),
            issuer: PublicKey { x: [1; 32], y: [2; 32] },
            elements: (0..class.slots).map(name).collect(),
        };
        let commitment = F::new_array([1, 2, 3, 4]);
        let credential = CredentialStatement { subject: subject.clone(), commitment };
        let predicates = vec![
            SlotPredicate::Encoding(vec![0xf5]),
            SlotPredicate::Date { first: 1, last: 20_000_101 },
        ];
        let presentation = PresentationStatement {
            subject,
            commitment,
            credential_proof: [1; 32],
            salt: None,
            request: [2; 32],
            now: 20_240_101_000_000,
            signed_within: (1, 2),
            device_authentication: [3; 32],
            predicates: vec![predicates; class.slots],
        };
        let verifier = Verifier::new(Suite::Direct, class);
        let key = key_of(ProofKind::Credential, class, &credential_chips(&credential).unwrap());
        assert_eq!(key.hash(), verifier.credential.hash(), "{}", class.name);
        let key =
            key_of(ProofKind::Presentation, class, &presentation_chips(&presentation).unwrap());
        assert_eq!(key.hash(), verifier.presentation.hash(), "{}", class.name);
    }
}

fn key_of<C: Chip>(kind: ProofKind, class: SizeClass, chips: &[C]) -> VerifierKey {
    VerifierKey::new(&Suite::Direct.label(kind), Suite::Direct.parameters(kind, &class), chips)
}

/// The bits that are printed are those of the parameters and tables in use.
#[test]
fn bits_follow_the_parameters_and_the_tables() {
    let (credential, presentation) = super::verifier::key_chips(Suite::Direct, STANDARD);
    for theorem in 0..LineTheorem::ALL.len() {
        follow(theorem, Suite::Direct.parameters(ProofKind::Credential, &STANDARD), &credential);
        follow(
            theorem,
            Suite::Direct.parameters(ProofKind::Presentation, &STANDARD),
            &presentation,
        );
    }

    fn follow<C: Chip>(theorem: usize, direct: Parameters, chips: &[C]) {
        let security = |parameters, chips: &[C]| {
            VerifierKey::new("test", parameters, chips).security()[theorem].clone()
        };
        let whole = security(direct, chips);
        let fewer = security(Parameters { queries: direct.queries / 2, ..direct }, chips);
        assert!(fewer.bits() < whole.bits() - 20.0, "{} of {}", fewer.bits(), whole.bits());
        let easier = security(Parameters { batch_grinding_bits: 0, ..direct }, chips);
        assert!(easier.bits() < whole.bits(), "{} of {}", easier.bits(), whole.bits());

        // Each term counts, the one of the lookups among them.
        let lookups = "lookup challenges";
        assert!(whole.terms.iter().any(|term| term.name == lookups));
        for dropped in &whole.terms {
            let terms = whole.terms.iter().copied().filter(|term| term != dropped).collect();
            let without = Security { terms, ..whole.clone() };
            assert!(without.bits() > whole.bits(), "{}", dropped.name);
        }
        // A single table has fewer lookups.
        let term = |security: &Security| {
            security.terms.iter().find(|term| term.name == lookups).unwrap().bits
        };
        assert!(term(&security(direct, &chips[..1])) > term(&whole));
    }
}

#[test]
fn a_verifier_refuses_statements_of_another_class() {
    let mut fixture = Fixture::of(&MUSTERMANN, &["birth_date"]);
    let verifier = Verifier::new(Suite::Direct, STANDARD);
    let proof = [0; 64];
    fixture.subject.class = LARGE;
    fixture.witness.record.salts = crate::statement::RecordSalts::from_system(LARGE).unwrap();
    let error = verifier.verify_credential(&fixture.credential_statement(), &proof).unwrap_err();
    assert!(error.to_string().contains("another suite or size class"), "{error}");
}

/// Number of rows of the SHA-256 table that are searched: those of the first two blocks.
const SHA256_ROWS: usize = 150;

/// In an honest credential proof, no cell can change except the cells that no rule reads. The
/// documentation of the chips lists these cells.
///
/// The ES256 table is left out. Its values are tuples, which the search holds fixed.
#[test]
fn only_what_is_read_by_nothing_can_move() {
    let fixture = Fixture::of(&MUSTERMANN, &["birth_date", "family_name", "height", "age_over_18"]);
    let statement = fixture.credential_statement();
    let chips = credential_chips(&statement).unwrap();
    let traces = credential_traces(&chips, &statement, &fixture.witness).unwrap();
    for (chip, trace) in chips.iter().zip(&traces) {
        let rows = match chip {
            CredentialChip::Es256(_) | CredentialChip::Range(_) => continue,
            CredentialChip::Sha256(_) => SHA256_ROWS,
            _ => trace.height(),
        };
        let is_documented = read_by_nothing(chip, trace);
        let mut free = free_cells(chip, trace, rows);
        free.retain(|&(row, column)| !is_documented(row, column));
        assert!(free.is_empty(), "{}: {:?}", chip.name(), free.iter().take(20).collect::<Vec<_>>());
    }
}

/// The same for a presentation, which has predicates on values and ranges in the record.
#[test]
fn only_what_is_read_by_nothing_can_move_in_a_presentation() {
    for class in CLASSES {
        let elements = crate::record::record_elements(&class).next_multiple_of(crate::digest::RATE);
        let licence = Fixture::licence_of_class(&["height", "birth_date"], class);
        let over_18 = vec![SlotPredicate::Date { first: 1, last: 20_080_101 }];
        let (statement, witness) = licence.presented(vec![Vec::new(), over_18]);
        let chips = presentation_chips(&statement).unwrap();
        let traces = presentation_traces(&chips, &statement, &witness).unwrap();
        for (chip, trace) in chips.iter().zip(&traces) {
            let (fixed, public) = (chip.fixed(), chip.public());
            let zero = |cell: F| cell == F::ZERO;
            let is_documented = |row: usize, column: usize| match chip {
                // Sums: rows other than the first of an element, unless their digit is a byte under
                // a date predicate. Beside the tag and the kind, two of the six digits belong to no
                // difference, so all six sums can change while the digits of the difference stay.
                // Numbers: rows other than those of the content and of the tags of dates.
                PresentationChip::Values(_) => match column {
                    0 => {
                        let of_slot = row % 7;
                        let is_tag = |row: usize| !zero(fixed[4][row]);
                        let is_beside =
                            is_tag(row - of_slot) || row >= 7 && is_tag(row - of_slot - 7);
                        of_slot > 0 && (is_beside || zero(fixed[13][row]) || zero(public[3][row]))
                    }
                    _ => {
                        let is_content =
                            !zero(fixed[2][row]) || row > 0 && !zero(fixed[2][row - 1]);
                        !is_content && zero(public[2][row])
                    }
                },
                // Rows other than those of the record, of range checks and of given values.
                PresentationChip::Record(_) => {
                    row >= elements && zero(fixed[6][row]) && zero(public[1][row])
                }
                _ => false,
            };
            if matches!(chip, PresentationChip::Es256(_) | PresentationChip::Range(_)) {
                continue;
            }
            let mut free = free_cells(chip, trace, trace.height());
            free.retain(|&(row, column)| !is_documented(row, column));
            assert!(
                free.is_empty(),
                "{}: {:?}",
                chip.name(),
                free.iter().take(20).collect::<Vec<_>>()
            );
        }
    }
}

/// Whether the documentation of the chip says that a cell is free.
fn read_by_nothing(chip: &CredentialChip, trace: &Trace) -> impl Fn(usize, usize) -> bool {
    let (fixed, public) = (chip.fixed(), chip.public());
    let zero = |cell: F| cell == F::ZERO;
    move |row, column| match chip {
        // Multiplicities, and the rows behind the streams.
        CredentialChip::Bytes(_) => column >= 5 || row >= STANDARD.blocks() * BLOCK_BYTES,
        // Multiplicities, carries on rows where they are not bits, and the leading rows.
        CredentialChip::Sha256(_) => {
            let is_on = |selector: usize| row >= 2 && !zero(fixed[selector][row - 2]);
            let carries = match column {
                99..104 => !(is_on(0) || is_on(1)),
                104..106 => !is_on(1),
                _ => false,
            };
            column == 106 || carries || row < 2 || row + 1 >= SHA256_ROWS
        }
        // Multiplicities, and the rows without an item.
        CredentialChip::Cbor(_) => column == 17 || zero(trace.get(row, 0)),
        // The rows of strings that are not in use, and the rows of no string.
        CredentialChip::Text(_) => zero(public[1][row]) && zero(public[2][row]),
        // Group of an entry: all cells behind its first row except limbs, and the position of a
        // bound. Group of a key: the cells behind the inverse; without a key, everything except the
        // cells which say that there is none. Rows of no group.
        CredentialChip::Keys(_) => {
            let (first, place) = (row - row % 3, row % 3);
            let is_used = !zero(trace.get(first, 0));
            match (place, column) {
                (_, 4) if !zero(fixed[0][first]) => zero(fixed[3][row]),
                (_, column) if !zero(fixed[0][first]) => place > 0 || column == 3 && !is_used,
                _ if zero(fixed[4][first]) => true,
                (0, column) => column > 1 && !is_used,
                _ => !is_used || (place, column) > (2, 2),
            }
        }
        // The column of `LENGTH` below the third row of a stream, what stream 0 has about a digest,
        // and the rows behind the streams.
        CredentialChip::Links(_) => match column {
            1 => zero(fixed[2][row]) && !(row % 8 < 3 && (8..40).contains(&row)),
            2 => !(8..40).contains(&row),
            _ => row >= 40,
        },
        // Digits beside the elements before the content. Positions on rows that hold no byte of
        // content, except those beside the tag, the kind and the argument; and beside the kind
        // where there is no tag.
        CredentialChip::Values(_) => match column {
            0 => zero(fixed[8][row]) && row % 7 != 0,
            1 => false,
            _ if !zero(fixed[9][row]) => zero(trace.get(row - 7, 2)),
            _ => [4, 7, 11, 12].iter().all(|&selector| zero(fixed[selector][row])),
        },
        // Rows other than those of the record, of positions, of the issuer's key and of the
        // commitment.
        CredentialChip::Record(_) => {
            ![0..56, 76..92, 98..118].iter().any(|rows| rows.contains(&row))
        }
        CredentialChip::Poseidon2(_) => false,
        CredentialChip::Es256(_) | CredentialChip::Range(_) => false,
    }
}

/// The rules of a program that come from chips: constraints as `chip/label`, and each bus. What the
/// proof system adds is left out: the constraints of the lookup argument, and the masks of its
/// terminals, which say nothing about a witness.
fn rules_of_chips(program: &Program) -> Vec<String> {
    let names = program.groups().iter().flat_map(|group| &group.rules).map(|rule| &rule.name);
    let of_chips =
        names.filter(|name| !name.starts_with("batch/") && !name.starts_with("accumulator/"));
    let fractions = program.groups().iter().flat_map(|group| &group.fractions);
    let fractions = fractions.filter(|fraction| fraction.bus != "mask");
    of_chips.cloned().chain(fractions.map(|fraction| format!("bus {}", fraction.bus))).collect()
}

/// Lists what `cargo xtask soundness-mutants` switches off. Larger classes have several tables of
/// one chip, such as `sha256-1`. Of their rules, only those that the first table lacks are listed
/// again.
#[test]
fn lists_every_rule() {
    let mut all = std::collections::BTreeSet::new();
    for class in CLASSES {
        let verifier = Verifier::new(Suite::Direct, class);
        let [credential, presentation] = verifier.keys();
        let (credential_chips, presentation_chips) =
            super::verifier::key_chips(Suite::Direct, class);
        let programs =
            [credential.program(&credential_chips), presentation.program(&presentation_chips)];
        for rule in programs.iter().flat_map(rules_of_chips) {
            let first =
                ["sha256-1/", "sha256-2/", "bytes-1/"].iter().fold(rule.clone(), |rule, later| {
                    let (chip, _) = later.split_once('-').unwrap_or_default();
                    rule.replace(later, &format!("{chip}/"))
                });
            if !all.contains(&first) {
                all.insert(rule);
            }
        }
    }
    assert!(all.len() > 100, "{}", all.len());
    for rule in all {
        println!("rule: {rule}");
    }
}
