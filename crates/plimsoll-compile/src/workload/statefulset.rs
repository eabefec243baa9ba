//! A service whose pods have names and disks of their own.

use crate::cx::Cx;
use crate::names::{self, dashed};
use crate::program::Program;
use crate::workload::placement::Owner;
use crate::workload::{deployment, pod};
use plimsoll_source::Str;
use plimsoll_spec::app::Service;
use plimsoll_world::{Form, Fragment, Scope, SeqBuilder, form};

/// The StatefulSet of a service.
pub fn of_service(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("workload/statefulset").because(program.origin);
    let (fixed, count) = crate::scaling::fixed(service);
    form!(s; {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: deployment::metadata(cx, program),
        spec: {
            when (fixed) replicas: count,
            revisionHistoryLimit: 3,
            serviceName: program.name.map(|name| Str::from(format!("{name}-pods"))),
            podManagementPolicy: "Parallel",
            selector: { matchLabels: names::selector(cx, &program.name) },
            template: pod::template(cx, service, program, Owner::Controller),
            volumeClaimTemplates: Fragment(claims(cx, program)),
        },
    })
}

/// One claim for each pod and disk.
///
/// The server fills in their kind where it is left out, and Argo CD sees that as a difference for ever.
pub fn claims(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/statefulset");
    let mut list = SeqBuilder::new(s);
    for (path, volume) in program.volumes {
        let Some(size) = volume.size.as_ref().filter(|_| !*volume.memory.peek()) else {
            continue;
        };
        let s = &s.because(&volume.origin);
        list.push(s, form!(s; {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: s.text(format!("disk-{}", dashed(path))) },
            spec: {
                accessModes: ["ReadWriteOnce"],
                storageClassName: volume.class.as_ref().map(|class| crate::claim::class(cx, class)),
                resources: { requests: { storage: size.map(std::string::ToString::to_string) } },
            },
        }));
    }
    list.build()
}
