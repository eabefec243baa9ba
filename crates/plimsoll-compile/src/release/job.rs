//! Jobs: by a schedule, in a release, or when somebody starts them.

use crate::cx::{Cx, Objects};
use crate::program::Program;
use crate::workload::placement::{self, Owner, Pods};
use crate::workload::{container, deployment, pod, volume};
use plimsoll_source::{Handle, Knob, Node, Origin, Sourced, Str};
use plimsoll_spec::app::Job;
use plimsoll_spec::app::job::Concurrency;
use plimsoll_spec::types::Moment;
use plimsoll_world::{Cond, Expr, Form, Fragment, ObjectForm, Op, Role, Scope, Unit, form};

/// The objects of a job besides its account and files.
pub fn objects(cx: &Cx, job: &Job, program: &Program, out: &mut Objects) {
    let when = program.on();
    let (role, body) = match job.when.when.peek() {
        Moment::Before => (Role::Before, in_release(cx, job, program)),
        Moment::After => (Role::After, in_release(cx, job, program)),
        Moment::Cron(_) | Moment::Manual => (Role::Plain, cron(cx, job, program)),
    };
    let units = match role {
        Role::After => all_workloads(cx),
        _ => deployment::stores_of(cx, program),
    };
    out.push(
        ObjectForm::new(program.unit.clone(), when, body)
            .role(role)
            .after(units),
    );
}

fn all_workloads(cx: &Cx) -> Vec<Unit> {
    cx.app
        .services
        .values()
        .map(|service| Unit::Service(service.name.peek().clone()))
        .collect()
}

/// A Job named by what it runs, so that it runs again where that changed.
fn in_release(cx: &Cx, job: &Job, program: &Program) -> Form {
    let s = &Scope::new("release/job").because(program.origin);
    let images = cx
        .app
        .services
        .values()
        .map(|service| container::image(cx, &service.image));
    let mut runs = vec![container::image(cx, program.image), words(cx, program)];
    runs.extend(images);
    let hash = Expr::call(Op::Hash, [Expr::concat(runs)]);
    let name = Expr::concat([Expr::from(&program.name), Expr::text(s.origin(), "-"), hash]);
    form!(s; {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: {
            name: name,
            namespace: program.namespace,
            labels: pod::pod_labels(cx, program),
        },
        spec: spec(cx, program, &job.retries, &job.deadline),
    })
}

/// Command and arguments as one text to be hashed.
pub fn words(cx: &Cx, program: &Program) -> Expr {
    let origin = Origin::rule("release/job", []);
    let texts = program
        .command
        .into_iter()
        .flatten()
        .chain(program.args.into_iter().flatten());
    let mut parts = Vec::new();
    for template in texts {
        parts.push(Expr::text(&origin, "\n"));
        parts.extend(crate::text::resolve(cx, program, template).map(|text| text.expr));
    }
    Expr::concat(parts)
}

/// `spec` of a Job: no TTL, so that the journal and its log stay together.
pub fn spec(
    cx: &Cx,
    program: &Program,
    retries: &Sourced<u32>,
    deadline: &Sourced<plimsoll_spec::types::Duration>,
) -> Form {
    let s = &Scope::new("release/job").because(program.origin);
    form!(s; {
        backoffLimit: retries,
        activeDeadlineSeconds: deadline.map(|deadline| i64::try_from(deadline.secs()).unwrap_or(i64::MAX)),
        template: template(cx, program),
    })
}

fn template(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("release/job").because(program.origin);
    let mut own = container::base(cx, program);
    own.put(
        s,
        "volumeMounts",
        Fragment(volume::of_program(cx, program).mounts.build()),
    );
    let one = Expr::Lit(Node::Int(s.origin().clone(), 1));
    let pods = Pods {
        fewest: one,
        owner: Owner::Job,
        name: &program.name,
    };
    form!(s; {
        metadata: {
            labels: pod::pod_labels(cx, program),
            annotations: Fragment(pod::annotations(cx, program)),
        },
        spec: {
            ..pod::common(cx, program),
            restartPolicy: "Never",
            securityContext: pod::security(cx, program),
            ..placement::placement(cx, program.placement, &pods),
            containers: [own.build()],
            volumes: Fragment(volume::of_program(cx, program).volumes.build()),
        },
    })
}

fn cron(cx: &Cx, job: &Job, program: &Program) -> Form {
    let s = &Scope::new("release/job").because(program.origin);
    let when = job.when.when.fixed();
    let manual = Cond::decided(when, |when| matches!(when, Moment::Manual));
    // A job that only people start has a schedule that never comes: the API wants one.
    let schedule = when.map(|when| match when {
        Moment::Cron(cron) => cron.five(),
        _ => Str::from("0 0 31 2 *"),
    });
    // It turns as `jobs.J.when`; what nobody starts by the clock has no time to turn.
    let schedule = match when.peek() {
        Moment::Cron(_) => {
            let handle = Handle(format!("jobs.{}.when", job.name.peek()).into());
            Expr::from(&Knob::new(handle, schedule))
        }
        _ => Expr::from(&schedule),
    };
    form!(s; {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: {
            name: &program.name,
            namespace: program.namespace,
            labels: pod::pod_labels(cx, program),
        },
        spec: {
            schedule: schedule,
            timeZone: job.when.timezone.map(|zone| if zone == "UTC" { Str::from("Etc/UTC") } else { zone.clone() }),
            when (manual) suspend: true,
            concurrencyPolicy: job.concurrency.map(|concurrency| match concurrency {
                Concurrency::Forbid => "Forbid",
                Concurrency::Replace => "Replace",
                Concurrency::Allow => "Allow",
            }),
            successfulJobsHistoryLimit: &job.keep,
            failedJobsHistoryLimit: &job.keep,
            jobTemplate: {
                metadata: { labels: pod::pod_labels(cx, program) },
                spec: spec(cx, program, &job.retries, &job.deadline),
            },
        },
    })
}
