//! Contracts: which path of a chart's values turns which word of the application file.

use super::path::camel;
use crate::System;
use crate::rules::CONTRACT_WITHOUT_WORD;
use plimsoll_source::{Finding, Findings, Handle, Origin, Str, near};
use plimsoll_spec::App;
use std::collections::{BTreeMap, BTreeSet};

/// A path of the values that turns a word.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The path.
    pub path: String,
    /// Each element of the list is a map that holds it under this key.
    pub item: Option<String>,
    /// Words in the values, and what they mean.
    pub words: Vec<(String, String)>,
    /// What the README says.
    pub about: Option<String>,
    /// Where the contract says so.
    pub origin: Option<Origin>,
}

/// Which words can be turned, and where.
#[derive(Debug, Default)]
pub struct Contract {
    by_handle: BTreeMap<Handle, Binding>,
    order: Vec<Handle>,
}

impl Contract {
    /// The contract of the file, or the one that charts have by themselves. `scaled` are services
    /// that an autoscaler may scale in some environment.
    pub fn of(
        app: &App,
        handles: &BTreeSet<Handle>,
        scaled: &BTreeSet<Str>,
        own: Option<&str>,
    ) -> Self {
        let declared = &app.deliver.chart.values;
        if declared.is_empty() {
            return Self::usual(app, handles, own);
        }
        let mut contract = Self::default();
        for line in declared.values() {
            for (path, wanted) in spelled_out(app, line.path.peek(), line.is.peek()) {
                let binding = Binding {
                    path,
                    item: line.item.as_ref().map(|item| item.peek().to_string()),
                    words: line
                        .map
                        .iter()
                        .map(|(here, word)| (here.to_string(), word.peek().to_string()))
                        .collect(),
                    about: line.about.as_ref().map(|about| about.peek().to_string()),
                    origin: Some(line.path.origin().clone()),
                };
                let starred = wanted.contains('*');
                for handle in handles.iter().filter(|handle| matches(&wanted, &handle.0)) {
                    if starred && !has_the_word(&handle.0, scaled) {
                        continue;
                    }
                    contract.order.push(handle.clone());
                    contract.by_handle.insert(handle.clone(), binding.clone());
                }
            }
        }
        contract
    }

    fn usual(app: &App, handles: &BTreeSet<Handle>, own: Option<&str>) -> Self {
        let mut contract = Self::default();
        let mut sorted: Vec<&Handle> = handles.iter().collect();
        sorted.sort_by_key(|handle| rank(app, &handle.0));
        for handle in sorted {
            if let Some(path) = usual_path(&handle.0, own) {
                let binding = Binding {
                    path,
                    item: None,
                    words: Vec::new(),
                    about: None,
                    origin: None,
                };
                contract.order.push(handle.clone());
                contract.by_handle.insert(handle.clone(), binding);
            }
        }
        contract
    }

    /// What turns a word, where something does.
    pub fn binding(&self, handle: &Handle) -> Option<&Binding> {
        self.by_handle.get(handle)
    }

    /// All lines in their order.
    pub fn bindings(&self) -> impl Iterator<Item = (&Handle, &Binding)> {
        self.order
            .iter()
            .filter_map(|handle| self.by_handle.get_key_value(handle))
    }
}

/// Reports lines of the file's contract that turn nothing in any environment.
pub fn check(system: &System, findings: &mut Findings) {
    let app = system.chosen().app;
    let handles = handles(system);
    let scaled = scaled(system);
    for line in app.deliver.chart.values.values() {
        let is = line.is.peek();
        let wanted = spelled_out(app, line.path.peek(), is);
        let turns = |wanted: &String| {
            let mut found = handles.iter().filter(|handle| matches(wanted, &handle.0));
            found.any(|handle| !wanted.contains('*') || has_the_word(&handle.0, &scaled))
        };
        if wanted.iter().any(|(_, wanted)| turns(wanted)) {
            continue;
        }
        let message = format!(
            "`{}` turns nothing: `{is}` is no word here",
            line.path.peek()
        );
        let mut finding = Finding::new(&CONTRACT_WITHOUT_WORD, message);
        finding = finding.mark_origin(line.is.origin(), "nothing of this name can be turned");
        let first = wanted.first().map_or("", |(_, wanted)| wanted.as_str());
        let near = near(first, handles.iter().map(|handle| handle.0.as_str()));
        let help = match near {
            _ if first.starts_with("routes.") && first.ends_with(".tls") => {
                "only an Ingress has its certificates in one list: take the line away, or let one come in, \
                 as by `platform.gateway: ingress-nginx`"
                    .to_owned()
            }
            Some(other) => format!("did you mean `{other}`?"),
            None => "write a word of the list in the reference, or take the line away".to_owned(),
        };
        findings.report(finding.help(help));
    }
}

/// All words that some environment can turn.
pub fn handles(system: &System) -> BTreeSet<Handle> {
    let environments = system.environments.iter();
    let params = environments.flat_map(|env| env.blueprint.params().into_keys());
    params.collect()
}

/// Services that an autoscaler scales in some environment.
pub fn scaled(system: &System) -> BTreeSet<Str> {
    let environments = system.environments.iter();
    let services = environments.flat_map(|env| env.app.services.iter());
    let scaled = services.filter(|(_, service)| *service.scale.replicas.auto.peek());
    scaled.map(|(name, _)| name.clone()).collect()
}

/// Where a word stands in values: what all share, then block by block as the file has them.
fn rank(app: &App, handle: &str) -> (usize, usize, usize) {
    const BLOCKS: [&str; 9] = [
        "images",
        "vars",
        "services",
        "jobs",
        "migrations",
        "stores",
        "claims",
        "routes",
        "platform",
    ];
    let mut steps = handle.split('.');
    let block = steps.next().unwrap_or_default();
    let name = steps.next().unwrap_or_default();
    let rest = steps.collect::<Vec<_>>().join(".");
    let at = match block {
        "services" => app.services.get_index_of(name),
        "jobs" => app.jobs.get_index_of(name),
        "migrations" => app.migrations.get_index_of(name),
        "stores" => app.stores.get_index_of(name),
        "routes" => app.routes.get_index_of(name),
        _ => None,
    };
    let word = WORDS.iter().position(|(word, _)| *word == rest);
    (
        BLOCKS
            .iter()
            .position(|own| *own == block)
            .unwrap_or(BLOCKS.len()),
        at.unwrap_or(0),
        word.unwrap_or(WORDS.len()),
    )
}

/// Words of a thing and the paths that they have below it, in the order of values files.
const WORDS: &[(&str, &str)] = &[
    ("enabled", "enabled"),
    ("image.name", "image.repository"),
    ("image.tag", "image.tag"),
    ("image.digest", "image.digest"),
    ("image.policy", "image.pullPolicy"),
    ("hosts", "hosts"),
    ("when", "schedule"),
    ("scale.replicas", "replicas"),
    ("instances", "instances"),
    ("storage.size", "storage.size"),
    ("scale.auto", "autoscaling.enabled"),
    ("scale.min", "autoscaling.minReplicas"),
    ("scale.max", "autoscaling.maxReplicas"),
    ("scale.cpu", "autoscaling.targetCPUUtilizationPercentage"),
    (
        "scale.memory",
        "autoscaling.targetMemoryUtilizationPercentage",
    ),
    ("scale.requests", "autoscaling.targetRequestsPerSecond"),
    ("size", "resources"),
    ("env", "env"),
    ("secretName", "secretName"),
    ("secrets.keys", "secrets.keys"),
    ("secrets.values", "secrets.values"),
    ("secrets.sealed", "secrets.sealed"),
    ("labels", "podLabels"),
    ("annotations", "podAnnotations"),
];

/// A line once for every service where it says `<service>`.
fn spelled_out(app: &App, path: &str, is: &str) -> Vec<(String, String)> {
    const SERVICE: &str = "<service>";
    if !path.contains(SERVICE) {
        return vec![(path.to_owned(), is.to_owned())];
    }
    let line = |name: &Str| {
        (
            path.replace(SERVICE, &camel(name)),
            is.replace(SERVICE, name),
        )
    };
    app.services.keys().map(line).collect()
}

/// Whether a handle is the wanted one; `*` stands for one name.
fn matches(wanted: &str, handle: &str) -> bool {
    let Some((before, after)) = wanted.split_once('*') else {
        return wanted == handle;
    };
    let inner = handle
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after));
    inner.is_some_and(|name| !name.is_empty() && !name.contains('.'))
}

/// Whether the thing has the word at all: what no autoscaler ever scales has none of its words.
fn has_the_word(handle: &str, scaled: &BTreeSet<Str>) -> bool {
    let Some(rest) = handle.strip_prefix("services.") else {
        return true;
    };
    match rest.split_once(".scale.") {
        Some((_, "replicas")) | None => true,
        Some((service, _)) => scaled.contains(service),
    }
}

/// The path that a word has where the file declares none.
fn usual_path(handle: &str, own: Option<&str>) -> Option<String> {
    let steps: Vec<&str> = handle.split('.').collect();
    let (block, word) = match steps[..] {
        ["services" | "stores", name, ..] if own == Some(name) => (String::new(), &steps[2..]),
        ["services" | "stores", name, ..] => (camel(name) + ".", &steps[2..]),
        ["jobs" | "migrations" | "claims" | "routes", name, ..] => {
            (format!("{}.{}.", steps[0], camel(name)), &steps[2..])
        }
        ["images", word] => {
            return Some(match (word, own) {
                ("pull", _) => "image.pullSecret".to_owned(),
                // The service's own tag stands at the root there.
                ("tag", Some(_)) => "image.commonTag".to_owned(),
                (word, _) => format!("image.{word}"),
            });
        }
        ["vars", name] => return Some(format!("vars.{}", camel(name))),
        ["platform", "gateway", "class"] => return Some("gateway.class".to_owned()),
        ["platform", "secrets", "use"] => return Some("secrets.source".to_owned()),
        ["platform", "secrets", "store"] => return Some("secrets.store".to_owned()),
        ["platform", "secrets", "sealed", name] => return Some(format!("sealed.{}", camel(name))),
        _ => return None,
    };
    let word = word.join(".");
    // A claim is nothing but its size, which Kubernetes can ask of a storage class.
    if block.starts_with("claims.") {
        return (word == "size").then(|| block + "size");
    }
    let (_, word) = WORDS.iter().find(|(own, _)| *own == word)?;
    Some(block + word)
}

/// Whether a path stands at or below another.
pub fn below(path: &str, other: &str) -> bool {
    path == other
        || path
            .strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('.'))
}
