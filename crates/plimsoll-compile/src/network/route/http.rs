//! Routes by HTTP, in the words of Gateway API: one rule for each path.

use super::elsewhere::Elsewhere;
use super::gateway::{hostnames, metadata, parents};
use super::{Backed, backed, matched};
use crate::cx::Cx;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::app::{OrNone, Route};
use plimsoll_spec::types::RouteTarget;
use plimsoll_world::{Cond, Expr, Form, Fragment, Lit, Scope, SeqBuilder, form};

/// The `HTTPRoute` of a route; nothing where none of its paths leads anywhere. A path whose backend has no
/// port is a finding already.
pub fn route(cx: &Cx, route: &Route, home: &Sourced<Str>) -> Option<Form> {
    let s = &Scope::new("network/route/gateway").because(&route.origin);
    let mut rules = SeqBuilder::new(s);
    let mut some = false;
    for path in route.paths.values() {
        for methods in asked(path) {
            if let Some((when, rule)) = rule(cx, route, path, &methods, home) {
                some = true;
                rules.push_when(s, when, || rule);
            }
        }
    }
    some.then(|| {
        form!(s; {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: metadata(cx, route, route.name.clone(), home),
            spec: {
                parentRefs: parents(cx, route, None),
                hostnames: hostnames(cx, s, route),
                rules: rules.build(),
            },
        })
    })
}

/// The methods that each rule of a path asks for; none: all. A rule that replaces a prefix has one match.
pub fn asked(path: &RoutePath) -> Vec<Vec<&Sourced<Str>>> {
    let (_, exact) = matched(path);
    if path.rewrite.is_some() && !exact && path.methods.len() > 1 {
        return path.methods.iter().map(|method| vec![method]).collect();
    }
    vec![path.methods.iter().collect()]
}

fn rule(
    cx: &Cx,
    route: &Route,
    path: &RoutePath,
    methods: &[&Sourced<Str>],
    home: &Sourced<Str>,
) -> Option<(Cond, Form)> {
    let s = &Scope::new("network/route/gateway").because(&path.origin);
    let (text, exact) = matched(path);
    let matches = matches(s, path, &text, exact, methods);
    let there = || Cond::known(true, path.to.origin());
    match path.to.peek() {
        RouteTarget::Backend { .. } => {
            let backed = backed(cx, path)?;
            let mut filters = SeqBuilder::new(s);
            if let Some(rewrite) = &path.rewrite {
                let (kind, key) = if exact {
                    ("ReplaceFullPath", "replaceFullPath")
                } else {
                    ("ReplacePrefixMatch", "replacePrefixMatch")
                };
                filters.push(
                    s,
                    form!(s; { type: "URLRewrite", urlRewrite: {
                    path: { type: Lit(kind), (key): rewrite },
                } }),
                );
            }
            if let Some(cors) = &path.cors {
                filters.push(s, cors_filter(s, cors));
            }
            super::guard::filters(cx, route, path, &mut filters);
            Some((
                backed.when.clone(),
                form!(s; {
                    name: super::guard::named(cx, route, path, methods),
                    matches: matches,
                    filters: Fragment(filters.build()),
                    backendRefs: backends(s, &backed, home),
                    timeouts: Fragment(timeouts(s, path)),
                }),
            ))
        }
        RouteTarget::Redirect(url) => {
            let filter = redirect_to(s, url, path.to.origin())?;
            Some((there(), form!(s; { matches: matches, filters: [filter] })))
        }
        // A rule that leads nowhere answers 500, unless somebody answers in its place.
        RouteTarget::None => {
            let mut filters = SeqBuilder::new(s);
            super::guard::nowhere(cx, route, path, &mut filters);
            Some((
                there(),
                form!(s; { matches: matches, filters: Fragment(filters.build()) }),
            ))
        }
    }
}

/// The Service behind a rule; of a canary both versions, of which the running one has all the weight
/// until a release shifts it.
pub(super) fn backends(s: &Scope, backed: &Backed, home: &Sourced<Str>) -> Form {
    let other = backed.namespace.peek() != home.peek();
    let one = |name: &Sourced<Str>, weight: Option<i32>| {
        form!(s; {
            name: name,
            namespace: other.then(|| backed.namespace.clone()),
            port: &backed.port,
            weight: weight.map(Lit),
        })
    };
    let mut list = SeqBuilder::new(s);
    match &backed.second {
        Some(second) => {
            list.push(s, one(&backed.service, Some(100)));
            list.push(s, one(second, Some(0)));
        }
        None => list.push(s, one(&backed.service, None)),
    }
    list.build()
}

fn matches(
    s: &Scope,
    path: &RoutePath,
    text: &Sourced<Str>,
    exact: bool,
    methods: &[&Sourced<Str>],
) -> Form {
    let kind = if exact { "Exact" } else { "PathPrefix" };
    let value = text_knob(path, text);
    let one = |method: Option<&Sourced<Str>>| {
        form!(s; {
            path: { type: Lit(kind), value: value.clone() },
            method: method.cloned(),
        })
    };
    let mut list = SeqBuilder::new(s);
    if methods.is_empty() {
        list.push(s, one(None));
    }
    for method in methods {
        list.push(s, one(Some(*method)));
    }
    list.build()
}

/// The path's text as the word that turns it.
fn text_knob(path: &RoutePath, text: &Sourced<Str>) -> Expr {
    Expr::from(&plimsoll_source::Knob::new(
        path.path.handle().clone(),
        text.clone(),
    ))
}

fn timeouts(s: &Scope, path: &RoutePath) -> Form {
    let s = &s.because(path.stream.origin());
    let stream = *path.stream.peek();
    match &path.timeout {
        // Time that a whole answer may take; a stream has no end, so there it is left out.
        OrNone::Some(timeout) if !stream => {
            let request = timeout.map(plimsoll_spec::types::Duration::gateway);
            form!(s; { request: request.because(path.stream.origin()) })
        }
        OrNone::Some(_) => form!(s; { request: "0s" }),
        OrNone::None(because) => {
            let s = &s.because(because);
            form!(s; { request: "0s" })
        }
    }
}

fn cors_filter(s: &Scope, cors: &plimsoll_spec::app::route::Cors) -> Form {
    form!(s; { type: "CORS", cors: {
        allowOrigins: [for origin in &cors.origins => origin],
        allowMethods: (!cors.methods.is_empty()).then(|| form!(s; [for method in &cors.methods => method])),
        allowHeaders: (!cors.headers.is_empty()).then(|| form!(s; [for header in &cors.headers => header])),
        allowCredentials: &cors.credentials,
    } })
}

/// A redirect elsewhere by 308. Without a path of its own, requests keep theirs; a query cannot be said,
/// which is a finding.
fn redirect_to(s: &Scope, url: &str, origin: &Origin) -> Option<Form> {
    let to = Elsewhere::parse(url)?;
    let text = |text: &str| Node::Text(origin.clone(), text.into());
    let path = to
        .path
        .map(|path| form!(s; { type: "ReplaceFullPath", replaceFullPath: text(path) }));
    Some(form!(s; { type: "RequestRedirect", requestRedirect: {
        scheme: text(to.scheme),
        hostname: text(to.host),
        port: to.port.map(|port| Sourced::new(port, origin.clone())),
        path: path,
        statusCode: 308,
    } }))
}
