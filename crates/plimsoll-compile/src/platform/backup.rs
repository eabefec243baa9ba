//! Copies of the cluster's objects and disks by Velero: where they go, and when.
//!
//! Source: Velero 1.18, `velero.io/v1`. Velero reaches the bucket with the credentials that it was
//! installed with.

use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::External;
use plimsoll_spec::app::platform::{BackupUse, PlatformBackup};
use plimsoll_spec::types::Moment;
use plimsoll_world::{Cond, Form, Lit, MapBuilder, ObjectForm, Scope, Unit, form};

/// The schedule of the environment, and the location that it names.
pub fn objects(cx: &Cx, out: &mut Objects) {
    let backup = &cx.app.platform.backup;
    if *backup.use_.peek() != BackupUse::Velero {
        return;
    }
    let because = Cond::known(true, backup.use_.origin());
    let external = backup.to.as_ref();
    let external = external.and_then(|name| cx.app.externals.get(name.peek()));
    if let Some(external) = external
        && let Some(body) = location(cx, backup, external)
    {
        out.push(ObjectForm::new(Unit::Shared, because.clone(), body));
    }
    if let Some(body) = schedule(cx, backup, external) {
        out.push(ObjectForm::new(Unit::Shared, because, body));
    }
}

/// `APP-ENVIRONMENT`: what is Velero's own is shared by all that it serves.
fn name(cx: &Cx) -> Sourced<Str> {
    let environment = &cx.app.environment.name;
    cx.name().zip(environment, |app, environment| {
        Str::from(format!("{app}-{environment}"))
    })
}

fn metadata(cx: &Cx, backup: &PlatformBackup) -> Form {
    let s = &Scope::new("platform/backup");
    let home = backup.component.namespace.clone();
    let home = home.unwrap_or_else(|| Sourced::rule("platform/backup", Str::from("velero")));
    form!(s; {
        name: name(cx),
        namespace: home,
        labels: names::labels(cx, cx.name(), "backup"),
    })
}

fn location(cx: &Cx, backup: &PlatformBackup, external: &External) -> Option<Form> {
    let bucket = external.bucket.as_ref()?;
    let s = &Scope::new("platform/backup").because(&external.origin);
    let prefix = match bucket.peek().folder().as_str() {
        "" => name(cx).because(bucket.origin()),
        folder => bucket.zip(&name(cx), |_, name| Str::from(format!("{folder}/{name}"))),
    };
    let bucket = bucket.map(|bucket| bucket.name().clone());
    let mut config = MapBuilder::new(s);
    config.put(s, "region", external.region.clone());
    config.put(
        s,
        "s3Url",
        external
            .endpoint
            .as_ref()
            .map(|url| url.map(ToString::to_string)),
    );
    if external.endpoint.is_some() {
        config.put(s, "s3ForcePathStyle", Lit("true"));
    }
    Some(form!(s; {
        apiVersion: "velero.io/v1",
        kind: "BackupStorageLocation",
        metadata: metadata(cx, backup),
        spec: {
            provider: "aws",
            objectStorage: { bucket: bucket, prefix: prefix },
            config: config.build(),
        },
    }))
}

fn schedule(cx: &Cx, backup: &PlatformBackup, external: Option<&External>) -> Option<Form> {
    let s = &Scope::new("platform/backup").because(&backup.component.origin);
    let when = &backup.when.when;
    let Moment::Cron(_) = when.peek() else {
        return None;
    };
    let zone = backup.when.timezone.clone();
    let cron = when.fixed().zip(&zone, |when, zone| match when {
        Moment::Cron(cron) if zone == "UTC" => cron.five(),
        Moment::Cron(cron) => format!("CRON_TZ={zone} {}", cron.five()).into(),
        Moment::Before | Moment::After | Moment::Manual => Str::default(),
    });
    let named: Vec<Sourced<Str>> = if backup.namespaces.is_empty() {
        cx.lived_in.iter().map(|(name, _)| name.clone()).collect()
    } else {
        backup.namespaces.clone()
    };
    Some(form!(s; {
        apiVersion: "velero.io/v1",
        kind: "Schedule",
        metadata: metadata(cx, backup),
        spec: {
            schedule: cron,
            template: {
                includedNamespaces: [for namespace in &named => namespace],
                storageLocation: external.map(|_| name(cx)),
                ttl: backup.keep.map(|keep| Str::from(format!("{}h0m0s", keep.secs() / 3600))),
                snapshotMoveData: true,
            },
        },
    }))
}
