//! What ingress-nginx does of its annotations: patterns for paths, rewrites to elsewhere, redirects, who is
//! refused. Source: ingress-nginx 1.15, its template and "Ingress Path Matching".

use super::cidr::Cidr;
use super::rule::prefix_takes;
use super::{Answer, Request, read};
use regex::Regex;
use serde_json::Value;
use std::fmt::Write;
use std::sync::Arc;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// An annotation of an Ingress.
pub(super) fn said<'a>(ingress: &'a Value, key: &str) -> Option<&'a str> {
    read::annotation(ingress, &format!("{PREFIX}{key}"))
}

/// Whether some Ingress of a host makes all of its paths patterns.
pub(super) fn has_patterns(of_host: &[&Arc<Value>]) -> bool {
    of_host.iter().any(|ingress| {
        said(ingress, "use-regex") == Some("true") || said(ingress, "rewrite-target").is_some()
    })
}

/// Whether a path of an Ingress takes a request's. As patterns, paths begin as the request's does,
/// whatever their type and however letters are written.
pub(super) fn takes(entry: &Value, path: &str, patterns: bool) -> bool {
    let declared = entry["path"].as_str().unwrap_or("/");
    if patterns {
        return pattern(declared).is_some_and(|pattern| pattern.is_match(path));
    }
    match read::text(entry, "/pathType") {
        "Exact" => path == declared,
        "ImplementationSpecific" => path.starts_with(declared),
        _ => prefix_takes(declared, path),
    }
}

fn pattern(declared: &str) -> Option<Regex> {
    Regex::new(&format!("(?i)^{declared}")).ok()
}

/// How early a path is tried: as patterns the longest text first, whatever its type.
pub(super) fn rank(entry: &Value, patterns: bool) -> (bool, usize) {
    let exact = entry["pathType"] == "Exact" && !patterns;
    (exact, read::text(entry, "/path").len())
}

/// Where the address itself sends a client, before anybody asks who it is.
pub(super) fn redirect(ingress: &Value, entry: &Value, request: &Request) -> Option<Answer> {
    if let Some(location) = said(ingress, "permanent-redirect") {
        let code = said(ingress, "permanent-redirect-code").and_then(|code| code.parse().ok());
        return Some(Answer::Redirect {
            status: code.unwrap_or(301),
            location: location.to_owned(),
        });
    }
    let target = said(ingress, "rewrite-target")?;
    if !target.starts_with("http://") && !target.starts_with("https://") {
        return None;
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let pattern = pattern(entry["path"].as_str().unwrap_or("/"))?;
    let mut location = String::new();
    pattern
        .captures(path)?
        .expand(&braced(target), &mut location);
    if !query.is_empty() {
        location = format!("{location}?{query}");
    }
    Some(Answer::Redirect {
        status: 302,
        location,
    })
}

/// `$1x` is the first group and an `x` there, a group named `1x` here.
fn braced(target: &str) -> String {
    let mut out = String::new();
    let mut rest = target.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(digit) if c == '$' && digit.is_ascii_digit() => {
                let _ = write!(out, "${{{digit}}}");
                rest.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// What a client is told that may not come in: 403, or what the controller's own default backend tells.
pub(super) fn refusal(ingress: &Value, request: &Request) -> Option<Answer> {
    let held = |key: &str| {
        let ranges = said(ingress, key)?.split(',');
        let mut ranges = ranges.filter_map(|range| Cidr::parse(range.trim()));
        Some(ranges.any(|range| range.contains(request.from)))
    };
    let allowed = held("whitelist-source-range").or_else(|| held("allowlist-source-range"));
    if held("denylist-source-range") != Some(true) && allowed != Some(false) {
        return None;
    }
    let own_page = said(ingress, "custom-http-errors")
        .is_some_and(|codes| codes.split(',').any(|code| code.trim() == "403"));
    let by_default = own_page && said(ingress, "default-backend").is_none();
    Some(Answer::Status(if by_default { 404 } else { 403 }))
}
