//! Native verification (ISO/IEC 18013-5, 9.3.1). A prover that is given a bad document learns which
//! check failed before it proves.

use p256::ecdsa::VerifyingKey;
use velum_core::class::{CLASSES, SizeClass};

use crate::date::Timestamp;
use crate::error::{Code, Error};
use crate::mdoc::cose::{verifies, verifies_payload};
use crate::mdoc::device::{SessionTranscript, device_authentication_digest};
use crate::mdoc::device_elements::DeviceElements;
use crate::mdoc::response::Document;
use crate::request::{Request, Slot};
use crate::trust::{Certificates, Issuer, TrustedIssuer};

impl Document {
    /// Makes every check that a request requires, in the order of this module, and then checks the
    /// predicates. Returns the issuer.
    ///
    /// # Errors
    /// The error of the first check that fails.
    pub fn verify(
        &self,
        request: &Request,
        transcript: &SessionTranscript,
    ) -> Result<TrustedIssuer, Error> {
        self.check_doc_type(request.doc_type())?;
        let issuer = self.check_issuer(request.issuers(), request.now())?;
        self.check_digests()?;
        self.check_validity(request.now())?;
        self.check_device_signature(transcript)?;
        self.check_device_elements(request)?;
        request.check_predicates(self)?;
        Ok(issuer)
    }

    /// Checks that the envelope and the MSO both state the requested docType.
    ///
    /// # Errors
    /// `doc_type`.
    pub fn check_doc_type(&self, asked: &str) -> Result<(), Error> {
        let mismatch = |place: &str, message: String| {
            Err(Error::new(Code::DocType, place, message).within(self.place()))
        };
        match (self.doc_type(), self.mso().doc_type()) {
            (found, _) if found != asked => mismatch(
                "docType",
                format!("the document has type {found:?}, but the request asks for {asked:?}"),
            ),
            (stated, found) if found != asked => mismatch(
                "issuerSigned.issuerAuth.payload.docType",
                format!(
                    "the issuer signed a document of type {found:?}, but its envelope says \
                     {stated:?}"
                ),
            ),
            _ => Ok(()),
        }
    }

    /// Checks that one of the issuers signed the MSO, and that its certificates are valid.
    ///
    /// # Errors
    /// `issuer_untrusted`, `issuer_signature`.
    pub fn check_issuer(&self, issuers: &[Issuer], now: Timestamp) -> Result<TrustedIssuer, Error> {
        let signed = self.mso().validity().signed;
        let why_none =
            self.issuer_signed().x5chain_fault().map(|fault| fault.to_string()).unwrap_or_default();
        let certificates =
            Certificates { x5chain: self.issuer_signed().x5chain(), why_none: &why_none };
        TrustedIssuer::find(issuers, certificates, signed, now, |key| self.is_signed_by(key))
            .map_err(|error| error.within("issuerSigned.issuerAuth").within(self.place()))
    }

    /// Checks that a given key signed the MSO. Whether the key is trusted is up to the caller.
    ///
    /// # Errors
    /// `issuer_signature`.
    pub fn check_issuer_signature(&self, key: &VerifyingKey) -> Result<(), Error> {
        if self.is_signed_by(key) {
            return Ok(());
        }
        let message = "the signature does not verify under this key; use the issuer's own key or an unaltered document";
        Err(Error::new(Code::IssuerSignature, "issuerSigned.issuerAuth", message)
            .within(self.place()))
    }

    fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let issuer_signed = self.issuer_signed();
        verifies_payload(
            key,
            issuer_signed.algorithm(),
            self.mso().bytes(),
            issuer_signed.signature(),
        )
    }

    /// Checks that every item has its digest in the MSO, at its own namespace and digestID.
    ///
    /// # Errors
    /// `digest`.
    pub fn check_digests(&self) -> Result<(), Error> {
        for namespace in self.issuer_signed().namespaces() {
            let items =
                namespace.indexed().map(|(index, item)| (index, item.digest_id(), item.digest()));
            let opaque = namespace.opaque_items().iter();
            let opaque = opaque.map(|item| (item.index(), item.digest_id(), item.digest()));
            for (index, digest_id, found) in items.chain(opaque) {
                let message = match self.mso().digest(namespace.name(), digest_id) {
                    Some(digest) if *digest == found => continue,
                    Some(_) => {
                        "the item does not hash to its digest in the MSO; use the item as it was issued"
                    }
                    None => {
                        "the MSO holds no digest for this item; use the MSO that was issued with it"
                    }
                };
                let place = format!("issuerSigned.nameSpaces[{:?}][{index}]", namespace.name());
                return Err(Error::new(Code::Digest, place, message).within(self.place()));
            }
        }
        Ok(())
    }

    /// Checks that `validFrom <= now <= validUntil`.
    ///
    /// # Errors
    /// `not_yet_valid`, `expired`.
    pub fn check_validity(&self, now: Timestamp) -> Result<(), Error> {
        let validity = self.mso().validity();
        let place = "issuerSigned.issuerAuth.payload.validityInfo";
        let (code, message) = if now < validity.valid_from {
            (
                Code::NotYetValid,
                format!(
                    "the document is valid from {}, but the request's time is {now}; wait until \
                     then",
                    validity.valid_from
                ),
            )
        } else if now > validity.valid_until {
            (
                Code::Expired,
                format!(
                    "the document was valid until {}, but the request's time is {now}; have it \
                     renewed",
                    validity.valid_until
                ),
            )
        } else {
            return Ok(());
        };
        Err(Error::new(code, place, message).within(self.place()))
    }

    /// Checks that the device key of the MSO signed `DeviceAuthentication` for this session.
    ///
    /// # Errors
    /// `device_signature`, and the errors of
    /// [`DeviceSigned::signature`](crate::DeviceSigned::signature).
    pub fn check_device_signature(&self, transcript: &SessionTranscript) -> Result<(), Error> {
        let (algorithm, signature) =
            self.device_signed().signature().map_err(|error| error.within(self.place()))?;
        let namespaces = self.device_signed().namespaces();
        let digest =
            device_authentication_digest(self.doc_type(), transcript, namespaces, algorithm);
        let of_session = self.device_signed().payload_is_of(self.doc_type(), transcript);
        if of_session && verifies(self.mso().device_key(), &digest, signature) {
            return Ok(());
        }
        let message = if of_session {
            "the signature does not verify over this session; sign the transcript that the verifier uses, with the device \
             key that the MSO names"
        } else {
            "the payload that came with the signature is not the payload of this session; sign \
             the transcript that the verifier uses, and leave the payload out"
        };
        let error =
            Error::new(Code::DeviceSignature, "deviceSigned.deviceAuth.deviceSignature", message);
        Err(error.within(self.place()))
    }

    /// Checks that the MSO allows the device to sign the elements that it signed itself, and that
    /// the request asks for them.
    ///
    /// # Errors
    /// `device_namespaces_unauthorised`, `device_namespaces`.
    pub fn check_device_elements(&self, request: &Request) -> Result<(), Error> {
        let check = || {
            let signed = DeviceElements::parse(self.device_signed().namespaces())?;
            signed.check_authorised(self.mso().key_authorizations())?;
            signed.check_asked(request.device_namespaces())
        };
        check().map_err(|error| error.within("deviceSigned.nameSpaces").within(self.place()))
    }

    /// The smallest size class that fits the MSO and the items of these slots.
    ///
    /// # Errors
    /// `too_large` if no class is large enough; `element_missing`.
    pub fn size_class(&self, slots: &[Slot]) -> Result<SizeClass, Error> {
        let mso_bytes = self.mso().bytes().len();
        let mut longest = (0, "");
        for slot in slots {
            let bytes = self.item(&slot.namespace, &slot.element)?.bytes().len();
            longest = longest.max((bytes, &slot.element));
        }
        let (item_bytes, element) = longest;
        let fits = |class: &SizeClass| {
            mso_bytes <= class.max_mso_bytes
                && slots.len() <= class.slots
                && item_bytes <= class.max_item_bytes
        };
        if let Some(class) = CLASSES.into_iter().find(fits) {
            return Ok(class);
        }
        let [.., SizeClass { name, max_mso_bytes, slots: most, max_item_bytes, .. }] = CLASSES;
        let message = if mso_bytes > max_mso_bytes {
            format!(
                "the MSO has {mso_bytes} bytes, but size class {name:?} allows {max_mso_bytes}; \
                 no request can make the MSO smaller, so the issuer must sign fewer digests or \
                 shorter names"
            )
        } else if item_bytes > max_item_bytes {
            format!(
                "the item of {element:?} has {item_bytes} bytes, but size class {name:?} allows \
                 {max_item_bytes}; ask for another element"
            )
        } else {
            let count = slots.len();
            format!(
                "the request asks for {count} elements, but size class {name:?} allows {most}; \
                 ask for fewer"
            )
        };
        Err(Error::too_large("issuerSigned", message).within(self.place()))
    }
}
