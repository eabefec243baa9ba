//! The containers of one pod.

use std::collections::BTreeMap;

use plimsoll_source::{Origin, Str};
use plimsoll_spec::app::image::Build;
use plimsoll_world::{Object, Role, Unit};
use serde_json::{Map, Value, json};

use super::mounts::{self, MAKERS};
use super::probe;
use super::quantity;
use super::text::{literal, resolved};
use super::{Model, Service, ends};

/// A pod of an object.
pub(super) struct Pod<'a> {
    object: &'a Object,
    template: &'a Value,
    name: String,
    namespace: Str,
}

/// What a container is for its pod.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Main,
    Before,
    Beside,
}

impl<'a> Pod<'a> {
    pub(super) fn new(object: &'a Object, template: &'a Value) -> Self {
        let label = &template["metadata"]["labels"]["app.kubernetes.io/name"];
        let name = label.as_str().unwrap_or(&object.key.name).to_owned();
        Self {
            object,
            template,
            name,
            namespace: object.key.namespace.clone().unwrap_or_default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn namespace(&self) -> &Str {
        &self.namespace
    }

    pub(super) fn unit(&self) -> &Unit {
        &self.object.unit
    }

    pub(super) fn origin(&self) -> &Origin {
        self.object.body.origin()
    }

    /// A volume of the pod; nothing for a claim that is made from a template.
    pub(super) fn volume(&self, name: &str) -> &Value {
        let volumes = self.template["spec"]["volumes"].as_array();
        let found = volumes
            .into_iter()
            .flatten()
            .find(|volume| volume["name"] == name);
        found.unwrap_or(&Value::Null)
    }

    /// Whether several containers mount a volume.
    pub(super) fn is_shared(&self, volume: &str) -> bool {
        let mounts = |container: &&Value| {
            let mounts = container["volumeMounts"].as_array();
            mounts
                .into_iter()
                .flatten()
                .any(|mount| mount["name"] == volume)
        };
        self.containers()
            .filter(|(_, container)| mounts(container))
            .count()
            > 1
    }

    /// User and group of its processes.
    pub(super) fn user(&self) -> (u64, u64) {
        let context = &self.template["spec"]["securityContext"];
        let user = context["runAsUser"].as_u64().unwrap_or(0);
        (user, context["runAsGroup"].as_u64().unwrap_or(user))
    }

    /// All containers but exporters, which nobody reads here.
    fn containers(&self) -> impl Iterator<Item = (Part, &'a Value)> {
        let spec = &self.template["spec"];
        let list = |key: &str| spec[key].as_array().into_iter().flatten();
        let before = list("initContainers").map(|container| {
            let beside = container["restartPolicy"] == "Always";
            (if beside { Part::Beside } else { Part::Before }, container)
        });
        let rest = list("containers")
            .enumerate()
            .map(|(at, container)| (if at == 0 { Part::Main } else { Part::Beside }, container));
        let is_store = matches!(self.object.unit, Unit::Store(_));
        before
            .chain(rest)
            .filter(move |(_, container)| !(is_store && container["name"] == "exporter"))
    }

    pub(super) fn add_to(&self, model: &mut Model<'_>) {
        let mut before: Option<String> = None;
        for (part, container) in self.containers() {
            let own = container["name"].as_str().unwrap_or("container");
            let name = match part {
                Part::Main => self.name.clone(),
                _ => format!("{}-{own}", self.name),
            };
            let mut body = self.container(model, &name, container, part);
            let mut depends = BTreeMap::new();
            if let Some(Value::Array(makers)) = body.remove(MAKERS) {
                let names = makers.iter().filter_map(Value::as_str);
                depends
                    .extend(names.map(|name| (name.to_owned(), "service_completed_successfully")));
            }
            if let Some(before) = before.clone().filter(|_| part != Part::Beside) {
                depends.insert(before, "service_completed_successfully");
            }
            if part == Part::Before {
                before = Some(name.clone());
            }
            // Where nothing waits for its end, `up --wait` fails when it ends.
            let on_demand = self.object.key.kind == "CronJob" || self.object.role == Role::After;
            let service = Service {
                unit: match part {
                    Part::Main => self.object.unit.clone(),
                    _ => Unit::Shared,
                },
                ends: ends(self.object) || part == Part::Before,
                on_demand,
                after: self.object.after.clone(),
                depends,
                body,
            };
            model.services.insert(name, service);
        }
    }

    fn container(
        &self,
        model: &mut Model<'_>,
        name: &str,
        container: &Value,
        part: Part,
    ) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
        put(
            "image",
            json!(literal(container["image"].as_str().unwrap_or_default())),
        );
        if let Some(build) = self.build(model).filter(|_| part == Part::Main) {
            put("build", build);
        }
        let known = self.env(model, name, container);
        for (from, to) in [("command", "entrypoint"), ("args", "command")] {
            if let Some(words) = container[from].as_array() {
                let words = words.iter().filter_map(Value::as_str);
                let words: Vec<String> = words.map(|word| resolved(word, &known)).collect();
                put(to, json!(words));
            }
        }
        if !known.is_empty() {
            put("environment", json!(known));
        }
        let once = ends(self.object) || part == Part::Before;
        put("restart", json!(if once { "no" } else { "unless-stopped" }));
        if let Some(seconds) = self.template["spec"]["terminationGracePeriodSeconds"].as_u64() {
            put("stop_grace_period", json!(format!("{seconds}s")));
        }
        match probe::check(container) {
            Ok(check) if !once => {
                if let Some(check) = check {
                    put("healthcheck", check);
                }
            }
            Ok(_) => {}
            Err(kind) => {
                let what = format!("`{name}` has no health check in Compose: its probe is {kind}");
                let help = "write a path or a command in `health` to have one";
                model.report(what, self.origin(), help);
            }
        }
        if let Some(hook) = container["lifecycle"]["postStart"]["exec"]["command"].as_array() {
            let words = hook.iter().filter_map(Value::as_str);
            let words: Vec<String> = words.map(|word| resolved(word, &known)).collect();
            put("post_start", json!([{ "command": words }]));
        }
        match part {
            Part::Beside => put("network_mode", json!(format!("service:{}", self.name))),
            Part::Main => {
                let aliases = self.aliases(model);
                if !aliases.is_empty() {
                    put("networks", json!({ "default": { "aliases": aliases } }));
                }
                let ports = self.ports(model, container);
                if !ports.is_empty() {
                    put("ports", Value::Array(ports));
                }
            }
            Part::Before => {}
        }
        self.limits(container, &mut body);
        mounts::mount(model, self, name, container, &mut body);
        body
    }

    /// Variables with their values, in which those before are known.
    fn env(
        &self,
        model: &mut Model<'_>,
        name: &str,
        container: &Value,
    ) -> BTreeMap<String, String> {
        let mut known = BTreeMap::new();
        for variable in container["env"].as_array().into_iter().flatten() {
            let Some(key) = variable["name"].as_str() else {
                continue;
            };
            let source = &variable["valueFrom"];
            let value = if let Some(text) = variable["value"].as_str() {
                resolved(text, &known)
            } else if let Some(secret) = source["secretKeyRef"]["key"].as_str() {
                model.variables.reference(&self.object.unit, secret)
            } else {
                match source["fieldRef"]["fieldPath"].as_str() {
                    Some("metadata.name") if self.object.key.kind == "StatefulSet" => {
                        format!("{}-0", self.name)
                    }
                    Some("metadata.name" | "status.podIP" | "spec.nodeName" | "status.hostIP") => {
                        self.name.clone()
                    }
                    Some("metadata.namespace") => self.namespace.to_string(),
                    _ if source.is_null() => String::new(),
                    _ => {
                        let what = format!("`{key}` of `{name}` has no value in Compose");
                        model.report(what, self.origin(), "give it a text in this environment");
                        continue;
                    }
                }
            };
            known.insert(key.to_owned(), value);
        }
        known
    }

    /// Names under which the Services before the pod are known.
    fn aliases(&self, model: &mut Model<'_>) -> Vec<String> {
        let labels = &self.template["metadata"]["labels"];
        let mut aliases = Vec::new();
        for object in &model.world().objects {
            let is_near = object.key.kind == "Service"
                && object.key.namespace.as_ref() == Some(&self.namespace);
            if !is_near {
                continue;
            }
            let body = object.body.to_json();
            let selector = body["spec"]["selector"].as_object();
            let has = |(key, value): (&String, &Value)| match key.as_str() {
                // What a cluster puts on the first pod of a StatefulSet.
                "apps.kubernetes.io/pod-index" => value == "0",
                "statefulset.kubernetes.io/pod-name" => {
                    value.as_str() == Some(&format!("{}-0", self.object.key.name))
                }
                key => labels[key] == *value,
            };
            let selects =
                |selector: &Map<String, Value>| !selector.is_empty() && selector.iter().all(has);
            if !selector.is_some_and(selects) {
                continue;
            }
            let (service, namespace) = (&object.key.name, &self.namespace);
            let long = format!("{service}.{namespace}");
            let longer = format!("{long}.svc");
            let whole = format!("{longer}.cluster.local");
            let short = (service.as_str() != self.name).then(|| service.to_string());
            aliases.extend(short.into_iter().chain([long, longer, whole]));
            self.moved_ports(model, &body);
        }
        aliases
    }

    /// A Service may answer on another port than its pods; here nobody translates.
    fn moved_ports(&self, model: &mut Model<'_>, service: &Value) {
        let containers = self.template["spec"]["containers"].as_array();
        let Some(container) = containers.and_then(|containers| containers.first()) else {
            return;
        };
        for known in service["spec"]["ports"].as_array().into_iter().flatten() {
            let target = probe::port(container, &known["targetPort"]);
            if target.is_some_and(|target| known["port"].as_u64() != Some(target)) {
                let what = format!(
                    "port {} of `{}` is not in Compose",
                    known["port"], self.name
                );
                let help = "call the container's own port, or leave `at` away in this environment";
                model.report(what, self.origin(), help);
            }
        }
    }

    /// Ports on this machine alone: of services the same number if it is free, else any.
    fn ports(&self, model: &mut Model<'_>, container: &Value) -> Vec<Value> {
        let ports = container["ports"].as_array().into_iter().flatten();
        let ports = ports.filter_map(|port| {
            let number = port["containerPort"].as_u64()?;
            let mut line = json!({ "target": number, "host_ip": "127.0.0.1" });
            let is_service = matches!(self.object.unit, Unit::Service(_));
            if is_service && model.published.insert(number) {
                line["published"] = json!(number.to_string());
            }
            if port["protocol"] == "UDP" {
                line["protocol"] = json!("udp");
            }
            Some(line)
        });
        ports.collect()
    }

    /// What its processes may and may use.
    fn limits(&self, container: &Value, body: &mut Map<String, Value>) {
        let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
        let (user, group) = self.user();
        if user > 0 {
            put("user", json!(format!("{user}:{group}")));
        }
        let context = &container["securityContext"];
        if context["readOnlyRootFilesystem"] == true {
            put("read_only", json!(true));
        }
        for (from, to) in [("drop", "cap_drop"), ("add", "cap_add")] {
            if let Some(list) = context["capabilities"][from].as_array() {
                put(to, json!(list));
            }
        }
        if context["allowPrivilegeEscalation"] == false {
            put("security_opt", json!(["no-new-privileges:true"]));
        }
        let limits = &container["resources"]["limits"];
        if let Some(memory) = limits["memory"].as_str().and_then(quantity::bytes) {
            put("mem_limit", json!(memory));
        }
        if let Some(cpus) = limits["cpu"].as_str().and_then(quantity::cpus) {
            put("cpus", json!(cpus));
        }
    }

    fn build(&self, model: &Model<'_>) -> Option<Value> {
        let app = model.environment.app;
        let build: &Build = match &self.object.unit {
            Unit::Service(name) => app.services.get(name)?.build.as_ref()?,
            Unit::Job(name) => app.jobs.get(name)?.build.as_ref()?,
            _ => return None,
        };
        let context = build.context.peek().trim_start_matches("./");
        let context = match context {
            "" | "." => "${PROJECT:-..}".to_owned(),
            below => format!("${{PROJECT:-..}}/{}", literal(below)),
        };
        let mut line = json!({ "context": context, "dockerfile": build.file.peek().as_str() });
        if let Some(target) = &build.target {
            line["target"] = json!(target.peek().as_str());
        }
        if !build.args.is_empty() {
            let args = build.args.iter();
            let args: Map<String, Value> = args
                .map(|(key, value)| (key.to_string(), json!(literal(value.peek()))))
                .collect();
            line["args"] = Value::Object(args);
        }
        Some(line)
    }
}
