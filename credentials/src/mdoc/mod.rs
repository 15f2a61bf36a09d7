//! Documents of ISO/IEC 18013-5: what an issuer and a device signed, how it is read and natively
//! verified, and how requests are answered from it.
//!
//! Everything that reads these structures is in this module. Only `mint`, which makes test
//! documents, knows them too. Requests, trust and presentations know nothing of them. They use only
//! what [`CredentialFormat`](crate::CredentialFormat) requires of a format.
//!
//! The picture shows the structures with the submodules that read them, and below them what is done
//! with a document.
//!
//! ```text
//! Form::of(bytes): a DeviceResponse, a Document or an IssuerSigned       form
//!
//! DeviceResponse                                                         response
//!   documents: Document                                                  response
//!     docType
//!     issuerSigned: IssuerSigned                                         issuer_signed
//!       nameSpaces: for each namespace, its items
//!         tag 24, IssuerSignedItem: digestID, random,                    item, or opaque if no
//!                                   elementIdentifier, elementValue        proof is possible
//!       issuerAuth: COSE_Sign1                                           cose, sign1, x5chain
//!         payload: tag 24, MobileSecurityObject                          mso
//!           valueDigests: for each namespace, digestID -> SHA-256 of an item
//!           deviceKeyInfo: deviceKey, keyAuthorizations                  mso, device_elements
//!     deviceSigned: DeviceSigned                                         device
//!       nameSpaces: tag 24, DeviceNameSpaces                             device_elements
//!       deviceAuth: deviceSignature (COSE_Sign1) or deviceMac            device, cose, sign1
//!
//! Handover --> SessionTranscript                                         handover, device
//!
//! Document --> verify: all checks of a request      inspection: the checks without a request
//!          --> answer: predicates, Explanation      format: Issued and Presented, for proofs
//! ```
//!
//! # Order of the source
//!
//! * `sign1`, `cose` and `x5chain` read a COSE_Sign1, its signature and its certificates.
//! * `item`, `opaque` and `mso` read what the issuer signed. `issuer_signed` puts them together.
//! * `device_elements` and `device` read what the device signed. `handover` builds the
//!   `SessionTranscript`.
//! * `form` recognises the structure of an input, and `response` reads it.
//! * `verify` checks a document natively, `inspection` reports on it, `answer` applies a request to
//!   it, and `format` hands it to the proofs.

mod answer;
mod cose;
mod device;
mod device_elements;
mod form;
mod format;
mod handover;
mod inspection;
mod issuer_signed;
mod item;
mod mso;
mod opaque;
mod response;
mod sign1;
mod verify;
mod x5chain;

pub use cose::{SIGNATURE_BYTES, sig_structure};
pub use device::{
    DeviceAuth, DeviceSigned, EMPTY_NAME_SPACES, SessionTranscript, device_authentication_bytes,
    device_authentication_digest,
};
pub use device_elements::KeyAuthorizations;
pub use form::Form;
pub use handover::{Handover, THUMBPRINT_BYTES, jwk_thumbprint};
pub use inspection::{Check, Inspection, Outcome, Provable};
pub use issuer_signed::{IssuerSigned, NameSpace};
pub use item::{IssuerSignedItem, ItemLayout};
pub use mso::{
    DIGEST_BYTES, DigestLayout, MobileSecurityObject, MsoLayout, NameSpaceLayout, ValidityInfo,
};
pub use opaque::OpaqueItem;
pub use response::{BrokenDocument, DeviceResponse, Document};
pub use x5chain::X5ChainFault;
