//! The container of a program, and those before and beside it.

use crate::cx::Cx;
use crate::program::Program;
use crate::text;
use crate::workload::{env, probe, resources, volume};
use plimsoll_source::{Finding, Knob, Level, Node, Origin, Rule, Sourced, Str};
use plimsoll_spec::app::pod::{Security, Writable};
use plimsoll_spec::app::{Health, Image, Ports, Service};
use plimsoll_spec::types::Template;
use plimsoll_world::{Cond, Expr, Form, Fragment, MapBuilder, Op, Param, Scope, SeqBuilder, form};
use std::sync::Arc;

/// A sidecar of an old cluster starts beside the program instead of before it.
pub static PLAIN_SIDECAR: Rule = Rule {
    code: "PL0401",
    name: "plain-sidecar",
    level: Level::Info,
    consequence: "the sidecar may start after the program and stop before it",
    docs: "Native sidecars (init containers with `restartPolicy: Always`) can be relied on from \
           Kubernetes 1.29. For an older target a sidecar is an ordinary container.",
};

/// A drain that needs a program of the image.
pub static EXEC_SLEEP: Rule = Rule {
    code: "PL0402",
    name: "exec-sleep",
    level: Level::Info,
    consequence: "an image without `sleep` stops at once, and requests on their way fail",
    docs: "`preStop.sleep` can be relied on from Kubernetes 1.30. For an older target the drain \
           runs the program `sleep` of the image.",
};

/// The image reference of an image: its parts behind the registry of all, or the whole that a
/// chart gives.
pub fn image(cx: &Cx, image: &Image) -> Expr {
    let images = &cx.app.images;
    let whole = Node::Null(Origin::rule("workload/image", []));
    let whole = Expr::Val(Arc::new(Param {
        handle: image.handle.clone(),
        value: whole,
    }));
    let (registry, tag) = (Expr::from(&images.registry), Expr::from(&images.tag));
    let nothing = || Expr::Lit(Node::Null(Origin::rule("workload/image", [])));
    let parts = Expr::call(
        Op::Image,
        [
            registry.clone(),
            Expr::from(&image.name),
            Expr::from(&image.tag),
            Expr::from(&image.digest),
            tag.clone(),
        ],
    );
    let given = Expr::call(
        Op::Image,
        [registry, whole.clone(), nothing(), nothing(), tag],
    );
    Expr::either(Cond::Truthy(whole), given, parts)
}

/// An image that no registry goes before: of a store, or of ours.
pub fn foreign_image(image: &Image) -> Expr {
    let nothing = || Expr::Lit(Node::Null(Origin::rule("workload/image", [])));
    Expr::call(
        Op::Image,
        [
            nothing(),
            Expr::from(&image.name),
            Expr::from(&image.tag),
            Expr::from(&image.digest),
            nothing(),
        ],
    )
}

/// The own container of a program, without probes and what only services have.
pub fn base(cx: &Cx, program: &Program) -> MapBuilder {
    let s = &Scope::new("workload/container").because(program.origin);
    let mut map = MapBuilder::new(s);
    map.splice(
        s,
        form!(s; {
            name: &program.name,
            image: image(cx, program.image),
            imagePullPolicy: Form::Expr(Expr::from(&program.image.policy)),
            command: words(cx, program, program.command),
            args: words(cx, program, program.args),
            env: Fragment(env::env(cx, program)),
            ..program.size.map(resources::of_size),
            securityContext: security(program.security, program.writable),
        }),
    );
    map
}

/// Words of a command with what stands in them.
pub fn words(cx: &Cx, program: &Program, words: Option<&[Template]>) -> Option<Form> {
    let s = &Scope::new("workload/container");
    let mut list = SeqBuilder::new(s);
    for template in words? {
        if let Some(text) = text::resolve(cx, program, template) {
            list.push(s, text.expr);
        }
    }
    Some(list.build())
}

/// The own container of a service.
pub fn of_service(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("workload/container").because(program.origin);
    let mut map = base(cx, program);
    map.put(s, "ports", Fragment(service_ports(service)));
    map.splice(s, probe::of_program(program, &service.health));
    map.put(s, "lifecycle", drain(cx, &service.stop.drain));
    map.put(
        s,
        "volumeMounts",
        Fragment(volume::of_program(cx, program).mounts.build()),
    );
    map.build()
}

/// The ports of a service, and one that only its metrics are read from.
fn service_ports(service: &Service) -> Form {
    let s = &Scope::new("workload/container").because(&service.ports.origin);
    let mut list = SeqBuilder::new(s);
    list.splice(s, ports(&service.ports));
    if let Some((name, port)) = crate::observe::metrics_port(service) {
        list.push(
            s,
            form!(s; { name: &name, containerPort: &port, protocol: "TCP" }),
        );
    }
    list.build()
}

/// Ports as a container lists them.
pub fn ports(ports: &Ports) -> Form {
    let s = &Scope::new("workload/container").because(&ports.origin);
    form!(s; [for (name, port) in &ports.all => {
        name: s.text(name.clone()),
        containerPort: &port.port,
        protocol: port.protocol.map(|protocol| protocol_text(*protocol)),
    }])
}

/// `TCP`, `UDP`, `SCTP`.
pub fn protocol_text(protocol: plimsoll_spec::app::port::Protocol) -> &'static str {
    use plimsoll_spec::app::port::Protocol;
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// The sleep before the signal: endpoints and gateways forget the pod meanwhile.
pub fn drain(cx: &Cx, drain: &Sourced<plimsoll_spec::types::Duration>) -> Option<Form> {
    let s = &Scope::new("workload/container");
    let (native, because) = crate::cx::since(cx, 30);
    let seconds = drain.map(|drain| i64::try_from(drain.secs()).unwrap_or(i64::MAX));
    if *seconds.peek() == 0 {
        return None;
    }
    if !native {
        let message = "the drain runs `sleep` of the image: the target is older than 1.30";
        let finding = Finding::new(&EXEC_SLEEP, message)
            .mark_origin(&because, "the target")
            .help(
                "set `cluster.version` to 1.30 or newer, or make sure that the image has `sleep`",
            );
        cx.report(finding);
    }
    let text = seconds.map(|seconds| Str::from(seconds.to_string()));
    Some(form!(s; { preStop: {
        when (Cond::known(native, &because)) sleep: { seconds: &seconds },
        when (Cond::known(!native, &because)) exec: { command: ["sleep", &text] },
    } }))
}

/// The restricted context of a container; loosened only where the file says so.
pub fn security(security: &Security, writable: &Writable) -> Form {
    let s = &Scope::new("workload/security");
    let (all, because) = match writable {
        Writable::All(origin) => (true, origin.clone()),
        Writable::Paths(_) => (false, Origin::rule("workload/security", [])),
    };
    let caps = &security.capabilities;
    form!(s; {
        allowPrivilegeEscalation: false,
        when (Cond::known(!all, &because)) readOnlyRootFilesystem: true,
        capabilities: {
            drop: ["ALL"],
            add: (!caps.is_empty()).then(|| form!(s; [for cap in caps => cap])),
        },
    })
}

/// A probe set without probes, for containers that have none.
pub fn no_health(health: &Health) -> bool {
    health.start.is_none() && health.ready.is_none() && health.live.is_none()
}

/// The pull secrets of a pod.
pub fn pull_secrets(cx: &Cx) -> Option<Form> {
    let s = &Scope::new("workload/pull");
    let knob = pull_secret(cx)?;
    Some(form!(s; [{ name: &knob }]))
}

/// Name of the pull secret: one of `secrets`, or one that exists.
pub fn pull_secret(cx: &Cx) -> Option<Knob<Str>> {
    let pull = cx.app.images.pull.as_ref()?;
    let ours = pull.name.as_ref();
    let ours = ours.map(|name| name.map(|name| Str::from(crate::names::dashed(name))));
    Some(Knob::new(
        pull.handle.clone(),
        pull.secret.clone().or(ours)?,
    ))
}
