//! How paths are spelled for ingress-nginx: as they are, or as patterns.
//!
//! A rewrite on one path of a host makes every path of that host a regular expression there, whoever
//! wrote it: `/shop` would take `/shopping`, and an exact path all below it. So all are written as
//! patterns then. The longest text is tried first, which is the order of the language as long as what
//! is added to an exact path is longer than what is added to a prefix.
//! Source: ingress-nginx 1.15, "Ingress Path Matching", and its template.

use super::super::elsewhere::Elsewhere;
use super::super::{matched, together};
use crate::cx::Cx;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::types::RouteTarget;

/// How the paths of a host are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// With a type that says how they match.
    Plain,
    /// As regular expressions.
    Pattern,
}

/// After a prefix: its end or whole segments. The first group is what follows it, the second the same
/// without the slash.
const BELOW: &str = "(/(.*))?$";
/// After `/`: everything, and as first group.
const ALL: &str = "(.*)";
/// After an exact path: its end. The groups are empty: they make it longer than [`BELOW`].
const END: &str = "()()()()()$";

/// How the paths of a route are spelled: what one route of a host needs, all of that host have.
pub fn of(cx: &Cx, route: &Route) -> Spelling {
    if cx.gateway() != GatewayUse::IngressNginx {
        return Spelling::Plain;
    }
    let routes = together(cx, route);
    let mut paths = routes.iter().flat_map(|route| route.paths.values());
    if paths.any(|path| target(path).is_some()) {
        Spelling::Pattern
    } else {
        Spelling::Plain
    }
}

/// A path as a pattern. No word turns it: a template cannot write one.
pub fn text(path: &RoutePath) -> Sourced<Str> {
    let (text, exact) = matched(path);
    text.map(|text| {
        let after = match text.as_str() {
            _ if exact => END,
            "/" => ALL,
            _ => BELOW,
        };
        // A backslash would be doubled on its way into the configuration.
        let literal = match text.as_str() {
            "/" => text.to_string(),
            text => text.trim_end_matches('/').replace('.', "[.]"),
        };
        format!("{literal}{after}").into()
    })
}

/// What the address becomes, where a path changes it: another path, or another host. A fixed address
/// to redirect to is answered without any pattern.
pub fn target(path: &RoutePath) -> Option<String> {
    let (text, exact) = matched(path);
    let whole = text.peek() == "/";
    let below = |head: &str| match head.trim_end_matches('/') {
        head if exact && head.is_empty() => "/".to_owned(),
        head if exact => head.to_owned(),
        head if whole => format!("{head}/$1"),
        "" => "/$2".to_owned(),
        head => format!("{head}$1"),
    };
    match path.to.peek() {
        RouteTarget::Backend { .. } => path.rewrite.as_ref().map(|rewrite| below(rewrite.peek())),
        RouteTarget::Redirect(url) => {
            let to = Elsewhere::parse(url).filter(|to| !exact && to.keeps_path())?;
            Some(below(&format!("{}{}", to.origin(), text.peek())))
        }
        RouteTarget::None => None,
    }
}
