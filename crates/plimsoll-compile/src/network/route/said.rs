//! What a path asks for and its gateway can say in part alone.

use super::elsewhere::Elsewhere;
use crate::cx::Cx;
use plimsoll_source::{Finding, Level, Rule, Str};
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::platform::GatewayApi;
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::types::RouteTarget;

/// A redirect to something else than the file says.
pub static BROKEN_REDIRECT: Rule = Rule {
    code: "PL0440",
    name: "broken-redirect",
    level: Level::Error,
    consequence: "requests would be sent to another address than the one that is written",
    docs: "A redirect of Gateway API has a scheme, a host, a port and a path: no query and no fragment. \
           ingress-nginx takes no other signs than letters, digits and `-._~/:,?&=`.",
};

/// A path that leads nowhere and says something else.
pub static ANSWERS_500: Rule = Rule {
    code: "PL0441",
    name: "none-answers-500",
    level: Level::Info,
    consequence: "clients are told that the server is broken, and alerts on failures may count them",
    docs: "`none` is told to this gateway as a rule without backend, which nobody comes through and which \
           Gateway API answers by 500. Envoy answers 404 by a filter, ingress-nginx by its default backend.",
};

/// Reports what of the paths of all routes is not said whole.
pub fn report(cx: &Cx) {
    for route in cx.app.routes.values() {
        for path in route.paths.values() {
            match path.to.peek() {
                RouteTarget::Redirect(url) => redirect(cx, route.name.peek(), path, url),
                RouteTarget::None if can(cx, Guard::Nowhere) && !can(cx, Guard::NotFound) => {
                    nowhere(cx, route.name.peek(), path);
                }
                RouteTarget::Backend { .. } | RouteTarget::None => {}
            }
        }
    }
}

fn can(cx: &Cx, guard: Guard) -> bool {
    guard.is_known(&cx.app.platform)
}

fn redirect(cx: &Cx, route: &Str, path: &RoutePath, url: &Str) {
    let by_routes = *cx.app.platform.gateway.api.peek() == GatewayApi::Gateway;
    let taken = |c: char| c.is_ascii_alphanumeric() || "-._~/:,?&=".contains(c);
    let Some(to) = Elsewhere::parse(url) else {
        let message = format!("`{url}` is no address that a redirect can lead to");
        let help = "write `https://HOST[:PORT][/PATH]`".to_owned();
        return broken(cx, route, path, message, help);
    };
    let all = format!("{}{}", to.origin(), to.path.unwrap_or_default());
    if by_routes && !to.rest.is_empty() {
        let message = format!("a redirect cannot hold `{}`", to.rest);
        return broken(cx, route, path, message, format!("write `{all}`"));
    }
    if !by_routes && !url.chars().all(taken) {
        let message = format!("`{url}` has signs that ingress-nginx takes in no redirect");
        let help = "lead to a path without them".to_owned();
        broken(cx, route, path, message, help);
    }
}

fn broken(cx: &Cx, route: &Str, path: &RoutePath, message: String, help: String) {
    cx.report(
        Finding::new(&BROKEN_REDIRECT, message)
            .mark_origin(path.to.origin(), "leads there")
            .help(help)
            .about(format!("Route/{route}")),
    );
}

fn nowhere(cx: &Cx, route: &Str, path: &RoutePath) {
    let message = format!("`{}` answers 500 instead of 404", path.path.peek());
    cx.report(
        Finding::new(&ANSWERS_500, message)
            .mark_origin(path.to.origin(), "leads nowhere")
            .mark_origin(cx.app.platform.gateway.use_.origin(), "has no word for 404")
            .help("let a service answer there")
            .about(format!("HTTPRoute/{route}")),
    );
}
