//! Backups by the operator: the log goes to the bucket all the time, so that any point in time can
//! be had; whole copies by schedule.

use super::super::backup::not_yet;
use super::super::{helper, on};
use crate::copies::{Kept, bucket};
use crate::cx::{Cx, Objects};
use crate::network::flow::Flow;
use crate::secrets::plan::Plan;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::store::{Backup, Copy};
use plimsoll_spec::app::{External, Store};
use plimsoll_spec::types::Duration;
use plimsoll_world::{Form, ObjectForm, Scope, Unit, form};

fn full<'a>(cx: &Cx<'a>, store: &'a Store) -> Option<(&'a Backup, &'a Copy, &'a External)> {
    let backup = store.backup.some()?;
    let copy = backup.full.as_ref()?;
    Some((backup, copy, bucket::of(cx, backup.to.as_ref(), copy)?))
}

/// The way to the bucket.
pub fn outside(cx: &Cx, store: &Store) -> Option<Flow> {
    full(cx, store).map(|(_, _, external)| bucket::way(external))
}

/// Where copies and the log go, and how long they are kept.
pub fn target(cx: &Cx, store: &Store, plan: &mut Plan) -> Option<Form> {
    let (backup, copy, external) = full(cx, store)?;
    let s = &Scope::new("stores/operator").because(&backup.origin);
    let store = &Kept::store(store);
    bucket::secret(cx, store, external, plan);
    let keys = bucket::keys(cx, external);
    let key = |end: &str| keys.keys().find(|key| key.ends_with(end)).cloned();
    let name = bucket::secret_name(store, external);
    let reference = |end: &str| key(end).map(|key| form!(s; { name: &name, key: s.text(key) }));
    let path = external.bucket.as_ref().map(|bucket| {
        bucket.zip(&cx.name(), |bucket, app| {
            Str::from(format!("s3://{}/{app}", bucket.path()))
        })
    });
    let kept = match &backup.recover {
        Some(recover) if recover.peek() > copy.keep.peek() => recover,
        Some(recover) => &copy.keep.clone().because(recover.origin()),
        None => &copy.keep,
    };
    Some(form!(s; {
        retentionPolicy: days(kept),
        barmanObjectStore: {
            destinationPath: path,
            endpointURL: external.endpoint.clone(),
            s3Credentials: {
                accessKeyId: reference("ACCESS_KEY_ID"),
                secretAccessKey: reference("SECRET_ACCESS_KEY"),
            },
            wal: { compression: "gzip" },
            data: { compression: "gzip" },
        },
    }))
}

fn days(duration: &Sourced<Duration>) -> Sourced<Str> {
    duration.map(|duration| Str::from(format!("{}d", duration.secs().div_ceil(86_400).max(1))))
}

/// The schedule of whole copies; other copies are not made by the operator yet.
pub fn schedules(cx: &Cx, store: &Store, out: &mut Objects) {
    let Some(backup) = store.backup.some() else {
        return;
    };
    let drill = backup.drill.as_ref().map(|drill| drill.when.origin());
    let copies = [
        ("incremental", &backup.incremental),
        ("offsite", &backup.offsite),
        ("archive", &backup.archive),
    ];
    let copies = copies.map(|(key, copy)| (key, copy.as_ref().map(|copy| copy.when.origin())));
    for (key, origin) in copies.into_iter().chain([("drill", drill)]) {
        if let Some(origin) = origin {
            not_yet(
                cx,
                key,
                origin,
                "with `run: operator` write `full` and `recover`",
            );
        }
    }
    let Some((_, copy, _)) = full(cx, store) else {
        return;
    };
    let s = &Scope::new("stores/operator").because(copy.when.origin());
    let name = helper::name(store, "backup-full");
    let body = form!(s; {
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "ScheduledBackup",
        metadata: helper::metadata(cx, store, &name, &store.name),
        spec: {
            schedule: copy.when.map(plimsoll_spec::types::Cron::six),
            cluster: { name: &store.name },
            method: "barmanObjectStore",
            backupOwnerReference: "none",
        },
    });
    let unit = Unit::Store(store.name.peek().clone());
    out.push(ObjectForm::new(unit, on(store), body));
}
