//! The chips: one AIR per module, each of which follows the standard that it proves.
//!
//! `buses` lists the buses that connect the chips. `common` has the chips for any credential
//! format, `mdoc` the chips for ISO/IEC 18013-5. No chip depends on `crate::proof`, which makes and
//! verifies the proofs.
//!
//! The picture shows which tables each of the two proofs has, and what each table does on each bus.
//! A table either provides tuples (P), which tables look up (L) any number of times, or it sends
//! tuples (S), which tables receive (R) exactly as often as they are sent.
//!
//! ```text
//!             | credential proof only                  | both proofs
//! bus         | bytes  sha256  cbor  text  keys  links | es256 values record poseidon2 range
//! ------------+----------------------------------------+------------------------------------
//! bytes       | P      L       L     L           L     |       L      L
//! fingerprint | P                          L           |
//! stream_end  | S                                R     |
//! hash_words  |        P (L)                     L     |
//! cbor_open   |                SR                SR    |
//! cbor_rule   |                PL                      |
//! field       |                S     R     R     R     |       SR     R
//! digest_at   |                            P     L     |
//! date        |                      S                 |              R
//! es256       |                                  S     | SR           S
//! es256_value |                                        | PL
//! absorb      |                                        |       S      S      R
//! squeeze     |                                        |              R      S
//! range       | L                    L     L           | L     L*     L*               P
//!
//! (L): by a table that continues a stream        L*: in the presentation proof only
//! ```
//!
//! The presentation proof has the last five tables and the last five buses. `C` joins the two
//! proofs: it is public in the `record` table of both. The classes `large` and `extra` divide
//! `sha256` into three tables, and `extra` divides `bytes` into two.

pub(crate) mod buses;
pub(crate) mod common;
pub(crate) mod mdoc;
