//! Disks in two zones: a `StorageClass` of the store's own, as the cloud spells it.
//!
//! Sources: "Regional Persistent Disk" of the GKE documentation, `pd.csi.storage.gke.io`; "Use the
//! Azure Disks CSI driver" of the AKS documentation, `disk.csi.azure.com`.

use super::on;
use super::rules::NO_REGIONAL_DISK;
use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Finding, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::cluster::Distribution;
use plimsoll_spec::app::store::Storage;
use plimsoll_world::{Lit, ObjectForm, Scope, Unit, form};

/// Who makes such a disk, and the parameter that asks for it: for `ssd` and for others.
struct Spelling {
    provisioner: &'static str,
    kind: (&'static str, &'static str, &'static str),
    copies: Option<(&'static str, &'static str)>,
}

fn spelling(cx: &Cx) -> Option<Spelling> {
    Some(match cx.app.cluster.distribution.peek() {
        Distribution::Gke => Spelling {
            provisioner: "pd.csi.storage.gke.io",
            kind: ("type", "pd-ssd", "pd-balanced"),
            copies: Some(("replication-type", "regional-pd")),
        },
        Distribution::Aks => Spelling {
            provisioner: "disk.csi.azure.com",
            kind: ("skuName", "Premium_ZRS", "StandardSSD_ZRS"),
            copies: None,
        },
        _ => return None,
    })
}

fn wanted(store: &Store) -> Option<&Storage> {
    let storage = store.storage.some()?;
    storage.regional.peek().then_some(storage)
}

/// The class of a store's disk: its own where the disk is in two zones, else the one that is named.
pub fn class(cx: &Cx, store: &Store, storage: &Storage) -> Option<Sourced<Str>> {
    let own = wanted(store).is_some() && spelling(cx).is_some();
    if !own {
        let class = storage.class.as_ref()?;
        return Some(crate::claim::class(cx, class));
    }
    // Outside of namespaces the name must tell stores apart.
    let name = store.name.zip(&store.namespace, |name, ns| {
        Str::from(format!("{ns}-{name}-regional"))
    });
    Some(name.because(storage.regional.origin()))
}

/// The class, where the distribution has such disks; else a finding.
pub fn objects(cx: &Cx, store: &Store, out: &mut Objects) {
    let Some(storage) = wanted(store) else {
        return;
    };
    let because = storage.regional.origin();
    let Some(spelling) = spelling(cx) else {
        let message = format!("the disk of `{}` cannot be in two zones", store.name.peek());
        cx.report(
            Finding::new(&NO_REGIONAL_DISK, message)
                .mark_origin(because, "wanted here")
                .mark_origin(cx.app.cluster.distribution.origin(), "the distribution")
                .help("name a StorageClass that does it as `class`, or use several `instances`"),
        );
        return;
    };
    let s = &Scope::new("stores/regional").because(because);
    let (key, fast, usual) = spelling.kind;
    let ssd = storage
        .class
        .as_ref()
        .is_some_and(|class| class.peek() == "ssd");
    let kind = if ssd { fast } else { usual };
    let s = &match &storage.class {
        Some(class) => s.because(class.origin()),
        None => s.clone(),
    };
    let copies = spelling
        .copies
        .map(|(key, value)| form!(s; { (key): Lit(value) }));
    let body = form!(s; {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: {
            name: class(cx, store, storage),
            labels: names::labels(cx, &store.name, "store"),
            annotations: plimsoll_world::Fragment(crate::claim::keep(&store.protect)),
        },
        provisioner: Lit(spelling.provisioner),
        parameters: { (key): Lit(kind), ..copies },
        volumeBindingMode: "WaitForFirstConsumer",
        allowVolumeExpansion: true,
        reclaimPolicy: store.protect.choose("stores/regional", |protect| if *protect { "Retain" } else { "Delete" }),
    });
    let unit = Unit::Store(store.name.peek().clone());
    out.push(ObjectForm::new(unit, on(store), body).protected(*store.protect.peek()));
}
