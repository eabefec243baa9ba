//! Compose: one environment on one machine, translated from its objects. Secrets are variables of
//! an `.env` file; certificates are made by a container; there is no gateway.

mod environment;
mod mounts;
mod pod;
mod probe;
mod quantity;
mod text;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{Finding, Findings};
use plimsoll_spec::app::deliver::By;
use plimsoll_world::{Object, Role, Unit, World};
use serde_json::{Map, Value, json};

use crate::rules::NOT_IN_COMPOSE;
use crate::{Emitted, Environment, FileSet, System, document};
use mounts::Certificates;
use text::Variables;
use volumes::Volumes;

const FOLDER: &str = "compose";

/// The file of the environment that is meant for it, with an example of its variables.
pub fn files(system: &System<'_>) -> Emitted {
    let environment = environment::chosen(system);
    let mut model = Model::new(environment);
    for object in &environment.world.objects {
        model.object(object);
    }
    model.makers();
    model.depend();
    model.differences();
    let header = format!(
        "{} in the environment `{}`, for one machine:\n\n  cp .env.example .env    # and fill it in\n  docker compose up --wait\n\n\
         Jobs on a schedule, by hand or after a release: docker compose run --rm JOB\n\
         Sources are looked for beside this folder; PROJECT=/path names another place.",
        environment.world.application,
        environment.name()
    );
    let mut files = FileSet::default();
    files.add(
        format!("{FOLDER}/compose.yaml"),
        document::commented(&header, &model.whole()),
    );
    files.add(format!("{FOLDER}/.env.example"), model.variables.example());
    files.add(format!("{FOLDER}/.gitignore"), ".env\n");
    Emitted {
        files,
        findings: model.findings,
    }
}

/// The file while it is made.
struct Model<'a> {
    environment: &'a Environment<'a>,
    services: BTreeMap<String, Service>,
    volumes: Volumes,
    configs: BTreeMap<String, Value>,
    secrets: BTreeMap<String, Value>,
    certificates: Certificates,
    variables: Variables,
    published: BTreeSet<u64>,
    findings: Findings,
}

/// A container, and what it waits for.
struct Service {
    unit: Unit,
    /// Whether it runs once.
    ends: bool,
    /// Whether a person starts it.
    on_demand: bool,
    after: Vec<Unit>,
    /// Other containers: name → condition.
    depends: BTreeMap<String, &'static str>,
    body: Map<String, Value>,
}

impl Service {
    fn written(&self) -> Value {
        let mut body = self.body.clone();
        if self.on_demand {
            body.insert("profiles".into(), json!(["jobs"]));
        }
        Value::Object(body)
    }
}

impl<'a> Model<'a> {
    fn new(environment: &'a Environment<'a>) -> Self {
        Self {
            environment,
            services: BTreeMap::new(),
            volumes: Volumes::default(),
            configs: BTreeMap::new(),
            secrets: BTreeMap::new(),
            certificates: Certificates::of(environment.world),
            variables: Variables::of(environment.app),
            published: BTreeSet::new(),
            findings: Findings::default(),
        }
    }

    fn world(&self) -> &'a World {
        self.environment.world
    }

    /// Adds the containers of an object that has pods.
    fn object(&mut self, object: &Object) {
        let body = object.body.to_json();
        let template = match object.key.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Rollout" | "Job" => {
                &body["spec"]["template"]
            }
            "CronJob" => &body["spec"]["jobTemplate"]["spec"]["template"],
            _ => return,
        };
        let is_job = matches!(object.key.kind.as_str(), "Job" | "CronJob");
        // What looks after a store of several instances, or copies it, has nothing to do here.
        if is_job && matches!(object.unit, Unit::Store(_) | Unit::Claim(_)) {
            return;
        }
        if !template["spec"].is_object() {
            return;
        }
        pod::Pod::new(object, template).add_to(self);
    }

    /// Containers that make the certificates and disks which pods mount.
    fn makers(&mut self) {
        let mut makers = self.certificates.makers();
        makers.extend(self.volumes.makers());
        for (name, body) in makers {
            let mut waiting = self.services.values();
            let on_demand =
                waiting.all(|service| service.on_demand || !service.depends.contains_key(&name));
            let service = Service {
                unit: Unit::Shared,
                ends: true,
                on_demand,
                after: Vec::new(),
                depends: BTreeMap::new(),
                body,
            };
            self.services.insert(name, service);
        }
    }

    /// Turns blocks that must be ready before into containers that must be.
    fn depend(&mut self) {
        let known: Vec<(String, Unit, bool, bool)> = self
            .services
            .iter()
            .filter(|(_, service)| !service.on_demand)
            .map(|(name, service)| {
                let is_watched = service.body.contains_key("healthcheck");
                (name.clone(), service.unit.clone(), service.ends, is_watched)
            })
            .collect();
        for (own, service) in &mut self.services {
            for (name, unit, ends, is_watched) in &known {
                if service.after.contains(unit) && name != own {
                    let condition = match (ends, is_watched) {
                        (true, _) => "service_completed_successfully",
                        (false, true) => "service_healthy",
                        (false, false) => "service_started",
                    };
                    service.depends.entry(name.clone()).or_insert(condition);
                }
            }
            if !service.depends.is_empty() {
                let depends = service.depends.iter();
                let depends: Map<String, Value> = depends
                    .map(|(name, condition)| (name.clone(), json!({ "condition": condition })))
                    .collect();
                service
                    .body
                    .insert("depends_on".into(), Value::Object(depends));
            }
        }
    }

    /// What an environment has in a cluster and not here.
    fn differences(&mut self) {
        let app = self.environment.app;
        let is_meant = *app.deliver.by.peek() == By::Compose;
        self.report(
            "Compose runs one container of each service, without what watches and guards it"
                .to_owned(),
            app.app.origin(),
            "copies, autoscaling, budgets, policies, schedules and monitors are for clusters",
        );
        for route in app.routes.values().filter(|route| *route.enabled.peek()) {
            let what = format!("route `{}` has no gateway in Compose", route.name.peek());
            let help =
                "call its services on 127.0.0.1, at the ports that `docker compose ps` lists";
            self.report(what, &route.origin, help);
        }
        for store in app.stores.values() {
            let several = *store.enabled.peek() && *store.instances.peek() > 1;
            if several && *store.run.peek() == plimsoll_spec::app::store::Run::StatefulSet {
                let what = format!("store `{}` has one instance in Compose", store.name.peek());
                let help = if is_meant {
                    "write `cap: { instances: 1 }` in this environment"
                } else {
                    "make an environment with `deliver: { by: compose }` and `cap: { instances: 1 }`"
                };
                self.report(what, store.instances.origin(), help);
            }
        }
    }

    fn report(&mut self, what: String, origin: &plimsoll_source::Origin, help: &str) {
        let finding = Finding::new(&NOT_IN_COMPOSE, what).mark_origin(origin, "said here");
        self.findings.report(finding.help(help));
    }

    fn whole(&self) -> Value {
        let mut whole = Map::new();
        whole.insert("name".into(), json!(self.world().application.as_str()));
        let services = self.services.iter();
        let services: Map<String, Value> = services
            .map(|(name, service)| (name.clone(), service.written()))
            .collect();
        whole.insert("services".into(), Value::Object(services));
        let mut section = |key: &str, entries: Map<String, Value>| {
            if !entries.is_empty() {
                whole.insert(key.to_owned(), Value::Object(entries));
            }
        };
        section("volumes", self.volumes.section());
        section("configs", self.configs.clone().into_iter().collect());
        section("secrets", self.secrets.clone().into_iter().collect());
        Value::Object(whole)
    }
}

/// Whether the object runs before or after a release and ends.
fn ends(object: &Object) -> bool {
    matches!(object.role, Role::Migration | Role::Before | Role::After)
        || matches!(object.key.kind.as_str(), "Job" | "CronJob")
}
