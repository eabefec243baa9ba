//! Redis and Valkey as a cluster: each primary has a part of the data, and others follow it.
//!
//! Source: the specification of Redis Cluster; nodes know each other by identity, so one that
//! comes back under a new address only has to meet any other again.

use super::credentials::{self, Credentials};
use super::helper::{self, HelperPod};
use super::recipe::{InnerPort, Recipe};
use super::redis::{DEFAULT, port, programs};
use super::text::Text;
use super::{on, policy, statefulset};
use crate::cx::{Cx, Objects};
use crate::network::flow::Flow;
use crate::network::flows;
use crate::workload::container;
use plimsoll_source::{Node, Origin, Str};
use plimsoll_spec::app::Store;
use plimsoll_world::{Expr, Form, ObjectForm, Op, Scope, Unit, form};

/// What instances of a cluster say among themselves goes to the port of clients and this much more.
const BUS: u16 = 10_000;

/// Adds what a cluster needs to its pods, and the Job that forms it.
pub fn add(cx: &Cx, store: &Store, recipe: &mut Recipe, keys: &mut Credentials) {
    recipe.primary = false;
    recipe.inner.push(InnerPort {
        name: "bus",
        port: port(store) + BUS,
    });
    let former = helper::name(store, "form");
    recipe.helpers.push(former.clone());
    let mut objects = Objects::new();
    let egress = [Flow::new(
        flows::store_peer(cx, store, false),
        policy::client_ports(store),
        store.mode.origin(),
    )];
    helper::policy(cx, store, &former, (&[], &egress), &mut objects);
    let unit = Unit::Store(store.name.peek().clone());
    objects.push(ObjectForm::new(unit, on(store), job(cx, store, keys)));
    recipe.objects.append(&mut objects);
}

/// Settings of a member.
pub fn settings(store: &Store, text: &mut Text) {
    text.because(store.mode.origin());
    text.line("cluster-enabled yes");
    text.of(&store.data, |data| {
        format!("cluster-config-file {data}/nodes.conf")
    });
    text.line("cluster-node-timeout 5000");
}

/// What a member does besides starting: it says its address, and meets the first one again.
pub fn start(store: &Store, text: &mut Text) {
    let (_, client) = programs(store);
    let port = port(store);
    text.line("echo \"cluster-announce-ip $POD_IP\" >> \"$conf\"")
        .line("(")
        .line(format!("  until [ \"$({client} -p {port} ping)\" = PONG ]; do sleep 1; done"))
        .line("  first=$(getent hosts \"$FIRST.$PODS\" | cut -d ' ' -f 1)")
        .line(format!(
            "  [ -z \"$first\" ] || [ \"$first\" = \"$POD_IP\" ] || {client} -p {port} cluster meet \"$first\" {port}"
        ))
        .line(") &");
}

/// Forms the cluster once; it may run any number of times.
fn script(store: &Store) -> Node {
    let (_, client) = programs(store);
    let port = port(store);
    let mut text = Text::new("stores/redis-cluster");
    text.line("set -eu")
        .line("nodes=''; i=0")
        .line("while [ \"$i\" -lt \"$INSTANCES\" ]; do")
        .line("  host=\"$STORE-$i.$PODS\"")
        .line(format!(
            "  until [ \"$({client} -h \"$host\" -p {port} ping 2>/dev/null)\" = PONG ]; do sleep 2; done"
        ))
        .line(format!(
            "  nodes=\"$nodes $(getent hosts \"$host\" | cut -d ' ' -f 1):{port}\""
        ))
        .line("  i=$((i + 1))")
        .line("done")
        .line(format!(
            "if {client} -h \"$STORE-0.$PODS\" -p {port} cluster info | grep -q cluster_state:ok; then exit 0; fi"
        ))
        .line("followers=$((INSTANCES / SHARDS - 1))")
        .line(format!(
            "exec {client} --cluster create $nodes --cluster-replicas \"$followers\" --cluster-yes"
        ));
    text.build()
}

/// A Job named by what it forms, so that it runs again where that changed.
fn job(cx: &Cx, store: &Store, keys: &mut Credentials) -> Form {
    let s = &Scope::new("stores/redis-cluster").because(store.mode.origin());
    let name = helper::name(store, "form");
    let image = container::foreign_image(&store.image);
    let shards = store.shards.map(|shards| Str::from(shards.to_string()));
    let instances = Expr::concat([Expr::from(&store.instances)]);
    let newline = || Expr::text(&Origin::rule("stores/redis-cluster", []), "\n");
    let hash = Expr::call(
        Op::Hash,
        [Expr::concat([
            image.clone(),
            newline(),
            instances.clone(),
            newline(),
            Expr::from(&shards),
        ])],
    );
    let full = Expr::concat([Expr::from(&name), Expr::text(s.origin(), "-"), hash]);
    let password = credentials::users(store)
        .find(|user| user.name.peek() == DEFAULT)
        .map(|user| keys.user(cx, store, user.name.peek()));
    let own = form!(s; {
        name: "form",
        image: image,
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        command: ["/bin/sh", "-c", script(store)],
        env: [
            { name: "STORE", value: &store.name },
            { name: "PODS", value: statefulset::pods_name(store) },
            { name: "INSTANCES", value: instances },
            { name: "SHARDS", value: &shards },
            password.map(|key| credentials::variable(s, store, "REDISCLI_AUTH", &key)),
        ],
        resources: helper::resources(s),
        securityContext: helper::security(&store.security),
    });
    let pod = HelperPod {
        name: &name,
        before: Vec::new(),
        own,
        volumes: form!(s; []),
        ends: true,
        fewest: helper::one(s),
    };
    form!(s; {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: helper::metadata(cx, store, full, &name),
        spec: {
            backoffLimit: 6,
            activeDeadlineSeconds: 900,
            template: helper::template(cx, store, pod),
        },
    })
}
