//! What mdoc provides for the two proofs.

use velum_core::class::SizeClass;
use velum_core::value::normalised;
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::cbor::{Rules, check_whole};
use crate::error::{Code, Error};
use crate::format::{CredentialFormat, Issued, Presented, Session};
use crate::mdoc::cose::sig_structure;
use crate::mdoc::device::{EMPTY_NAME_SPACES, SessionTranscript, device_authentication_digest};
use crate::mdoc::device_elements::DeviceElements;
use crate::mdoc::response::Document;
use crate::predicate::Literal;
use crate::request::{Learnt, Request};
use crate::trust::TrustedIssuer;
use crate::value::Value;

impl Session for SessionTranscript {
    type Document = Document;
}

/// Besides the session, the device signs the CBOR map `DeviceNameSpaces`.
impl CredentialFormat for Document {
    type Session = SessionTranscript;

    fn encode(literal: &Literal) -> Vec<u8> {
        literal.to_cbor()
    }

    fn decode(encoding: &[u8]) -> Result<Value, Error> {
        check_whole(encoding, Rules::Hashed)?;
        if normalised(encoding) != encoding {
            return Err(Error::malformed(
                "",
                "the value has CBOR heads that are longer than needed; the prover must write the \
                 shortest heads",
            ));
        }
        Value::parse(encoding)
    }

    fn device_digest(
        transcript: &SessionTranscript,
        request: &Request,
        namespaces: &[u8],
        algorithm: SignatureAlgorithm,
    ) -> Result<[u8; 32], Error> {
        let signed =
            DeviceElements::parse(namespaces).map_err(|error| error.within("deviceNameSpaces"))?;
        signed
            .check_asked(request.device_namespaces())
            .map_err(|error| error.within("deviceNameSpaces"))?;
        Ok(device_authentication_digest(request.doc_type(), transcript, namespaces, algorithm))
    }

    fn learnt(namespaces: &[u8]) -> Option<Learnt> {
        (namespaces != EMPTY_NAME_SPACES).then(|| Learnt::DeviceNamespaces(namespaces.to_vec()))
    }

    fn signed(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(sig_structure(self.issuer_signed().algorithm(), self.mso().bytes()))
    }

    fn smallest_class(&self, request: &Request) -> Result<SizeClass, Error> {
        self.size_class(request.slots())
    }

    fn issued(&self, request: &Request) -> Result<Issued<'_>, Error> {
        self.check_doc_type(request.doc_type())?;
        let issuer = self.check_issuer(request.issuers(), request.now())?;
        self.check_digests()?;
        self.issued_by(issuer, request)
    }

    fn presented(
        &self,
        transcript: &SessionTranscript,
        request: &Request,
        may_show: bool,
    ) -> Result<Presented<'_>, Error> {
        let issuer = self.verify(request, transcript)?;
        let device_signed = self.device_signed();
        if device_signed.has_namespaces() && !may_show {
            let message = "the device signed elements itself, and the presentation would show \
                           them in clear; agree to show them, or have the device sign without \
                           them";
            let error = Error::new(Code::DeviceNamespaces, "deviceSigned.nameSpaces", message);
            return Err(error.within(self.place()));
        }
        let (algorithm, signature) =
            device_signed.signature().map_err(|error| error.within(self.place()))?;
        Ok(Presented {
            issued: self.issued_by(issuer, request)?,
            shown: device_signed.namespaces(),
            algorithm,
            signature,
        })
    }
}

impl Document {
    fn issued_by(&self, issuer: TrustedIssuer, request: &Request) -> Result<Issued<'_>, Error> {
        let items = request.slots().iter().map(|slot| self.item(&slot.namespace, &slot.element));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let validity = self.mso().validity();
        Ok(Issued {
            issuer,
            x5chain: self.issuer_signed().x5chain(),
            signed: self.signed(),
            signature: self.issuer_signed().signature(),
            items: items.iter().map(|item| item.bytes()).collect(),
            values: items.iter().map(|item| item.element_value()).collect(),
            device_key: self.mso().device_key(),
            dates: [validity.signed, validity.valid_from, validity.valid_until],
        })
    }
}
