//! The bucket that copies go to: which one, its credentials, the way to it and the folder in it.

use indexmap::IndexMap;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::External;
use plimsoll_spec::app::pod::SecretUse;
use plimsoll_spec::app::store::Copy;
use plimsoll_spec::types::Cidr;

use super::Kept;
use crate::cx::Cx;
use crate::names::dashed;
use crate::network::flow::{Flow, Peer, PodPort};
use crate::secrets::plan::{self, Plan, PlannedKey, PlannedSecret};

/// The external that a copy goes to, where it has a bucket; `to` is that of all copies.
pub fn of<'a>(cx: &Cx<'a>, to: Option<&Sourced<Str>>, copy: &Copy) -> Option<&'a External> {
    let name = copy.to.as_ref().or(to)?;
    let external = cx.app.externals.get(name.peek())?;
    external.bucket.is_some().then_some(external)
}

/// The way to it.
pub fn way(external: &External) -> Flow {
    let ports = external.ports.all.values();
    let ports = ports.map(|port| PodPort::of(port.port.clone(), "TCP"));
    let text = |cidr: &Sourced<Cidr>| cidr.map(|cidr| Str::from(cidr.to_string()));
    let peer = if external.cidr.is_empty() {
        Peer::Public
    } else {
        Peer::Addresses(external.cidr.iter().map(text).collect())
    };
    Flow::new(peer, ports.collect(), &external.origin)
}

/// `NAME-backup-EXTERNAL`: its credentials beside what is copied.
pub fn secret_name(kept: &Kept, external: &External) -> Sourced<Str> {
    kept.name.zip(&external.name, |kept, external| {
        Str::from(format!("{kept}-backup-{}", dashed(external)))
    })
}

/// The keys that reach it, by the names of their variables.
pub fn keys(cx: &Cx, external: &External) -> IndexMap<Str, PlannedKey> {
    let Some(secret) = &external.secret else {
        return IndexMap::new();
    };
    let uses = SecretUse {
        name: secret.clone(),
        from: None,
        file: None,
    };
    let planned = plan::asked(cx, &uses)
        .into_iter()
        .map(|value| plan::planned(cx, value));
    planned.map(|key| (key.key.clone(), key)).collect()
}

/// Its credentials beside what is copied, as a Secret.
pub fn secret(cx: &Cx, kept: &Kept, external: &External, plan: &mut Plan) {
    let keys = keys(cx, external);
    if keys.is_empty() {
        return;
    }
    let name = secret_name(kept, external);
    let id = (kept.namespace.peek().clone(), name.peek().clone());
    let secret = PlannedSecret {
        unit: kept.unit.clone(),
        namespace: kept.namespace.clone(),
        name,
        knob: None,
        kind: "Opaque",
        when: kept.when.clone(),
        keys,
        origin: external.origin.clone(),
        asked: external.origin.clone(),
    };
    plan.insert(id, secret);
}

/// Folder of one kind of copies, as rclone names it: `to:BUCKET/APP/ENVIRONMENT/NAME/WHAT`.
pub fn folder(cx: &Cx, kept: &Kept, external: &External, what: &str) -> Option<Sourced<Str>> {
    let bucket = external.bucket.as_ref()?;
    let environment = &cx.app.environment.name;
    let app = cx.name().zip(environment, |app, environment| {
        format!("{app}/{environment}")
    });
    let within = app.zip(&kept.name, |app, kept| format!("{app}/{kept}/{what}"));
    Some(bucket.zip(&within, |bucket, within| {
        Str::from(format!("to:{}/{within}", bucket.path()))
    }))
}
