//! Disks: claims of the file, claims of single programs, and storage classes.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::workload::volume::own_claim;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Claim;
use plimsoll_spec::app::cluster::Distribution;
use plimsoll_world::{Cond, Form, ObjectForm, Scope, Unit, form};

/// The claims of the file.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for claim in cx.app.claims.values() {
        let protect = *claim.protect.peek();
        let when = Cond::decided(&claim.existing, |existing| !existing);
        let unit = Unit::Claim(claim.name.peek().clone());
        out.push(ObjectForm::new(unit, when, shared(cx, claim)).protected(protect));
    }
}

fn shared(cx: &Cx, claim: &Claim) -> Form {
    let s = &Scope::new("claim").because(&claim.origin);
    form!(s; {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: {
            name: &claim.name,
            namespace: &claim.namespace,
            labels: names::labels(cx, &claim.name, "claim"),
            annotations: plimsoll_world::Fragment(keep(&claim.protect)),
        },
        spec: {
            accessModes: [claim.shared.map(|shared| if *shared { "ReadWriteMany" } else { "ReadWriteOnce" })],
            storageClassName: claim.class.as_ref().map(|name| class(cx, name)),
            resources: { requests: { storage: &claim.size } },
        },
    })
}

/// What tells other tools to keep an object: Helm, Argo CD and Flux each have a word for it.
pub fn keep(protect: &Sourced<bool>) -> Form {
    let s = &Scope::new("claim/keep").because(protect.origin());
    let on = || Cond::decided(protect, |protect| *protect);
    form!(s; {
        when (on()) "helm.sh/resource-policy": "keep",
        when (on()) "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        when (on()) "kustomize.toolkit.fluxcd.io/prune": "disabled",
    })
}

/// Claims of a program's own, where its workload does not make them.
pub fn of_program(cx: &Cx, program: &Program, out: &mut Objects) {
    for (path, volume) in program.volumes {
        let own = volume.claim.is_none() && !program.own_disks;
        let Some(size) = volume.size.as_ref().filter(|_| own) else {
            continue;
        };
        let s = &Scope::new("claim").because(&volume.origin);
        let body = form!(s; {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: {
                name: s.text(own_claim(program, path)),
                namespace: program.namespace,
                labels: names::labels(cx, &program.name, program.component),
                annotations: keep(&Sourced::new(true, volume.origin.clone())),
            },
            spec: {
                accessModes: ["ReadWriteOnce"],
                storageClassName: volume.class.as_ref().map(|name| class(cx, name)),
                resources: { requests: { storage: size.map(std::string::ToString::to_string) } },
            },
        });
        let when = program
            .on()
            .and(Cond::decided(&volume.memory, |memory| !memory));
        out.push(ObjectForm::new(program.unit.clone(), when, body).protected(true));
    }
}

/// A storage class: `ssd` and `standard` are what the distribution calls them, or ones of ours by
/// those names where it has none; anything else is a name.
pub fn class(cx: &Cx, class: &Sourced<Str>) -> Sourced<Str> {
    let distribution = *cx.app.cluster.distribution.peek();
    let named = class.map(|class| match (class.as_str(), distribution) {
        ("ssd", Distribution::Aks) => "managed-csi-premium".into(),
        ("ssd" | "standard", Distribution::Eks) => "gp3".into(),
        ("ssd", Distribution::Gke) => "premium-rwo".into(),
        ("standard", Distribution::Aks) => "managed-csi".into(),
        ("standard", Distribution::Gke) => "standard-rwo".into(),
        ("standard" | "ssd", Distribution::K3s) => "local-path".into(),
        _ => class.clone(),
    });
    match class.peek().as_str() {
        "ssd" | "standard" => named.because(cx.app.cluster.distribution.origin()),
        _ => named,
    }
}
