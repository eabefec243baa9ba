//! The account of a program: its identity in the cloud, and what it may ask of the API server.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::cluster::Distribution;
use plimsoll_spec::types::Permission;
use plimsoll_world::{Form, Fragment, Lit, MapBuilder, ObjectForm, Scope, form};

/// ServiceAccount, and Role and binding if it may ask anything.
pub fn objects(cx: &Cx, program: &Program, out: &mut Objects) {
    let s = &Scope::new("workload/account").because(program.origin);
    let body = form!(s; {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: {
            name: &program.name,
            namespace: program.namespace,
            labels: names::labels(cx, &program.name, program.component),
            annotations: Fragment(identity(cx, program)),
        },
        automountServiceAccountToken: false,
    });
    out.push(ObjectForm::new(program.unit.clone(), program.on(), body));
    let (cluster, own): (Vec<_>, Vec<_>) = program
        .can
        .iter()
        .partition(|permission| is_cluster_scoped(permission.peek()));
    role(cx, program, &own, &["Role", "RoleBinding"], out);
    role(
        cx,
        program,
        &cluster,
        &["ClusterRole", "ClusterRoleBinding"],
        out,
    );
}

/// How the clouds want to be told which identity an account has.
fn identity(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/account");
    let mut map = MapBuilder::new(s);
    if let Some(identity) = program.identity {
        let key = match cx.app.cluster.distribution.peek() {
            Distribution::Eks => "eks.amazonaws.com/role-arn",
            Distribution::Gke => "iam.gke.io/gcp-service-account",
            Distribution::Aks => "azure.workload.identity/client-id",
            _ => "plimsoll.dev/identity",
        };
        map.put(s, key, identity);
    }
    map.build()
}

/// Resources without namespace, of the groups that programs ask for.
fn is_cluster_scoped(permission: &Permission) -> bool {
    let schemas = plimsoll_schema::kubernetes();
    let known = schemas.kinds().find(|kind| {
        kind.group == permission.group.as_str() && kind.plural == permission.resource.as_str()
    });
    known.is_some_and(|kind| !kind.namespaced)
}

fn role(
    cx: &Cx,
    program: &Program,
    permissions: &[&Sourced<Permission>],
    kinds: &[&'static str; 2],
    out: &mut Objects,
) {
    if permissions.is_empty() {
        return;
    }
    let cluster = kinds[0] == "ClusterRole";
    let because = Origin::all(
        permissions
            .iter()
            .map(|permission| permission.origin().clone()),
    );
    let s = &Scope::new("workload/account").because(&because);
    let name = if cluster {
        // Outside of namespaces the name must tell applications apart.
        program.name.zip(program.namespace, |name, ns| {
            Str::from(format!("{ns}-{name}"))
        })
    } else {
        program.name.clone()
    };
    let namespace = (!cluster).then_some(program.namespace);
    let labels = || names::labels(cx, &program.name, program.component);
    let role = form!(s; {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: Lit(kinds[0]),
        metadata: { name: &name, namespace: namespace, labels: labels() },
        rules: [for permission in permissions => {
            apiGroups: [group(permission)],
            resources: [permission.map(|permission| permission.resource.clone())],
            verbs: [for verb in &permission.peek().verbs => permission.map(|_| verb.clone())],
            resourceNames: permission.peek().name.as_ref().map(|name| form!(s; [permission.map(|_| name.clone())])),
        }],
    });
    let binding = form!(s; {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: Lit(kinds[1]),
        metadata: { name: &name, namespace: namespace, labels: labels() },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: Lit(kinds[0]), name: &name },
        subjects: [{ kind: "ServiceAccount", name: &program.name, namespace: program.namespace }],
    });
    out.push(ObjectForm::new(program.unit.clone(), program.on(), role));
    out.push(ObjectForm::new(program.unit.clone(), program.on(), binding));
}

/// The group of what is asked for; that of the core is not written.
fn group(permission: &Sourced<Permission>) -> Sourced<Str> {
    if permission.peek().group.is_empty() {
        return permission.choose("workload/account", |_| Str::default());
    }
    permission.map(|permission| permission.group.clone())
}

/// What tells a mesh with sidecars to take a pod.
pub fn mesh_annotation(cx: &Cx) -> Option<(&'static str, Node)> {
    use plimsoll_spec::app::platform::MeshUse;
    let mesh = &cx.app.platform.mesh;
    let text = |text: &str| Node::Text(mesh.use_.origin().clone(), text.into());
    match mesh.use_.peek() {
        MeshUse::Linkerd => Some(("linkerd.io/inject", text("enabled"))),
        // Istio's sidecars are asked for by the namespace's label.
        MeshUse::Istio | MeshUse::None => None,
    }
}
