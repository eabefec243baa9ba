//! Argo CD: Applications of every environment in order, or an `ApplicationSet`, their project, and the
//! configuration of people and roles.

mod applications;
mod config;
mod project;
mod rendered;
mod sets;

pub(crate) use config::{cm, parameters, rbac};

use plimsoll_source::Findings;
use plimsoll_spec::app::deliver::{Applications, By, ChartPer, Sync};
use plimsoll_spec::app::platform::GitopsUse;
use serde_json::{Value, json};

use crate::folders::Folders;
use crate::{Emitted, Environment, FileSet, System, document, repository};

/// The files, if the application says where its repository is.
pub fn files(system: &System<'_>) -> Emitted {
    let mut findings = Findings::default();
    let repo = repository::of(system, By::ArgoCd, GitopsUse::ArgoCd, &mut findings);
    let Some(repo) = repo else {
        return Emitted {
            findings,
            ..Emitted::default()
        };
    };
    let argo = Argo {
        system,
        environments: repository::environments(system, By::ArgoCd),
        repo,
        folder: Folders::of(system).argocd(),
    };
    let mut files = FileSet::default();
    argo.add(
        &mut files,
        "project.yaml",
        PROJECT,
        &project::project(&argo),
    );
    config::add(&argo, &mut files);
    match *argo.system.chosen().app.deliver.applications.peek() {
        Applications::Each => applications::add(&argo, &mut files),
        kind => sets::add(&argo, kind, &mut files),
    }
    rendered::add(&argo, &mut files);
    Emitted { files, findings }
}

const PROJECT: &str = "What Applications of this application may read and touch.";

/// What all of it is made of.
struct Argo<'s, 'a> {
    system: &'s System<'a>,
    environments: Vec<&'s Environment<'a>>,
    repo: String,
    folder: String,
}

impl Argo<'_, '_> {
    fn name(&self) -> &str {
        &self.system.chosen().world.application
    }

    /// The namespace that Argo CD runs in.
    fn namespace(&self) -> &str {
        let gitops = &self.system.chosen().app.platform.gitops.component;
        gitops
            .namespace
            .as_ref()
            .map_or("argocd", |name| name.peek())
    }

    /// Whether a set syncs an environment stage by stage.
    fn rolls(&self) -> bool {
        let applications = *self.system.chosen().app.deliver.applications.peek();
        let mut environments = self.environments.iter();
        applications != Applications::Each
            && !self.reads_charts()
            && environments.any(|env| env.is_automatic())
    }

    /// Whether Applications read charts: one for each service, found by folder.
    fn reads_charts(&self) -> bool {
        let deliver = &self.system.chosen().app.deliver;
        *deliver.applications.peek() == Applications::Git
            && *deliver.chart.per.peek() == ChartPer::Service
    }

    fn add(&self, files: &mut FileSet, path: &str, comment: &str, value: &Value) {
        let path = crate::folders::join(&self.folder, path);
        files.add(path, document::commented(comment, value));
    }
}

/// What is written about an environment.
trait Delivered {
    fn branch(&self) -> &str;
    fn destination(&self) -> Value;
    fn sync_policy(&self) -> Value;
    fn is_automatic(&self) -> bool;
}

impl Delivered for Environment<'_> {
    fn branch(&self) -> &str {
        self.app.deliver.branch.peek()
    }

    /// The cluster: by the name that the file has for it, else the one that Argo CD runs in.
    fn destination(&self) -> Value {
        let namespace = self.world.namespace.as_str();
        match &self.app.cluster.context {
            Some(context) => json!({ "name": context.peek().as_str(), "namespace": namespace }),
            None => json!({ "server": "https://kubernetes.default.svc", "namespace": namespace }),
        }
    }

    fn is_automatic(&self) -> bool {
        *self.app.deliver.sync.peek() == Sync::Auto
    }

    fn sync_policy(&self) -> Value {
        sync_policy(self.is_automatic())
    }
}

fn sync_policy(is_automatic: bool) -> Value {
    let mut policy = json!({});
    if is_automatic {
        policy["automated"] = json!({ "prune": true, "selfHeal": true });
    }
    policy["syncOptions"] = json!([
        "ServerSideApply=true",
        "RespectIgnoreDifferences=true",
        "PruneLast=true"
    ]);
    policy["retry"] = json!({
        "limit": 5,
        "backoff": { "duration": "10s", "factor": 2, "maxDuration": "3m" }
    });
    policy
}

/// Fields that other controllers own: weights of a canary, and what a cluster fills in.
fn ignored(environments: &[&Environment<'_>]) -> Option<Value> {
    let kinds = |kind: &str| {
        let mut objects = environments.iter().flat_map(|env| &env.world.objects);
        objects.any(|object| object.key.kind == kind)
    };
    if !kinds("Rollout") {
        return None;
    }
    let mut rules = Vec::new();
    if kinds("HTTPRoute") {
        rules.push(json!({
            "group": "gateway.networking.k8s.io",
            "kind": "HTTPRoute",
            "jqPathExpressions": [".spec.rules[]?.backendRefs[]?.weight"]
        }));
    }
    if kinds("GRPCRoute") {
        rules.push(json!({
            "group": "gateway.networking.k8s.io",
            "kind": "GRPCRoute",
            "jqPathExpressions": [".spec.rules[]?.backendRefs[]?.weight"]
        }));
    }
    if kinds("VirtualService") {
        rules.push(json!({
            "group": "networking.istio.io",
            "kind": "VirtualService",
            "jqPathExpressions": [".spec.http[]?.route[]?.weight"]
        }));
    }
    (!rules.is_empty()).then(|| Value::Array(rules))
}
