//! Documents of ISO 18013-5: what an issuer and a device signed, how it is read and natively verified, and how requests
//! are answered from it.
//!
//! Everything that knows these structures is here: requests, trust and presentations know nothing of it, and take from it what
//! [`CredentialFormat`](crate::CredentialFormat) asks of a format.

mod answer;
mod cose;
mod device;
mod device_elements;
mod format;
mod inspection;
mod item;
mod mso;
mod response;
mod verify;
mod x5chain;

pub use cose::{SIGNATURE_BYTES, sig_structure};
pub use device::{
    DeviceAuth, DeviceSigned, EMPTY_NAME_SPACES, SessionTranscript, device_authentication_bytes,
    device_authentication_digest,
};
pub use device_elements::KeyAuthorizations;
pub use inspection::{Check, Inspection, Outcome};
pub use item::{IssuerSignedItem, ItemLayout};
pub use mso::{DIGEST_BYTES, DigestLayout, MobileSecurityObject, MsoLayout, NameSpaceLayout, ValidityInfo};
pub use response::{DeviceResponse, Document, IssuerSigned, NameSpace};
pub use x5chain::X5ChainFault;
