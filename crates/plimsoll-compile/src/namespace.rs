//! Namespaces with Pod Security, quota and limits.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::network::deny;
use crate::network::edges::Edges;
use crate::program::Program;
use plimsoll_source::{Entry, Node, Origin, Sourced, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::namespace::{PodSecurity, Quota};
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::{Namespace, Service};
use plimsoll_world::{Cond, Expr, Form, Fragment, MapBuilder, ObjectForm, Op, Scope, Unit, form};

/// A namespace with its settings, if somebody wrote some.
pub type LivedIn<'a> = (Sourced<Str>, Option<&'a Namespace>);

/// The namespaces in which something of ours lives: the main one first.
pub fn lived_in<'a>(app: &'a App, edges: &Edges<'a>) -> Vec<LivedIn<'a>> {
    let mut names: Vec<Sourced<Str>> = edges
        .programs()
        .iter()
        .map(|p| p.namespace.clone())
        .collect();
    names.extend(
        app.stores
            .values()
            .filter(|store| runs_here(store))
            .map(|s| s.namespace.clone()),
    );
    names.extend(app.claims.values().map(|claim| claim.namespace.clone()));
    let mut all: Vec<(Sourced<Str>, Option<&Namespace>)> = Vec::new();
    let main = &app.namespace;
    let routes = !app.routes.is_empty();
    if routes || names.iter().any(|name| name.peek() == main.name.peek()) {
        let settings = app.namespaces.get(main.name.peek()).unwrap_or(main);
        all.push((main.name.clone(), Some(settings)));
    }
    for name in names {
        match all
            .iter_mut()
            .find(|(known, _)| known.peek() == name.peek())
        {
            // Several live in it: none of them drives its name.
            Some((known, _)) if !known.origin().same(name.origin()) => {
                let both = Origin::all([known.origin().clone(), name.origin().clone()]);
                let because = Origin::rule("namespace", []).because(&both);
                *known = Sourced::new(known.peek().clone(), because);
            }
            Some(_) => {}
            None => {
                let settings = app.namespaces.get(name.peek());
                all.push((name, settings));
            }
        }
    }
    all
}

fn runs_here(store: &plimsoll_spec::app::Store) -> bool {
    *store.run.peek() != plimsoll_spec::app::store::Run::External
}

/// The objects of every namespace.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for (name, settings) in &cx.lived_in {
        let settings = *settings;
        let unit = Unit::Namespace(name.peek().clone());
        let when = match settings {
            Some(settings) => Cond::decided(&settings.existing, |existing| !existing),
            None => Cond::known(true, name.origin()),
        };
        out.push(ObjectForm::new(
            unit.clone(),
            when,
            namespace(cx, name, settings),
        ));
        deny::objects(cx, name, out);
        if let Some(settings) = settings {
            quota(cx, name, settings, &unit, out);
            limits(cx, name, settings, &unit, out);
        }
    }
}

fn namespace(cx: &Cx, name: &Sourced<Str>, settings: Option<&Namespace>) -> Form {
    let s = &Scope::new("namespace");
    let level = match settings {
        Some(settings) => settings.security.map(|level| level_text(*level)),
        None => Sourced::rule("namespace", "restricted"),
    };
    // Pinned: a newer cluster must not refuse what this version was checked against.
    let pin = cx
        .app
        .cluster
        .version
        .map(|version| Str::from(format!("v{}", version.trim_start_matches('v'))));
    let mut labels = MapBuilder::new(s);
    labels.splice(
        s,
        form!(s; {
            "app.kubernetes.io/part-of": cx.name(),
            "pod-security.kubernetes.io/enforce": &level,
            "pod-security.kubernetes.io/enforce-version": &pin,
            "pod-security.kubernetes.io/audit": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
            ..mesh_labels(cx),
        }),
    );
    let mut annotations = MapBuilder::new(s);
    if let Some(settings) = settings {
        for (key, value) in &settings.labels {
            labels.put(s, key.clone(), value);
        }
        for (key, value) in &settings.annotations {
            annotations.put(s, key.clone(), value);
        }
    }
    form!(s; {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: name, labels: labels.build(), annotations: Fragment(annotations.build()) },
    })
}

fn level_text(level: PodSecurity) -> &'static str {
    match level {
        PodSecurity::Restricted => "restricted",
        PodSecurity::Baseline => "baseline",
        PodSecurity::Privileged => "privileged",
    }
}

/// How Istio is told to take the pods of a namespace.
fn mesh_labels(cx: &Cx) -> Form {
    use plimsoll_spec::app::platform::{MeshMode, MeshUse};
    let s = &Scope::new("namespace/mesh");
    let mesh = &cx.app.platform.mesh;
    let istio = Cond::decided(&mesh.use_, |use_| *use_ == MeshUse::Istio);
    let ambient = Cond::decided(&mesh.mode, |mode| *mode == MeshMode::Ambient);
    form!(s; {
        when (istio.clone().and(ambient.clone())) "istio.io/dataplane-mode": "ambient",
        when (istio.and(ambient.not())) "istio-injection": "enabled",
    })
}

fn quota(cx: &Cx, name: &Sourced<Str>, settings: &Namespace, unit: &Unit, out: &mut Objects) {
    let tenant = *settings.tenant.peek();
    let auto = match &settings.quota {
        Some(Quota::Auto(origin)) => Some(origin.clone()),
        None if tenant => Some(settings.tenant.origin().clone()),
        Some(Quota::Hard(_)) | None => None,
    };
    let (hard, because): (Form, Origin) = match (&settings.quota, auto) {
        (Some(Quota::Hard(hard)), _) => (Form::Plain(quantities(hard)), hard.origin().clone()),
        (_, Some(because)) => (largest(cx, name.peek(), &because), because),
        (_, None) => return,
    };
    let s = &Scope::new("namespace/quota").because(&because);
    let title = name.choose("namespace", |_| Str::from("limits"));
    let body = form!(s; {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: &title, namespace: name, labels: names::labels(cx, &title, "namespace") },
        spec: { hard: hard },
    });
    out.push(ObjectForm::new(
        unit.clone(),
        Cond::known(true, &because),
        body,
    ));
}

/// Quantities as text, as the server holds them.
fn quantities(hard: &Node) -> Node {
    let text = |node: &Node| match node {
        Node::Plain(origin, text) => Node::Text(origin.clone(), text.clone()),
        other => other.resolve(),
    };
    let entries = hard.entries().iter().map(|entry| Entry {
        value: text(&entry.value),
        ..entry.clone()
    });
    Node::map(hard.origin().clone(), entries)
}

/// The largest that the namespace may need: every program at its largest scale with its surge,
/// stores, a job of each kind, copies of claims, a solver of certificates, and a tenth.
fn largest(cx: &Cx, namespace: &str, because: &Origin) -> Form {
    let s = &Scope::new("namespace/quota").because(because);
    let (mut pods, mut cpu, mut memory, mut limit) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for program in cx
        .edges
        .programs()
        .iter()
        .filter(|program| program.namespace.peek() == namespace)
    {
        // Stores are counted below.
        let Some(size) = program.size else { continue };
        let count = most_pods(cx, program);
        let cpu_range = crate::workload::resources::range(&size.cpu);
        let memory_range = crate::workload::resources::range(&size.memory);
        pods.push(count.clone());
        cpu.extend([count.clone(), Expr::call(Op::Request, [cpu_range])]);
        memory.extend([
            count.clone(),
            Expr::call(Op::Request, [memory_range.clone()]),
        ]);
        limit.extend([count, Expr::call(Op::LimitOrRequest, [memory_range])]);
    }
    for store in cx.app.stores.values().filter(|store| runs_here(store)) {
        if store.namespace.peek() != namespace {
            continue;
        }
        let count = Expr::from(&store.instances);
        let cpu_range = Expr::from(&store.size.cpu);
        let memory_range = Expr::from(&store.size.memory);
        pods.push(count.clone());
        // A pod of the pooler, of an exporter and of a backup each, of the calm guesses.
        pods.push(Expr::Lit(plimsoll_source::Node::Int(s.origin().clone(), 6)));
        cpu.extend([
            count.clone(),
            Expr::call(Op::Request, [cpu_range]),
            Expr::text(s.origin(), "1"),
        ]);
        memory.extend([
            count.clone(),
            Expr::call(Op::Request, [memory_range.clone()]),
            Expr::text(s.origin(), "2Gi"),
        ]);
        limit.extend([
            count,
            Expr::call(Op::LimitOrRequest, [memory_range]),
            Expr::text(s.origin(), "2Gi"),
        ]);
    }
    for claim in cx.app.claims.values() {
        if claim.backup.some().is_none() || claim.namespace.peek() != namespace {
            continue;
        }
        // A copy and a drill at once.
        let s = &s.because(&claim.origin);
        pods.push(Expr::Lit(plimsoll_source::Node::Int(s.origin().clone(), 2)));
        cpu.push(Expr::text(s.origin(), "200m"));
        memory.push(Expr::text(s.origin(), "512Mi"));
        limit.push(Expr::text(s.origin(), "1Gi"));
    }
    // Solvers ask for 10m and 64Mi each.
    pods.push(Expr::Lit(plimsoll_source::Node::Int(s.origin().clone(), 4)));
    cpu.push(Expr::text(s.origin(), "100m"));
    memory.push(Expr::text(s.origin(), "256Mi"));
    limit.push(Expr::text(s.origin(), "256Mi"));
    let tenth = |sum: Expr| Expr::call(Op::TenthMore, [sum]);
    form!(s; {
        // A quantity is text: as a number the server would hold it otherwise than it was sent.
        pods: Expr::concat([tenth(Expr::call(Op::Add, pods))]),
        "requests.cpu": tenth(Expr::call(Op::CpuSum, cpu)),
        "requests.memory": tenth(Expr::call(Op::BytesSum, memory)),
        "limits.memory": tenth(Expr::call(Op::BytesSum, limit)),
    })
}

/// The most pods that a program has at once: its largest scale and the surge of a rollout.
fn most_pods(cx: &Cx, program: &Program) -> Expr {
    let one = || {
        Expr::Lit(plimsoll_source::Node::Int(
            Origin::rule("namespace/quota", []),
            1,
        ))
    };
    let Unit::Service(name) = &program.unit else {
        return Expr::either(program.on(), one(), zero());
    };
    let Some(service) = cx.app.services.get(name) else {
        return one();
    };
    if *service.kind.peek() == Kind::DaemonSet {
        let nodes = cx
            .app
            .cluster
            .nodes
            .count
            .as_ref()
            .map(|count| count.map(|count| count.max));
        return nodes.map_or_else(one, |nodes| Expr::from(&nodes));
    }
    let most = crate::scaling::most(service);
    let surge = Expr::call(Op::PercentUp, [most.clone(), surge(service)]);
    Expr::either(program.on(), Expr::call(Op::Add, [most, surge]), zero())
}

fn zero() -> Expr {
    Expr::Lit(plimsoll_source::Node::Int(
        Origin::rule("namespace/quota", []),
        0,
    ))
}

/// The surge in percent; a number of pods counts as a quarter at least.
fn surge(service: &Service) -> Expr {
    use plimsoll_spec::app::Strategy;
    use plimsoll_spec::app::scale::Amount;
    let origin = Origin::rule("namespace/quota", []);
    match &service.strategy {
        Strategy::Rolling(rolling) => Expr::from(&rolling.surge.map(|surge| match surge {
            Amount::Percent(percent) => percent.floor(),
            Amount::Count(_) => 100,
        })),
        Strategy::Recreate(because) => Expr::Lit(plimsoll_source::Node::Int(because.clone(), 0)),
        Strategy::BlueGreen(_) => Expr::Lit(plimsoll_source::Node::Int(origin, 100)),
        Strategy::Canary(_) => Expr::Lit(plimsoll_source::Node::Int(origin, 25)),
    }
}

/// Bounds for one container. They never add a CPU limit that nobody asked for.
fn limits(cx: &Cx, name: &Sourced<Str>, settings: &Namespace, unit: &Unit, out: &mut Objects) {
    let (cpu, memory) = (&settings.limits.cpu, &settings.limits.memory);
    if cpu.is_none() && memory.is_none() {
        return;
    }
    let parts = cpu.iter().map(|cpu| cpu.origin().clone());
    let parts = parts.chain(memory.iter().map(|memory| memory.origin().clone()));
    let because = Origin::all(parts);
    let s = &Scope::new("namespace/limits").because(&because);
    let title = name.choose("namespace", |_| Str::from("limits"));
    let body = form!(s; {
        apiVersion: "v1",
        kind: "LimitRange",
        metadata: { name: &title, namespace: name, labels: names::labels(cx, &title, "namespace") },
        spec: { limits: [{
            type: "Container",
            max: { cpu: cpu.clone(), memory: memory.clone() },
        }] },
    });
    out.push(ObjectForm::new(
        unit.clone(),
        Cond::known(true, &because),
        body,
    ));
}
