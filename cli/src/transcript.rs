//! `velum transcript`: builds the SessionTranscript of a session from the messages that began it.

use std::path::{Path, PathBuf};

use serde_json::json;
use velum_credentials::{Error, Handover, THUMBPRINT_BYTES, jwk_thumbprint, limits};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::files;
use crate::report::Report;

/// Maximum length of a file with a JWK.
const JWK_BYTES: usize = 16 << 10;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    session: Session,
}

#[derive(clap::Subcommand)]
enum Session {
    /// OpenID4VP 1.0, with a request that came by a redirect or a link (B.2.6.1)
    #[command(name = "openid4vp")]
    OpenId4Vp {
        /// The request's client_id, with its prefix if it has one
        #[arg(long, value_name = "TEXT")]
        client_id: String,
        /// The request's nonce
        #[arg(long, value_name = "TEXT")]
        nonce: String,
        /// The verifier's public key, a JWK, to which the answer is encrypted; leave it out if the
        /// answer is not encrypted
        #[arg(long, value_name = "F")]
        jwk: Option<PathBuf>,
        /// The request's response_uri, or its redirect_uri
        #[arg(long, value_name = "TEXT")]
        response_uri: String,
        #[command(flatten)]
        out: Out,
    },
    /// OpenID4VP 1.0 over the Digital Credentials API (B.2.6.2)
    #[command(name = "openid4vp-dc-api")]
    OpenId4VpDcApi {
        /// The verifier's origin, as the platform reports it
        #[arg(long, value_name = "TEXT")]
        origin: String,
        /// The request's nonce
        #[arg(long, value_name = "TEXT")]
        nonce: String,
        /// The verifier's public key, a JWK, to which the answer is encrypted; leave it out if the
        /// answer is not encrypted
        #[arg(long, value_name = "F")]
        jwk: Option<PathBuf>,
        #[command(flatten)]
        out: Out,
    },
    /// Drafts of OpenID4VP (ISO/IEC TS 18013-7, Annex B)
    #[command(name = "openid4vp-annex-b")]
    OpenId4VpAnnexB {
        /// The request's client_id
        #[arg(long, value_name = "TEXT")]
        client_id: String,
        /// The request's response_uri
        #[arg(long, value_name = "TEXT")]
        response_uri: String,
        /// The request's nonce
        #[arg(long, value_name = "TEXT")]
        nonce: String,
        /// The nonce that the wallet generated: the answer's apu, decoded
        #[arg(long, value_name = "TEXT")]
        mdoc_generated_nonce: String,
        #[command(flatten)]
        out: Out,
    },
    /// org-iso-mdoc over the Digital Credentials API (ISO/IEC TS 18013-7, Annex C)
    #[command(name = "dcapi")]
    DcApi {
        /// The request's encryptionInfo, base64url
        #[arg(long, value_name = "TEXT")]
        encryption_info: String,
        /// The verifier's origin, as the platform reports it
        #[arg(long, value_name = "TEXT")]
        origin: String,
        #[command(flatten)]
        out: Out,
    },
    /// A QR code (ISO/IEC 18013-5, 9.1.5.1)
    Qr {
        #[command(flatten)]
        in_person: InPerson,
        #[command(flatten)]
        out: Out,
    },
    /// NFC (ISO/IEC 18013-5, 9.1.5.1)
    Nfc {
        #[command(flatten)]
        in_person: InPerson,
        /// The Handover Select message
        #[arg(long, value_name = "F")]
        select: PathBuf,
        /// The Handover Request message of a negotiated handover
        #[arg(long, value_name = "F")]
        request: Option<PathBuf>,
        #[command(flatten)]
        out: Out,
    },
}

#[derive(clap::Args)]
struct InPerson {
    /// The wallet's CBOR DeviceEngagement
    #[arg(long, value_name = "F")]
    device_engagement: PathBuf,
    /// The reader's ephemeral CBOR COSE_Key
    #[arg(long, value_name = "F")]
    e_reader_key: PathBuf,
}

#[derive(clap::Args)]
struct Out {
    /// Where to write the CBOR SessionTranscript
    #[arg(long, value_name = "F")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    match &arguments.session {
        Session::OpenId4Vp { client_id, nonce, jwk, response_uri, out } => {
            let jwk_thumbprint = thumbprint(jwk.as_deref())?;
            write(Handover::OpenId4Vp { client_id, nonce, jwk_thumbprint, response_uri }, out)
        }
        Session::OpenId4VpDcApi { origin, nonce, jwk, out } => {
            let jwk_thumbprint = thumbprint(jwk.as_deref())?;
            write(Handover::OpenId4VpDcApi { origin, nonce, jwk_thumbprint }, out)
        }
        Session::OpenId4VpAnnexB { client_id, response_uri, nonce, mdoc_generated_nonce, out } => {
            write(
                Handover::OpenId4VpAnnexB { client_id, response_uri, nonce, mdoc_generated_nonce },
                out,
            )
        }
        Session::DcApi { encryption_info, origin, out } => {
            write(Handover::DcApi { encryption_info, origin }, out)
        }
        Session::Qr { in_person, out } => {
            let (device_engagement, e_reader_key) = in_person.read()?;
            write(
                Handover::Qr { device_engagement: &device_engagement, e_reader_key: &e_reader_key },
                out,
            )
        }
        Session::Nfc { in_person, select, request, out } => {
            let (device_engagement, e_reader_key) = in_person.read()?;
            let select = message(select)?;
            let request = request.as_deref().map(message).transpose()?;
            let session = Handover::Nfc {
                device_engagement: &device_engagement,
                e_reader_key: &e_reader_key,
                select: &select,
                request: request.as_ref().map(|request| request.as_slice()),
            };
            write(session, out)
        }
    }
}

/// The content of a file.
type Message = Zeroizing<Vec<u8>>;

impl InPerson {
    fn read(&self) -> Result<(Message, Message), Failure> {
        Ok((message(&self.device_engagement)?, message(&self.e_reader_key)?))
    }
}

fn message(path: &Path) -> Result<Message, Failure> {
    files::read(path, limits::TRANSCRIPT_BYTES)
}

fn thumbprint(jwk: Option<&Path>) -> Result<Option<[u8; THUMBPRINT_BYTES]>, Failure> {
    let Some(path) = jwk else { return Ok(None) };
    let jwk = files::read(path, JWK_BYTES)?;
    Ok(Some(jwk_thumbprint(&jwk)?))
}

fn write(session: Handover<'_>, out: &Out) -> Result<Report, Failure> {
    let transcript = session.session_transcript().map_err(as_an_option)?;
    files::write(&out.out, transcript.bytes())?;
    let out = out.out.display().to_string();
    let text = format!("Wrote the SessionTranscript: {out}");
    Ok(Report::done(json!({ "out": out }), text))
}

/// Renames the place of an error: members of a session are options here.
fn as_an_option(error: Error) -> Error {
    Error::new(error.code(), error.place().replace('_', "-"), error.message())
}
