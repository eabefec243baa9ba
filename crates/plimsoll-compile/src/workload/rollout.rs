//! Releases by Argo Rollouts: a Rollout in place of the Deployment, with steps, a second Service, and
//! what divides the traffic.
//!
//! Source: Argo Rollouts 1.9, `argoproj.io/v1alpha1`; its Gateway API plugin 0.15. The Service under
//! the service's own name always leads to the version that is known to be good, so that nobody who
//! calls it needs to know of the release.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::release::analysis;
use crate::workload::deployment::metadata;
use crate::workload::placement::Owner;
use crate::workload::{pod, service};
use plimsoll_source::{Entry, Finding, Knob, Level, Node, Origin, Rule, Sourced, Str};
use plimsoll_spec::app::deliver::Rollback;
use plimsoll_spec::app::platform::{GatewayApi, GatewayUse, MeshMode, MeshUse, RolloutsUse};
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::strategy::{BlueGreen, Canary, Promote, Traffic};
use plimsoll_spec::app::{Service, Strategy};
use plimsoll_spec::types::{RouteTarget, Step, Target};
use plimsoll_world::{Cond, Expr, Form, Fragment, ObjectForm, Param, Scope, SeqBuilder, form};
use std::sync::Arc;

/// A release that nobody does.
pub static NO_ROLLOUTS: Rule = Rule {
    code: "PL0403",
    name: "release-without-rollouts",
    level: Level::Warning,
    consequence: "new pods take over some at a time, whether or not they answer well",
    docs: "`canary` and `blue-green` are done by Argo Rollouts, for services of the kind `deployment`. \
           Set `platform.rollouts: argo-rollouts`, or choose `strategy: rolling`.",
};

/// Traffic that cannot be divided as the file asks.
pub static NO_TRAFFIC: Rule = Rule {
    code: "PL0404",
    name: "canary-without-traffic",
    level: Level::Warning,
    consequence: "the part of the traffic that the new version gets is its part of the pods",
    docs: "`traffic: gateway` needs a route of Gateway API (or of ingress-nginx) that leads to the \
           service; `traffic: mesh` needs a mesh: Istio with sidecars shifts by VirtualService and \
           DestinationRule. Without either, the number of pods divides the traffic.",
};

/// Whether a service is released by a Rollout, and what decided.
pub fn is_rollout(cx: &Cx, service: &Service) -> bool {
    let wanted = matches!(
        &service.strategy,
        Strategy::Canary(_) | Strategy::BlueGreen(_)
    );
    wanted
        && *cx.app.platform.rollouts.use_.peek() == RolloutsUse::ArgoRollouts
        && *service.kind.peek() == Kind::Deployment
        && !*service.scale.replicas.single.peek()
}

/// What decides whether it is one.
pub fn decided(cx: &Cx, service: &Service) -> Origin {
    Origin::all([
        strategy_origin(service),
        cx.app.platform.rollouts.use_.origin().clone(),
        service.kind.origin().clone(),
        service.scale.replicas.single.origin().clone(),
    ])
}

fn strategy_origin(service: &Service) -> Origin {
    match &service.strategy {
        Strategy::Rolling(how) => how.origin.clone(),
        Strategy::Recreate(origin) => origin.clone(),
        Strategy::BlueGreen(how) => how.origin.clone(),
        Strategy::Canary(how) => how.origin.clone(),
    }
}

/// Reports a release that was asked for and that nobody does.
pub fn report(cx: &Cx, service: &Service) {
    let origin = match &service.strategy {
        Strategy::Canary(how) => &how.origin,
        Strategy::BlueGreen(how) => &how.origin,
        Strategy::Rolling(_) | Strategy::Recreate(_) => return,
    };
    if is_rollout(cx, service) || *service.scale.replicas.single.peek() {
        return;
    }
    let name = service.name.fixed();
    let message = format!("nobody does the release that `{}` asks for", name.peek());
    let rollouts = &cx.app.platform.rollouts.use_;
    let mut finding = Finding::new(&NO_ROLLOUTS, message).mark_origin(origin, "this strategy");
    finding = if *rollouts.peek() == RolloutsUse::None {
        let finding = finding.mark_origin(rollouts.origin(), "nothing does releases");
        finding.help("set `platform.rollouts: argo-rollouts`")
    } else {
        let finding = finding.mark_origin(service.kind.origin(), "of this kind");
        finding.help("choose `kind: deployment` or `strategy: rolling`")
    };
    cx.report(finding.about(format!("Deployment/{}", name.peek())));
}

/// The Rollout.
pub fn body(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("workload/rollout").because(&decided(cx, service));
    let replicas = &service.scale.replicas;
    let abort = cx
        .app
        .deliver
        .rollback
        .map(|rollback| *rollback == Rollback::Auto);
    form!(s; {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        metadata: metadata(cx, program),
        spec: {
            when (Cond::off(&replicas.auto)) replicas: &replicas.count,
            revisionHistoryLimit: 3,
            progressDeadlineAbort: &abort,
            selector: { matchLabels: names::selector(cx, &program.name) },
            strategy: strategy(cx, service, program),
            template: pod::template(cx, service, program, Owner::Rollout),
        },
    })
}

fn strategy(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("workload/rollout");
    match &service.strategy {
        Strategy::BlueGreen(how) => form!(s; { blueGreen: blue_green(cx, service, program, how) }),
        Strategy::Canary(how) => form!(s; { canary: canary(cx, service, program, how) }),
        // Never asked for; a Rollout needs a strategy all the same.
        Strategy::Rolling(_) | Strategy::Recreate(_) => form!(s; { canary: {} }),
    }
}

fn blue_green(cx: &Cx, service: &Service, program: &Program, how: &BlueGreen) -> Form {
    let s = &Scope::new("workload/rollout").because(&how.origin);
    let seconds = how
        .hold
        .map(|hold| i64::try_from(hold.secs()).unwrap_or(i64::MAX));
    let auto = how.promote.map(|promote| *promote == Promote::Auto);
    form!(s; {
        activeService: &program.name,
        previewService: second(program, "preview"),
        autoPromotionEnabled: &auto,
        scaleDownDelaySeconds: &seconds,
        postPromotionAnalysis: analysis::reference(cx, service, program),
    })
}

fn canary(cx: &Cx, service: &Service, program: &Program, how: &Canary) -> Form {
    let s = &Scope::new("workload/rollout").because(&how.origin);
    let router = router(cx, service);
    let routed = router.is_some();
    let pods = !routed;
    let because = traffic_origin(cx, service, how);
    let services = matches!(router, Some(Router::Routes { .. } | Router::Nginx(_)));
    form!(s; {
        when (Cond::known(services, &because)) stableService: &program.name,
        when (Cond::known(services, &because)) canaryService: second(program, "canary"),
        when (Cond::known(pods, &because)) maxSurge: "25%",
        when (Cond::known(pods, &because)) maxUnavailable: 0,
        trafficRouting: router.map(|router| routing(program, router, &because)),
        steps: steps(&how.steps),
        analysis: analysis::reference(cx, service, program).map(|reference| form!(s; {
            // The first weight is set by then.
            startingStep: 1,
            ..reference,
        })),
    })
}

/// The steps as Argo Rollouts has them, which is also their shape in the values of a chart.
fn steps(steps: &Knob<Vec<Sourced<Step>>>) -> Expr {
    let mut all = Vec::new();
    // Each step is two items, and a list of them knows no names: every step decides about all.
    let said = steps.peek().iter().map(|step| step.origin().clone());
    let origin = &Origin::rule("workload/rollout", []).because(&Origin::all(said));
    for step in steps.peek() {
        let map = |key: &str, value: Node| {
            let entry = Entry {
                key: key.into(),
                at: origin.clone(),
                value,
            };
            Node::map(origin.clone(), [entry])
        };
        let weight = i64::from(step.peek().weight.floor());
        all.push(map("setWeight", Node::Int(origin.clone(), weight)));
        let pause = match &step.peek().pause {
            Some(pause) => map("duration", Node::Text(origin.clone(), pause.go())),
            None => Node::map(origin.clone(), Vec::new()),
        };
        all.push(map("pause", pause));
    }
    Expr::Val(Arc::new(Param {
        handle: steps.handle().clone(),
        value: Node::seq(steps.origin().clone(), all),
    }))
}

/// `NAME-canary`, `NAME-preview`: where the new version answers.
fn second(program: &Program, what: &str) -> Sourced<Str> {
    program.name.map(|name| Str::from(format!("{name}-{what}")))
}

/// What divides the traffic.
enum Router {
    /// Weights of routes of Gateway API, which live in one namespace.
    Routes {
        namespace: Sourced<Str>,
        http: Vec<Sourced<Str>>,
        grpc: Vec<Sourced<Str>>,
    },
    /// A second Ingress that the controller makes.
    Nginx(Vec<Sourced<Str>>),
    /// A `VirtualService` and a `DestinationRule` of the service.
    Istio,
}

/// What the file asks for: the gateway where a route leads here, else the number of pods.
fn asked(cx: &Cx, service: &Service, how: &Canary) -> Traffic {
    match &how.traffic {
        Some(traffic) => *traffic.peek(),
        None if leads_here(cx, service) => Traffic::Gateway,
        None => Traffic::Pods,
    }
}

fn traffic_origin(cx: &Cx, service: &Service, how: &Canary) -> Origin {
    let said = how.traffic.iter().map(|traffic| traffic.origin().clone());
    let routes = cx
        .app
        .routes
        .values()
        .flat_map(|route| route.paths.values());
    let here = routes
        .filter(|path| is_to(path.to.peek(), service))
        .map(|path| path.to.origin().clone());
    let gateway = &cx.app.platform.gateway;
    let mesh = &cx.app.platform.mesh;
    let around = [
        gateway.use_.origin(),
        gateway.api.origin(),
        mesh.use_.origin(),
        mesh.mode.origin(),
    ];
    Origin::all(said.chain(here).chain(around.map(Origin::clone)))
}

fn leads_here(cx: &Cx, service: &Service) -> bool {
    let mut paths = cx
        .app
        .routes
        .values()
        .flat_map(|route| route.paths.values());
    paths.any(|path| is_to(path.to.peek(), service))
}

fn is_to(target: &RouteTarget, service: &Service) -> bool {
    let name = service.name.peek();
    matches!(target, RouteTarget::Backend { target: Target::Service(to), .. } if to == name)
}

fn router(cx: &Cx, service: &Service) -> Option<Router> {
    let Strategy::Canary(how) = &service.strategy else {
        return None;
    };
    match asked(cx, service, how) {
        Traffic::Pods => None,
        Traffic::Gateway => by_gateway(cx, service),
        Traffic::Mesh => by_mesh(cx),
    }
}

/// Reports traffic that nothing divides as the file asks.
fn report_traffic(cx: &Cx, service: &Service) {
    let Strategy::Canary(how) = &service.strategy else {
        return;
    };
    let Some(traffic) = &how.traffic else {
        return;
    };
    if *traffic.peek() == Traffic::Pods || router(cx, service).is_some() {
        return;
    }
    let name = service.name.peek();
    let message = format!("nothing divides the traffic of `{name}` as it is asked");
    cx.report(
        Finding::new(&NO_TRAFFIC, message)
            .mark_origin(traffic.origin(), "asked for here")
            .help("write `traffic: pods`")
            .about(format!("Rollout/{name}")),
    );
}

/// The routes that lead to a service, where the gateway can weigh them.
fn by_gateway(cx: &Cx, service: &Service) -> Option<Router> {
    let gateway = &cx.app.platform.gateway;
    let leading = cx.app.routes.values().filter(|route| {
        route
            .paths
            .values()
            .any(|path| is_to(path.to.peek(), service))
    });
    let names: Vec<_> = leading.collect();
    let first = names.first()?;
    match (gateway.use_.peek(), gateway.api.peek()) {
        (GatewayUse::None, _) => None,
        (_, GatewayApi::Gateway) => {
            let namespace = crate::network::route::home_of(cx, first);
            let here = names.iter().filter(|route| {
                crate::network::route::home_of(cx, route).peek() == namespace.peek()
            });
            let (mut http, mut grpc) = (Vec::new(), Vec::new());
            for route in here {
                let named = if crate::network::route::is_grpc(cx, route) {
                    &mut grpc
                } else {
                    &mut http
                };
                named.push(route.name.clone());
            }
            Some(Router::Routes {
                namespace,
                http,
                grpc,
            })
        }
        (GatewayUse::IngressNginx, GatewayApi::Ingress) => {
            let name = service.name.peek();
            let ingresses = |route| crate::network::route::ingresses_to(cx, route, name);
            Some(Router::Nginx(
                names.into_iter().flat_map(ingresses).collect(),
            ))
        }
        (_, GatewayApi::Ingress) => None,
    }
}

fn by_mesh(cx: &Cx) -> Option<Router> {
    let mesh = &cx.app.platform.mesh;
    let istio = *mesh.use_.peek() == MeshUse::Istio && *mesh.mode.peek() == MeshMode::Sidecar;
    istio.then_some(Router::Istio)
}

fn routing(program: &Program, router: Router, because: &Origin) -> Form {
    let s = &Scope::new("workload/rollout").because(because);
    let named = |names: Vec<Sourced<Str>>| form!(s; [for name in names => { name: name }]);
    match router {
        Router::Routes {
            namespace,
            http,
            grpc,
        } => form!(s; { plugins: { "argoproj-labs/gatewayAPI": {
            namespace: namespace,
            httpRoutes: Fragment(named(http)),
            grpcRoutes: Fragment(named(grpc)),
        } } }),
        Router::Nginx(names) => form!(s; { nginx: {
            stableIngresses: form!(s; [for name in names => name]),
        } }),
        Router::Istio => form!(s; { istio: {
            virtualService: { name: &program.name, routes: ["primary"] },
            destinationRule: {
                name: &program.name,
                canarySubsetName: "canary",
                stableSubsetName: "stable",
            },
        } }),
    }
}

/// Whether routes of Gateway API that lead to a service weigh its two versions; then under which
/// name the new one answers.
pub fn weighed(cx: &Cx, service: &Service) -> Option<Sourced<Str>> {
    if !is_rollout(cx, service) {
        return None;
    }
    let Strategy::Canary(how) = &service.strategy else {
        return None;
    };
    let asked = asked(cx, service, how) == Traffic::Gateway;
    let api = *cx.app.platform.gateway.api.peek() == GatewayApi::Gateway;
    let name = service
        .name
        .fixed()
        .map(|name| Str::from(format!("{name}-canary")));
    (asked && api).then(|| name.because(&decided(cx, service)))
}

/// The second Service, and the objects of the mesh.
pub fn around(cx: &Cx, service: &Service, program: &Program, out: &mut Objects) {
    report(cx, service);
    if !is_rollout(cx, service) {
        return;
    }
    report_traffic(cx, service);
    analysis::objects(cx, service, program, out);
    let what = match &service.strategy {
        Strategy::BlueGreen(_) => "preview",
        _ => match router(cx, service) {
            Some(Router::Routes { .. } | Router::Nginx(_)) => "canary",
            Some(Router::Istio) => return mesh(cx, program, out),
            None => return,
        },
    };
    let because = decided(cx, service);
    let name = second(program, what).because(&because);
    out.extend(service::another(cx, service, program, name));
}

/// Requests inside of the mesh, by weight.
fn mesh(cx: &Cx, program: &Program, out: &mut Objects) {
    let s = &Scope::new("workload/rollout").because(cx.app.platform.mesh.use_.origin());
    let to = |subset: &'static str, weight: i32| {
        form!(s; {
            destination: { host: &program.name, subset: s.text(subset) },
            weight: plimsoll_world::Lit(weight),
        })
    };
    let virtual_service = form!(s; {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: of_mesh(cx, program),
        spec: {
            hosts: [&program.name],
            http: [{ name: "primary", route: [to("stable", 100), to("canary", 0)] }],
        },
    });
    let mut subsets = SeqBuilder::new(s);
    for subset in ["stable", "canary"] {
        subsets.push(
            s,
            form!(s; { name: s.text(subset), labels: names::selector(cx, &program.name) }),
        );
    }
    let destination = form!(s; {
        apiVersion: "networking.istio.io/v1",
        kind: "DestinationRule",
        metadata: of_mesh(cx, program),
        spec: { host: &program.name, subsets: subsets.build() },
    });
    for body in [virtual_service, destination] {
        out.push(ObjectForm::new(program.unit.clone(), program.on(), body));
    }
}

fn of_mesh(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/rollout");
    form!(s; {
        name: &program.name,
        namespace: program.namespace,
        labels: names::labels(cx, &program.name, program.component),
    })
}
