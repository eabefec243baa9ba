//! What ingress-nginx is told of a path. It reads annotations of whole Ingresses alone.
//!
//! Source: ingress-nginx 1.15, annotations. Those that write parts of its configuration ("snippets") are
//! off there by default, and not used: what only they can say is a finding elsewhere.

use super::super::elsewhere::Elsewhere;
use super::super::{backed, matched};
use super::pattern::{self, Spelling};
use crate::cx::Cx;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::route::{Auth, Cors, RoutePath, RouteRate};
use plimsoll_spec::app::{OrNone, Route};
use plimsoll_spec::types::{Duration, Rate, RouteTarget};

/// Begins the annotations of ingress-nginx.
const PREFIX: &str = "nginx.ingress.kubernetes.io";
/// A year, for what has no end: a time of nothing would end at once.
const NO_END: u64 = 365 * 24 * 60 * 60;

/// Annotations in the order in which they were said.
struct Said(Vec<(Str, Sourced<Str>)>);

impl Said {
    fn say(&mut self, key: &str, value: Sourced<Str>) {
        self.0.push((Str::from(format!("{PREFIX}/{key}")), value));
    }

    /// A word that stands there because of another.
    fn switch<T>(&mut self, key: &str, because: &Sourced<T>, value: &str) {
        self.say(
            key,
            because.choose("network/route/ingress", |_| value.into()),
        );
    }
}

/// What is said of a path.
pub fn annotations(
    cx: &Cx,
    route: &Route,
    path: &RoutePath,
    spelling: Spelling,
) -> Vec<(Str, Sourced<Str>)> {
    let mut said = Said(Vec::new());
    said.say(
        "ssl-redirect",
        route.redirect.map(|on| Str::from(on.to_string())),
    );
    let target = pattern::target(path);
    if spelling == Spelling::Pattern {
        said.switch("use-regex", &path.to, "true");
    }
    if let Some(target) = target {
        let because = path
            .rewrite
            .as_ref()
            .map_or(path.to.origin(), Sourced::origin);
        let target = Sourced::new(Str::from(target), because.clone());
        said.say("rewrite-target", target);
    }
    match path.to.peek() {
        RouteTarget::Backend { .. } => served(cx, route, path, &mut said),
        RouteTarget::Redirect(url) => elsewhere(path, url, &mut said),
        RouteTarget::None => nowhere(path, &mut said),
    }
    said.0
}

fn served(cx: &Cx, route: &Route, path: &RoutePath, said: &mut Said) {
    if let Some(rate) = &path.rate {
        limit(rate, said);
    }
    match &path.body {
        Some(OrNone::Some(body)) => {
            said.say(
                "proxy-body-size",
                body.map(|body| body.bytes().to_string().into()),
            );
        }
        Some(OrNone::None(because)) => {
            said.say("proxy-body-size", Sourced::new("0".into(), because.clone()));
        }
        None => {}
    }
    times(path, said);
    if *path.stream.peek() {
        said.switch("proxy-buffering", &path.stream, "off");
        said.switch("proxy-request-buffering", &path.stream, "off");
    }
    if backed(cx, path).is_some_and(|backed| backed.grpc) {
        said.switch("backend-protocol", &path.to, "GRPC");
    }
    if let OrNone::Some(auth) = &path.auth {
        login(route, auth, said);
    }
    if let Some(first) = path.allow.first() {
        let ranges: Vec<String> = path
            .allow
            .iter()
            .map(|cidr| cidr.peek().to_string())
            .collect();
        said.say(
            "whitelist-source-range",
            first.map(|_| ranges.join(",").into()),
        );
    }
    if let Some(cors) = &path.cors {
        pages(cors, said);
    }
}

/// How long it waits for an answer, or for the next part of one; and for what the client sends, where
/// both sides talk. Its own minute stays where nobody says anything.
fn times(path: &RoutePath, said: &mut Said) {
    let seconds = |secs: u64| Str::from(secs.max(1).to_string());
    let time = match &path.timeout {
        OrNone::Some(time) if !*path.stream.peek() && time.origin().driven().is_empty() => return,
        OrNone::Some(time) => time.map(|time: &Duration| seconds(time.millis().div_ceil(1000))),
        OrNone::None(because) => Sourced::new(seconds(NO_END), because.clone()),
    };
    let time = time.because(path.stream.origin());
    said.say("proxy-read-timeout", time.clone());
    if *path.stream.peek() {
        said.say("proxy-send-timeout", time);
    }
}

/// A rate by the second where it is one, else by the minute: ingress-nginx counts nothing else. It
/// takes five times as many at once unless told otherwise.
fn limit(rate: &RouteRate, said: &mut Said) {
    let by_second = |rate: &Rate| rate.milli_per_second() >= 1000;
    let count = |rate: &Rate| {
        if by_second(rate) {
            rate.milli_per_second() / 1000
        } else {
            (rate.milli_per_second() * 60).div_ceil(1000).max(1)
        }
    };
    let unit = if by_second(rate.rate.peek()) {
        "limit-rps"
    } else {
        "limit-rpm"
    };
    said.say(
        unit,
        rate.rate.map(|rate| Str::from(count(rate).to_string())),
    );
    if let Some(burst) = &rate.burst {
        let times = burst.zip(&rate.rate, |burst, rate| {
            Str::from(u64::from(*burst).div_ceil(count(rate)).max(1).to_string())
        });
        said.say("limit-burst-multiplier", times);
    }
}

fn login(route: &Route, auth: &Auth, said: &mut Said) {
    let Some(basic) = &auth.basic else { return };
    said.switch("auth-type", basic, "basic");
    said.say(
        "auth-secret",
        basic.map(|name| crate::names::dashed(name).into()),
    );
    said.say("auth-realm", route.name.clone());
}

fn pages(cors: &Cors, said: &mut Said) {
    let list = |words: &[Sourced<Str>]| {
        let first = words.first()?;
        let all: Vec<&str> = words.iter().map(|word| word.peek().as_str()).collect();
        Some(first.map(|_| Str::from(all.join(", "))))
    };
    let words = [
        ("cors-allow-origin", &cors.origins),
        ("cors-allow-methods", &cors.methods),
        ("cors-allow-headers", &cors.headers),
    ];
    said.switch("enable-cors", &cors.credentials, "true");
    for (key, words) in words {
        if let Some(list) = list(words) {
            said.say(key, list);
        }
    }
    let credentials = cors.credentials.map(|on| Str::from(on.to_string()));
    said.say("cors-allow-credentials", credentials);
}

/// A fixed address is sent by 308. One that keeps the path is the target of a rewrite, which nginx
/// sends by 302.
fn elsewhere(path: &RoutePath, url: &Str, said: &mut Said) {
    let (text, exact) = matched(path);
    let Some(to) = Elsewhere::parse(url) else {
        return;
    };
    let url = match (exact, to.keeps_path()) {
        (false, true) => return,
        (true, true) => Str::from(format!("{}{}", to.origin(), text.peek())),
        (_, false) => url.clone(),
    };
    said.say("permanent-redirect", path.to.map(|_| url));
    said.switch("permanent-redirect-code", &path.to, "308");
}

/// Nobody may come in, and who is refused is told what the controller's own default backend tells
/// everybody: that nothing is there.
fn nowhere(path: &RoutePath, said: &mut Said) {
    said.switch("denylist-source-range", &path.to, "0.0.0.0/0,::/0");
    said.switch("custom-http-errors", &path.to, "403");
}
