//! The address that a path of a route redirects to.

/// An address in its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Elsewhere<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host, without port.
    pub host: &'a str,
    /// Port, where one is written.
    pub port: Option<u16>,
    /// Path, where one is written: then all requests go there, and their own path is not kept.
    pub path: Option<&'a str>,
    /// What stands behind the path: a query, a fragment.
    pub rest: &'a str,
}

impl<'a> Elsewhere<'a> {
    /// The parts of an address; nothing where it is none.
    pub fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        let (path, rest) = behind.split_at(behind.find(['?', '#']).unwrap_or(behind.len()));
        // The last colon, unless it stands inside of an address of IPv6.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        Some(Self {
            scheme,
            host,
            port,
            path: (!matches!(path, "" | "/")).then_some(path),
            rest,
        })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", self.scheme, self.host)
    }

    /// Whether requests keep their own path.
    pub fn keeps_path(&self) -> bool {
        self.path.is_none() && self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let all = Elsewhere::parse("https://docs.example.org:8443/v2?x=1").expect("an address");
        assert_eq!((all.host, all.port), ("docs.example.org", Some(8443)));
        assert_eq!((all.path, all.rest), (Some("/v2"), "?x=1"));
        assert!(!all.keeps_path());
        let plain = Elsewhere::parse("https://b.example/").expect("an address");
        assert_eq!(
            (plain.host, plain.port, plain.path),
            ("b.example", None, None)
        );
        assert!(plain.keeps_path());
        assert_eq!(plain.origin(), "https://b.example");
        let six = Elsewhere::parse("http://[::1]/x").expect("an address");
        assert_eq!((six.host, six.path), ("[::1]", Some("/x")));
    }
}
