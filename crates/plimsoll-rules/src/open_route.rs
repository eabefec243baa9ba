//! A route that asks for a login, for known client addresses or for nobody at all, where the gateway is not told.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Level, Rule};
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::types::RouteTarget;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0504",
    name: "open-route",
    level: Level::Warning,
    consequence: "whoever knows the host comes in without a login",
    docs: "`auth` and `allow` of a route are not spelled for this gateway in this version: logins by \
           password are told to Envoy, Traefik and ingress-nginx, logins elsewhere to Envoy, client \
           addresses to these and Istio; a path that leads nowhere (`none`) to routes of Gateway API and to \
           ingress-nginx, elsewhere it is served by what leads to a shorter path. On the embedded cluster that is a warning. Where the \
           environment names a real cluster it is an error, and `up --context` refuses: a page that \
           should be guarded must not be published open.",
};

/// Reports each such route; where the environment names a real cluster, as an error.
pub fn check(subject: &Subject, findings: &mut Findings) {
    for (name, origin) in open(subject.app) {
        let message = format!("route `{name}` is open: its `auth`, `allow` or `none` is not told to the gateway");
        let mut finding = Finding::new(&RULE, message)
            .mark_origin(&origin, "this guard has no effect yet")
            .about(format!("HTTPRoute/{name}"))
            .help("remove the route, or guard it outside: a VPN, or a login in the program itself");
        if subject.app.cluster.context.is_some() {
            finding.level = Level::Error;
        }
        findings.report(finding);
    }
}

/// The routes whose guard is not told to the gateway, with what asks for it.
pub fn open(app: &plimsoll_spec::App) -> Vec<(plimsoll_source::Str, plimsoll_source::Origin)> {
    let can = |guard: Guard| guard.is_known(&app.platform);
    let open = |path: &RoutePath| {
        let auth = path.auth.some();
        let basic = auth.filter(|auth| auth.basic.is_some() && !can(Guard::Basic));
        let oidc = auth.filter(|auth| auth.oidc.is_some() && !can(Guard::Oidc));
        let allow = path.allow.first().filter(|_| !can(Guard::Allow));
        let login = basic.or(oidc).map(|auth| auth.origin.clone());
        let nowhere = *path.to.peek() == RouteTarget::None && !can(Guard::Nowhere);
        let nowhere = nowhere.then(|| path.to.origin().clone());
        login.or_else(|| allow.map(|allow| allow.origin().clone())).or(nowhere)
    };
    let guard = |route: &plimsoll_spec::app::Route| route.paths.values().find_map(open);
    let on = app.routes.values().filter(|route| *route.enabled.peek());
    on.filter_map(|route| Some((route.name.peek().clone(), guard(route)?))).collect()
}
