//! From an application in one environment to its Blueprint: one module per concern.
//!
//! Modules are total: what they cannot do is a finding. Each is given a [`cx::Cx`] and adds forms;
//! none reads what another has added.

pub mod address;
pub mod bucket;
pub mod claim;
pub mod copies;
pub mod cx;
pub mod kubernetes;
pub mod names;
pub mod namespace;
pub mod network;
pub mod observe;
pub mod platform;
pub mod program;
pub mod release;
pub mod scaling;
pub mod secrets;
pub mod stores;
pub mod text;
pub mod workload;

use cx::{Cx, Objects, of_services};
use plimsoll_schema::Minor;
use plimsoll_source::{Findings, Rule};
use plimsoll_spec::App;
use plimsoll_world::Blueprint;
use program::Program;
use secrets::plan::Plan;

/// Every rule that compiling may report, by code.
pub static RULES: &[&Rule] = &[
    &workload::container::PLAIN_SIDECAR,
    &workload::container::EXEC_SLEEP,
    &workload::rollout::NO_ROLLOUTS,
    &workload::rollout::NO_TRAFFIC,
    &kubernetes::rules::NOTHING_TO_PATCH,
    &kubernetes::rules::IDLE_PATCH,
    &kubernetes::rules::BAD_PATCH,
    &kubernetes::rules::NO_OBJECT,
    &kubernetes::rules::MADE_ALREADY,
    &stores::rules::TLS_WITHOUT_CERTIFICATES,
    &stores::rules::NO_DUMP,
    &stores::rules::OPERATOR_UNKNOWN,
    &stores::rules::NO_REGIONAL_DISK,
    &stores::rules::EXPORTER_UNKNOWN,
    &copies::claim::NOBODY_MOUNTS,
    &secrets::sealed::NOT_SEALED,
    &secrets::sealed::OTHER_SCOPE,
    &secrets::composed::NOT_COMPOSED,
    &release::migration::WRONG_TOOL,
    &workload::env::TWO_VALUES,
    &observe::uncounted::NOT_COUNTED,
    &network::listens::NOTHING_LISTENS,
    &network::route::said::BROKEN_REDIRECT,
    &network::route::said::ANSWERS_500,
];

/// What compiling gives.
pub struct Compiled {
    /// The forms.
    pub blueprint: Blueprint,
    /// The Secrets that pods want, whoever brings them.
    pub secrets: Plan,
    /// What only compiling can see.
    pub findings: Findings,
}

/// Compiles one environment for a version of Kubernetes.
pub fn compile(app: &App, target: Minor) -> Compiled {
    let cx = Cx::new(app, target);
    let mut out: Objects = Vec::new();
    let mut plan = Plan::new();
    namespace::objects(&cx, &mut out);
    claim::objects(&cx, &mut out);
    copies::claim::objects(&cx, &mut plan, &mut out);
    stores::objects(&cx, &mut plan, &mut out);
    migrations(&cx, &mut plan, &mut out);
    for job in app.jobs.values() {
        let program = Program::job(job);
        release::job::objects(&cx, job, &program, &mut out);
        around(&cx, &program, &mut out);
        secrets::plan::add_program(&cx, &program, &mut plan);
    }
    of_services(&cx, &mut out, |service, program, out| {
        out.push(workload::deployment::object(&cx, service, program));
        workload::service::objects(&cx, service, program, out);
        workload::rollout::around(&cx, service, program, out);
        scaling::objects(&cx, service, program, out);
        around(&cx, program, out);
    });
    for service in app.services.values() {
        secrets::plan::add_program(&cx, &Program::service(service), &mut plan);
    }
    network::route::objects(&cx, &mut out);
    platform::objects(&cx, &mut out);
    workload::priority::objects(&cx, &mut out);
    workload::sizing::objects(&cx, &mut out);
    observe::objects(&cx, &mut out);
    secrets::shared::plan(&cx, &mut plan);
    secrets::source::objects(&cx, &plan, &mut out);
    secrets::sealed::objects(&cx, &plan, &mut out);
    kubernetes::objects(&cx, &mut out);
    out.sort_by(|a, b| a.unit.cmp(&b.unit));
    let blueprint = Blueprint {
        application: app.app.peek().text().clone(),
        environment: app.environment.name.peek().clone(),
        namespace: app.namespace.name.peek().clone(),
        objects: out,
    };
    Compiled {
        blueprint,
        secrets: plan,
        findings: cx.into_findings(),
    }
}

/// What every program has around its pods.
fn around(cx: &Cx, program: &Program, out: &mut Objects) {
    workload::account::objects(cx, program, out);
    workload::config::objects(cx, program, out);
    claim::of_program(cx, program, out);
    network::of_program(cx, program, out);
}

fn migrations(cx: &Cx, plan: &mut Plan, out: &mut Objects) {
    let jobs = cx.app.migrations.values().filter(|one| one.is_job());
    for migration in jobs {
        let command = release::migration::command(cx, migration);
        let program = Program::migration(migration, command.as_deref());
        release::migration::objects(cx, migration, &program, out);
        around(cx, &program, out);
        secrets::plan::add_program(cx, &program, plan);
    }
}
