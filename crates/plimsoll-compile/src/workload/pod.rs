//! The pod template of a service.

use crate::cx::Cx;
use crate::names;
use crate::program::Program;
use crate::workload::companion::{self, Beside};
use crate::workload::container::{self, PLAIN_SIDECAR};
use crate::workload::placement::{self, Owner, Pods};
use crate::workload::volume;
use plimsoll_source::{Finding, Knob, Node, Scalar, Sourced, Str};
use plimsoll_spec::app::Service;
use plimsoll_world::{Cond, Expr, Form, Fragment, MapBuilder, Scope, SeqBuilder, form};

/// `template` of a workload of a service.
pub fn template(cx: &Cx, service: &Service, program: &Program, owner: Owner) -> Form {
    let s = &Scope::new("workload/pod").because(program.origin);
    form!(s; {
        metadata: {
            labels: pod_labels(cx, program),
            annotations: Fragment(annotations(cx, program)),
        },
        spec: spec(cx, service, program, owner),
    })
}

/// Labels of a pod: those of its objects, and the user's.
pub fn pod_labels(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/pod");
    let mut map = MapBuilder::new(s);
    map.splice(s, names::labels(cx, &program.name, program.component));
    map.splice(s, text_map(program.labels));
    map.build()
}

/// Annotations of a pod: the user's, and what the platform reads.
pub fn annotations(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/pod");
    let mut map = MapBuilder::new(s);
    map.splice(s, text_map(program.annotations));
    if let Some((key, value)) = crate::workload::account::mesh_annotation(cx) {
        map.put(s, key, value);
    }
    if let Some(hash) = crate::secrets::composed::hash(cx, program) {
        map.put(s, "checksum/config", hash);
    }
    map.build()
}

/// A map of texts that can be turned.
pub fn text_map(knob: &Knob<indexmap::IndexMap<Str, Sourced<Str>>>) -> Expr {
    use plimsoll_source::Entry;
    let entries = knob.peek().iter().map(|(key, value)| Entry {
        key: key.clone(),
        at: value.origin().clone(),
        value: value.peek().node(value.origin().clone()),
    });
    let value = Node::map(knob.origin().clone(), entries.collect::<Vec<_>>());
    let param = plimsoll_world::Param {
        handle: knob.handle().clone(),
        value,
    };
    Expr::Val(std::sync::Arc::new(param))
}

fn spec(cx: &Cx, service: &Service, program: &Program, owner: Owner) -> Form {
    let s = &Scope::new("workload/pod").because(program.origin);
    let mut map = MapBuilder::new(s);
    map.splice(s, common(cx, program));
    map.splice(s, form!(s; {
        terminationGracePeriodSeconds: service.stop.grace.map(|grace| i64::try_from(grace.secs()).unwrap_or(i64::MAX)),
        securityContext: security(cx, program),
    }));
    let pods = Pods {
        fewest: crate::scaling::fewest(service),
        owner,
        name: &program.name,
    };
    map.splice(s, placement::placement(cx, program.placement, &pods));
    let own = container::of_service(cx, service, program);
    containers(cx, program, own, Around::default(), &mut map);
    map.put(
        s,
        "volumes",
        Fragment(volume::of_program(cx, program).volumes.build()),
    );
    map.build()
}

/// What every pod of ours has: an account without token unless it needs one, no service links.
pub fn common(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/pod").because(program.origin);
    let token = !program.can.is_empty();
    let mut because = program.origin.clone();
    if let Some(first) = program.can.first() {
        because = first.origin().clone();
    }
    form!(s; {
        serviceAccountName: &program.name,
        when (Cond::known(!token, &because)) automountServiceAccountToken: false,
        when (Cond::known(token, &because)) automountServiceAccountToken: true,
        enableServiceLinks: false,
        imagePullSecrets: container::pull_secrets(cx),
    })
}

/// The restricted context of a pod.
pub fn security(_cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/security");
    let security = program.security;
    let root = &security.root;
    let number = |id: &u64| i64::try_from(*id).unwrap_or(i64::MAX);
    // Ports below 1024 need no capability where the kernel lets every user take them.
    let low = program.ports.and_then(|ports| {
        ports
            .all
            .values()
            .map(|port| &port.port)
            .find(|port| *port.peek() < 1024)
    });
    form!(s; {
        when (Cond::decided(root, |root| !root)) runAsNonRoot: true,
        runAsUser: security.user.map(number),
        runAsGroup: security.group.map(number),
        fsGroup: security.group.map(number),
        // Only what has another group is touched, so that large disks mount at once.
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
        sysctls: low.map(|port| form!(s; [{
            name: "net.ipv4.ip_unprivileged_port_start",
            value: port.map(|port| Str::from(port.to_string())),
        }])),
    })
}

/// Containers that something else than the file puts into a pod, such as a store's engine.
#[derive(Default)]
pub struct Around {
    /// Those that run before and end, each with what lets it exist.
    pub before: Vec<(Cond, Form)>,
    /// Those beside it, as native sidecars or plain containers.
    pub beside: Vec<Form>,
    /// Those beside it, as plain containers whatever the target: a Service finds their ports.
    pub plain: Vec<Form>,
}

/// The containers of a pod around its own one.
pub fn containers(cx: &Cx, program: &Program, own: Form, around: Around, map: &mut MapBuilder) {
    let s = &Scope::new("workload/pod").because(program.origin);
    let (native, because) = crate::cx::since(cx, 29);
    let (mut before, mut beside) = (SeqBuilder::new(s), SeqBuilder::new(s));
    beside.push(s, own);
    for (when, form) in around.before {
        before.push_when(s, when, || form);
    }
    for form in around.beside {
        let list = if native { &mut before } else { &mut beside };
        list.push(s, form);
    }
    for form in around.plain {
        beside.push(s, form);
    }
    for init in program
        .init
        .into_iter()
        .flat_map(indexmap::IndexMap::values)
    {
        before.push(
            s,
            companion::container(cx, program, init, Beside::Init, native),
        );
    }
    for sidecar in program
        .sidecars
        .into_iter()
        .flat_map(indexmap::IndexMap::values)
    {
        let form = companion::container(cx, program, sidecar, Beside::Sidecar, native);
        if native {
            before.push(s, form);
        } else {
            beside.push(s, form);
            let message = format!(
                "`{}` is no native sidecar on this target",
                sidecar.name.peek()
            );
            let finding = Finding::new(&PLAIN_SIDECAR, message)
                .mark_origin(sidecar.name.origin(), "this sidecar")
                .mark_origin(&because, "the target")
                .help("set `cluster.version` to 1.29 or newer");
            cx.report(finding);
        }
    }
    map.put(s, "initContainers", Fragment(before.build()));
    map.put(s, "containers", beside.build());
}
