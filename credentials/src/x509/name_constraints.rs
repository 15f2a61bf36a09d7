//! Name constraints (RFC 5280, section 4.2.1.10).

use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::der::{Tag, TagNumber, Tagged};
use x509_cert::name::Name;

use super::certificate::{Certificate, CertificateFault, Extension, attributes};
use super::general_names::{GeneralName, GeneralSubtree, NameConstraints, SubjectAltName};
use super::names::is_within;

/// `emailAddress` of PKCS #9.
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// The constraints of all certificates above a certificate: `permitted_subtrees` and
/// `excluded_subtrees` of RFC 5280.
#[derive(Default)]
pub(super) struct Constraints {
    /// A name must be within each of these: their intersection.
    permitted: Vec<Vec<GeneralSubtree>>,
    /// A name must be within none of these: their union.
    excluded: Vec<GeneralSubtree>,
}

/// A name in a certificate.
enum Presented<'a> {
    Directory(&'a Name),
    Email(&'a str),
    Dns(&'a str),
    Uri(&'a str),
    Ip(&'a [u8]),
    /// A name of a form for which no constraint is understood, with the number of its tag.
    Other(TagNumber),
}

impl Constraints {
    /// Adds the constraints of a CA certificate (RFC 5280 6.1.4 (g)).
    pub(super) fn add(&mut self, issuer: &Certificate<'_>) -> Result<(), CertificateFault> {
        let Some((_, constraints)) =
            issuer.extension::<NameConstraints>(Extension::NameConstraints)?
        else {
            return Ok(());
        };
        let NameConstraints { permitted, excluded } = constraints;
        let excluded = excluded.unwrap_or_default();
        if permitted.iter().flatten().chain(&excluded).any(|subtree| subtree.is_bounded) {
            return Err(CertificateFault::NameConstraints(
                "have a minimum or maximum, which RFC 5280 forbids",
            ));
        }
        self.permitted.extend(permitted);
        self.excluded.extend(excluded);
        Ok(())
    }

    /// Checks that every name of a certificate is permitted and that none is excluded (RFC 5280
    /// 6.1.3 (b) and (c)).
    pub(super) fn check(&self, certificate: &Certificate<'_>) -> Result<(), CertificateFault> {
        if self.permitted.is_empty() && self.excluded.is_empty() {
            return Ok(());
        }
        let subject = certificate.subject();
        if !subject.0.is_empty() {
            self.check_name(&Presented::Directory(subject))?;
        }
        for email in attributes(subject, EMAIL_ADDRESS) {
            self.check_name(&Presented::Email(text(email)?))?;
        }
        let alternative =
            certificate.extension::<SubjectAltName>(Extension::SubjectAlternativeName)?;
        for name in alternative.iter().flat_map(|(_, SubjectAltName(names))| names) {
            self.check_name(&Presented::of(name))?;
        }
        Ok(())
    }

    fn check_name(&self, name: &Presented<'_>) -> Result<(), CertificateFault> {
        for subtree in &self.excluded {
            if name.is_within(&subtree.base, true)? == Some(true) {
                return Err(CertificateFault::NameConstraints("exclude one of its names"));
            }
        }
        for subtrees in &self.permitted {
            let (mut constrained, mut permitted) = (false, false);
            for subtree in subtrees {
                let within = name.is_within(&subtree.base, false)?;
                constrained |= within.is_some();
                permitted |= within == Some(true);
            }
            if constrained && !permitted {
                return Err(CertificateFault::NameConstraints("do not permit one of its names"));
            }
        }
        Ok(())
    }
}

impl<'a> Presented<'a> {
    fn of(name: &'a GeneralName) -> Self {
        match name {
            GeneralName::Directory(name) => Self::Directory(name),
            GeneralName::Email(mailbox) => Self::Email(mailbox),
            GeneralName::Dns(host) => Self::Dns(host),
            GeneralName::Uri(uri) => Self::Uri(uri),
            GeneralName::Ip(address) => Self::Ip(address),
            GeneralName::Other(form) => Self::Other(*form),
        }
    }

    /// Whether the name is within a subtree. The answer is `None` if the subtree is about names of
    /// another form. `unknown` is the answer if this cannot be decided: for some directory names,
    /// and for a wildcard that stands for names both inside and outside the subtree.
    fn is_within(
        &self,
        base: &GeneralName,
        unknown: bool,
    ) -> Result<Option<bool>, CertificateFault> {
        let within = match (self, base) {
            (Self::Directory(name), GeneralName::Directory(base)) => is_within(name, base, unknown),
            (Self::Email(mailbox), GeneralName::Email(base)) => mailbox_is_within(mailbox, base)?,
            (Self::Dns(host), GeneralName::Dns(base)) => {
                host_is_within(host, base) || unknown && wildcard_covers(host, base)
            }
            (Self::Uri(uri), GeneralName::Uri(base)) => host_is(host_of(uri)?, base),
            (Self::Ip(address), GeneralName::Ip(base)) => address_is_within(address, base)?,
            (Self::Other(form), GeneralName::Other(base)) if form == base => {
                return Err(CertificateFault::NameConstraints(
                    "are about a form of name that is not supported here",
                ));
            }
            _ => return Ok(None),
        };
        Ok(Some(within))
    }
}

fn text(value: &Any) -> Result<&str, CertificateFault> {
    if !matches!(value.tag(), Tag::Ia5String | Tag::Utf8String | Tag::PrintableString) {
        return Err(unreadable());
    }
    std::str::from_utf8(value.value()).map_err(|_| unreadable())
}

fn unreadable() -> CertificateFault {
    CertificateFault::NameConstraints("cannot be applied to one of its names, which is malformed")
}

/// The constraint is a mailbox, a host, or, with a leading dot, the hosts below a domain.
fn mailbox_is_within(mailbox: &str, base: &str) -> Result<bool, CertificateFault> {
    let (local, host) = mailbox.rsplit_once('@').ok_or_else(unreadable)?;
    Ok(match base.rsplit_once('@') {
        Some((wanted, base)) => local == wanted && host_is(host, base),
        None => host_is(host, base),
    })
}

/// The constraint is a domain. It covers the domain itself and every name with further labels on
/// its left.
fn host_is_within(host: &str, base: &str) -> bool {
    let host = without_root(host);
    base.is_empty()
        || host.eq_ignore_ascii_case(base)
        || is_below(host, base.strip_prefix('.').unwrap_or(base))
}

/// The constraint is one host or, with a leading dot, the hosts below a domain.
fn host_is(host: &str, base: &str) -> bool {
    let host = without_root(host);
    match base.strip_prefix('.') {
        Some(domain) => is_below(host, domain),
        None => host.eq_ignore_ascii_case(base),
    }
}

/// A host name without the trailing dot that may stand for the DNS root.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether a wildcard may stand for names within a domain.
fn wildcard_covers(host: &str, base: &str) -> bool {
    let domain = without_root(host).strip_prefix("*.");
    domain.is_some_and(|domain| is_below(base.strip_prefix('.').unwrap_or(base), domain))
}

fn is_below(host: &str, domain: &str) -> bool {
    let labels = host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at));
    labels.is_some_and(|(labels, end)| {
        end.eq_ignore_ascii_case(domain) && labels.len() > 1 && labels.ends_with('.')
    })
}

/// The host of a URI. A URI without a host, or with an address as its host, is refused, because RFC
/// 5280 requires a domain name.
fn host_of(uri: &str) -> Result<&str, CertificateFault> {
    let (_, rest) = uri.split_once("://").ok_or_else(unreadable)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    if host.is_empty() || is_address { Err(unreadable()) } else { Ok(host) }
}

/// The constraint is an address and a mask of the same length.
fn address_is_within(address: &[u8], base: &[u8]) -> Result<bool, CertificateFault> {
    if !matches!(address.len(), 4 | 16) || !matches!(base.len(), 8 | 32) {
        return Err(unreadable());
    }
    let (network, mask) = base.split_at(base.len() / 2);
    let masked = address.iter().zip(network).zip(mask);
    Ok(address.len() == network.len() && masked.into_iter().all(|((a, n), m)| a & m == n & m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes() {
        let within = |mailbox, base| mailbox_is_within(mailbox, base).unwrap();
        assert!(within("root@example.com", "root@EXAMPLE.com"));
        assert!(!within("Root@example.com", "root@example.com"));
        assert!(
            within("root@example.com", "example.com")
                && !within("root@mail.example.com", "example.com")
        );
        assert!(
            within("root@mail.example.com", ".example.com")
                && !within("root@example.com", ".example.com")
        );
        assert!(mailbox_is_within("example.com", "example.com").is_err());
    }

    #[test]
    fn hosts() {
        assert!(
            host_is_within("a.b.example.com", "example.com")
                && host_is_within("EXAMPLE.com", "example.com")
        );
        assert!(
            !host_is_within("badexample.com", "example.com")
                && !host_is_within("example.org", "example.com")
        );
        assert!(host_is_within("anything", "") && !host_is_within(".example.com", "example.com"));
        assert!(
            host_is("a.example.com", ".example.com") && !host_is("example.com", ".example.com")
        );
        assert!(!host_is("\u{e9}xample.com", ".xample.com"));
        assert!(
            host_is("example.com.", "example.com")
                && host_is_within("a.example.com.", "example.com")
        );
        assert!(wildcard_covers("*.example.com", "evil.example.com"));
        assert!(
            !wildcard_covers("*.example.com", "example.org")
                && !wildcard_covers("a.example.com", "b.example.com")
        );
    }

    #[test]
    fn uris() {
        assert_eq!(host_of("https://user@example.com:443/path?q#f"), Ok("example.com"));
        for uri in ["urn:uuid:0", "https://", "https://192.0.2.1/", "https://[2001:db8::1]/"] {
            assert_eq!(host_of(uri), Err(unreadable()), "{uri}");
        }
    }

    #[test]
    fn addresses() {
        let network = [192, 0, 2, 0, 255, 255, 255, 0];
        assert_eq!(address_is_within(&[192, 0, 2, 77], &network), Ok(true));
        assert_eq!(address_is_within(&[192, 0, 3, 77], &network), Ok(false));
        assert_eq!(address_is_within(&[0; 16], &network), Ok(false));
        assert!(address_is_within(&[192, 0, 2], &network).is_err());
        assert!(address_is_within(&[192, 0, 2, 1], &network[..7]).is_err());
    }
}
