//! The workload of a service: a Deployment, or a DaemonSet.

use crate::cx::Cx;
use crate::names;
use crate::program::Program;
use crate::secrets::{composed, plan};
use crate::workload::placement::Owner;
use crate::workload::{env, pod, rollout, statefulset};
use plimsoll_source::{Node, Origin, Sourced};
use plimsoll_spec::app::scale::Amount;
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::{Service, Strategy};
use plimsoll_spec::types::{Moment, Target};
use plimsoll_world::{Cond, Expr, Form, ObjectForm, Role, Scope, Unit, form};

/// The pods of a service, restricted, spread, and replaced without a gap.
pub fn object(cx: &Cx, service: &Service, program: &Program) -> ObjectForm {
    let body = match service.kind.peek() {
        _ if rollout::is_rollout(cx, service) => rollout::body(cx, service, program),
        Kind::Deployment => deployment(cx, service, program),
        Kind::StatefulSet => statefulset::of_service(cx, service, program),
        Kind::DaemonSet => daemonset(cx, service, program),
    };
    ObjectForm::new(program.unit.clone(), program.on(), body)
        .role(Role::Workload)
        .after(waits_for(cx, program))
}

/// What must be ready before a service starts: its stores, their migrations, and the jobs of `before`.
fn waits_for(cx: &Cx, program: &Program) -> Vec<Unit> {
    let mut units = stores_of(cx, program);
    let jobs = cx.app.jobs.values();
    let before = jobs.filter(|job| *job.when.when.peek() == Moment::Before);
    units.extend(before.map(|job| Unit::Job(job.name.peek().clone())));
    units
}

/// Stores and migrations that must be ready before a program starts. Services are not among them: they
/// may use each other in circles.
pub fn stores_of(cx: &Cx, program: &Program) -> Vec<Unit> {
    let mut units = Vec::new();
    for uses in program.uses.values() {
        let Target::Store { store, .. } = &uses.target else {
            continue;
        };
        units.push(Unit::Store(store.clone()));
        let migrates = |target: &Target| {
            matches!(target, Target::Store { store: other, .. } if other == store)
                && covers(target, &uses.target)
        };
        let migrations = cx
            .app
            .migrations
            .values()
            .filter(|migration| migrates(&migration.target));
        units.extend(migrations.map(|migration| Unit::Migration(migration.name.peek().clone())));
    }
    units.sort();
    units.dedup();
    units
}

/// Whether two targets may be the same database.
fn covers(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (
            Target::Store {
                database: Some(one),
                ..
            },
            Target::Store {
                database: Some(other),
                ..
            },
        ) => one == other,
        _ => true,
    }
}

fn deployment(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("workload/deployment").because(program.origin);
    let (fixed, count) = crate::scaling::fixed(service);
    form!(s; {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: metadata(cx, program),
        spec: {
            when (fixed) replicas: count,
            revisionHistoryLimit: 3,
            selector: { matchLabels: names::selector(cx, &program.name) },
            strategy: strategy(service),
            template: pod::template(cx, service, program, Owner::ReplicaSet),
        },
    })
}

fn daemonset(cx: &Cx, service: &Service, program: &Program) -> Form {
    let s = &Scope::new("workload/deployment").because(program.origin);
    form!(s; {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: metadata(cx, program),
        spec: {
            revisionHistoryLimit: 3,
            selector: { matchLabels: names::selector(cx, &program.name) },
            updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
            template: pod::template(cx, service, program, Owner::Controller),
        },
    })
}

/// Metadata of a workload.
pub fn metadata(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/deployment");
    form!(s; {
        name: &program.name,
        namespace: program.namespace,
        labels: pod::pod_labels(cx, program),
        annotations: plimsoll_world::Fragment(reload(cx, program)),
    })
}

/// Asks for a restart when a Secret that a controller fills changes.
pub fn reload(cx: &Cx, program: &Program) -> Form {
    use plimsoll_spec::app::platform::ReloadUse;
    let s = &Scope::new("workload/reload");
    let reload = &cx.app.platform.reload.use_;
    let filled = crate::secrets::source::is_filled_by_a_controller(cx);
    let on = Cond::decided(reload, |reload| *reload == ReloadUse::Reloader);
    let has = !plan::keys(cx, program).is_empty();
    let own = has.then(|| env::secret_name(cx, program));
    let of_files = composed::name(program).map(|name| Expr::from(&name));
    let mut names = own.into_iter().chain(of_files);
    let names = match (names.next(), names.next()) {
        (Some(one), Some(other)) => Some(Expr::concat([one, Expr::text(s.origin(), ","), other])),
        (one, _) => one,
    };
    let known = Cond::known(names.is_some(), program.origin);
    form!(s; {
        when (on.and(filled).and(known)) "secret.reloader.stakater.com/reload": names,
    })
}

/// How new pods take over.
pub fn strategy(service: &Service) -> Form {
    let s = &Scope::new("workload/strategy");
    match &service.strategy {
        _ if *service.scale.replicas.single.peek() => {
            let s = &s.because(service.scale.replicas.single.origin());
            form!(s; { type: "Recreate" })
        }
        Strategy::Recreate(origin) => {
            let s = &s.because(origin);
            form!(s; { type: "Recreate" })
        }
        Strategy::Rolling(rolling) => form!(s; {
            type: "RollingUpdate",
            rollingUpdate: { maxSurge: amount(&rolling.surge), maxUnavailable: amount(&rolling.away) },
        }),
        // Where nothing does such releases, new pods come some at a time.
        Strategy::BlueGreen(how) => rolling(&how.origin),
        Strategy::Canary(how) => rolling(&how.origin),
    }
}

fn rolling(because: &Origin) -> Form {
    let s = &Scope::new("workload/strategy").because(because);
    form!(s; { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } })
}

/// A number, or a part as Kubernetes writes it.
pub fn amount(amount: &Sourced<Amount>) -> Node {
    let origin = amount.origin().clone();
    match amount.peek() {
        Amount::Count(count) => Node::Int(origin, i64::from(*count)),
        Amount::Percent(percent) => Node::Text(origin, percent.to_string().into()),
    }
}
