//! Charts on a real control plane, with fake nodes and a stand-in for the controllers of custom
//! resources: installed, changed, failing, taken back, removed.

use crate::charts::ONE_CHART;
use crate::project::{Project, control_plane, write};
use plimsoll_emit::helm::chart::Chart;
use plimsoll_emit::{folders::Folders, helm, releases};
use plimsoll_source::Findings;
use plimsoll_testkit::{ControlPlane, StandIn, tool};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Holds W1, P4, S2: first install and second release, by Helm 4 and by Helm 3.
#[test]
fn charts_install_change_go_back_and_go_away() {
    let Some(plane) = control_plane() else { return };
    let (Some(four), Some(three)) = (tool("helm"), tool("helm3")) else {
        return;
    };
    let _stand_in = StandIn::start(plane);
    // Each in namespaces of its own, at the same time: most of it is waiting.
    std::thread::scope(|scope| {
        scope.spawn(|| stores_outlive_their_release(plane, &four));
        scope.spawn(|| migrations_run_in_order(plane, &four));
        scope.spawn(|| a_contract_lives(plane, "production", &four));
        scope.spawn(|| {
            a_contract_lives(plane, "staging", &three);
            store_and_service_live_in_one_release(plane, &three);
        });
    });
}

fn stores_outlive_their_release(plane: &'static ControlPlane, program: &Path) {
    let mut shop = Life::new(plane, "shop", "default", program);
    shop.install_all();
    shop.test_all();
    shop.change("shop", "web.image.tag", "web");
    shop.fail("shop", "web.image.tag", "web");
    shop.go_back("shop", "web");
    shop.remove_all();
    shop.stores_are_left_and_taken_over("shop-stores", "db");
}

fn migrations_run_in_order(plane: &'static ControlPlane, program: &Path) {
    let mut identity = Life::new(plane, "identity-platform", "production", program);
    identity.install_all();
    identity.change("identity-service", "image.tag", "identity-service");
    let order = ["identity-db-migrate", "legal-db-migrate"];
    assert_eq!(identity.ran_before("identity-service"), order);
    identity.fail("identity-service", "image.tag", "identity-service");
    identity.go_back("identity-service", "identity-service");
    identity.remove_all();
}

fn a_contract_lives(plane: &'static ControlPlane, environment: &str, program: &Path) {
    let mut starter = Life::new(plane, "starter", environment, program);
    starter.install_all();
    starter.test_all();
    starter.change("starter", "api.image", "api");
    assert_eq!(starter.ran_before("starter"), ["release-migrate"]);
    starter.fail("starter", "api.image", "api");
    starter.go_back("starter", "api");
    starter.remove_all();
}

/// The migration is an ordinary Job there: another image is another Job.
fn store_and_service_live_in_one_release(plane: &'static ControlPlane, program: &Path) {
    let text = ONE_CHART.replace("app: shop", "app: one-release");
    let mut one = Life::of(plane, &Project::of(&text), "default", program);
    let jobs = |one: &Life| {
        let get = ["get", "job", "-n", &one.namespace, "-o", "name"];
        one.plane.run(&get).expect("a list")
    };
    one.install_all();
    let first = jobs(&one);
    one.change("one-release", "tag", "web");
    assert!(
        first != jobs(&one) && jobs(&one).lines().count() == 1,
        "{first}"
    );
    one.fail("one-release", "tag", "web");
    one.go_back("one-release", "web");
    assert_eq!(jobs(&one), first);
    one.remove_all();
    one.stores_are_left_and_taken_over("one-release", "db");
}

/// The charts of one example in one environment on a control plane.
struct Life {
    plane: &'static ControlPlane,
    program: PathBuf,
    folder: tempfile::TempDir,
    /// Chart and folder, in the order of installing.
    charts: Vec<(Chart, PathBuf)>,
    namespace: String,
    short: String,
    /// The image of the release that is looked at, before it was changed and after.
    images: [String; 2],
}

impl Life {
    fn new(plane: &'static ControlPlane, example: &str, environment: &str, program: &Path) -> Self {
        Self::of(plane, &Project::example(example), environment, program)
    }

    fn of(
        plane: &'static ControlPlane,
        project: &Project,
        environment: &str,
        program: &Path,
    ) -> Self {
        let system = project.system();
        let folder = tempfile::tempdir().expect("a folder");
        write(&helm::files(&system).files, folder.path());
        let releases = releases::files(&system).files;
        write(&releases, folder.path());
        let ending = format!("namespaces/{environment}.yaml");
        let mut paths = releases.iter().map(|(path, _)| path);
        let namespaces = paths.find(|path| path.ends_with(&ending)).expect("a file");
        let namespaces = folder
            .path()
            .join(namespaces)
            .to_string_lossy()
            .into_owned();
        let made = plane.run(&["apply", "--server-side", "-f", &namespaces]);
        made.expect("namespaces");
        let chosen = system
            .environments
            .iter()
            .find(|env| env.name() == environment);
        let chosen = chosen.expect("an environment");
        let (namespace, short) = (
            chosen.world.namespace.to_string(),
            chosen.short().to_owned(),
        );
        let folders = Folders::of(&system);
        let charts = helm::charts(&system, &mut Findings::default());
        let charts = charts.into_iter().map(|chart| {
            let path = folder.path().join(folders.chart(&chart.name));
            (chart, path)
        });
        Self {
            plane,
            program: program.to_owned(),
            charts: charts.collect(),
            folder,
            namespace,
            short,
            images: Default::default(),
        }
    }

    /// Runs Helm and says what it wrote; its error otherwise.
    fn try_helm(&self, arguments: &[&str]) -> Result<String, String> {
        let own = |name: &str| self.folder.path().join(name);
        let output = Command::new(&self.program)
            .args(arguments)
            .args(["-n", &self.namespace])
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("HELM_CACHE_HOME", own("cache"))
            .env("HELM_CONFIG_HOME", own("config"))
            .env("HELM_DATA_HOME", own("data"))
            .output()
            .expect("helm runs");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!(
                "{arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            ))
        }
    }

    fn helm(&self, arguments: &[&str]) -> String {
        self.try_helm(arguments)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.helm(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    fn chart(&self, name: &str) -> (String, String) {
        let (_, path) = self
            .charts
            .iter()
            .find(|(chart, _)| chart.name == name)
            .expect("a chart");
        let values = path.join(format!("values-{}.yaml", self.short));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        (text(path), text(&values))
    }

    /// Every chart after those that it needs; all of each is ready before the next.
    fn install_all(&self) {
        for (chart, _) in &self.charts {
            self.install(&chart.name);
        }
    }

    /// Every chart tests itself, and leaves nothing of the test. Whether a service answers no fake node can say.
    fn test_all(&self) {
        for (chart, _) in &self.charts {
            let said = self.helm(&["test", &chart.name, "--timeout", "180s"]);
            let is_asked = !chart.tests.is_empty();
            assert_eq!(said.contains("Succeeded"), is_asked, "{said}");
            assert!(!said.contains("Failed"), "{said}");
        }
        let get = [
            "get",
            "job,networkpolicy",
            "-n",
            &self.namespace,
            "-o",
            "name",
        ];
        let left = self.plane.run(&get).expect("a list");
        assert!(!left.contains("-test"), "{left}");
    }

    fn install(&self, name: &str) {
        let (path, values) = self.chart(name);
        self.helm(&[
            "install",
            name,
            &path,
            "-f",
            &values,
            "--wait",
            "--timeout",
            "180s",
        ]);
    }

    fn upgrade(&self, name: &str, key: &str, value: &str, more: &[&str]) -> Result<String, String> {
        let (path, values) = self.chart(name);
        let set = format!("{key}={value}");
        let upgrade = [
            "upgrade",
            name,
            &path,
            "-f",
            &values,
            "--set-string",
            &set,
            "--wait",
        ];
        self.try_helm(&[&upgrade, more].concat())
    }

    /// Another image, which is another migration too.
    fn change(&mut self, name: &str, key: &str, deployment: &str) {
        let before = self.image_of(deployment);
        let value = if key.ends_with("tag") {
            "9.9.9"
        } else {
            "registry.example/app:9.9.9"
        };
        let changed = self.upgrade(name, key, value, &["--timeout", "180s"]);
        changed.unwrap_or_else(|error| panic!("{error}"));
        let after = self.image_of(deployment);
        assert!(
            after != before && after.contains("9.9.9"),
            "{before} → {after}"
        );
        self.images = [before, after];
    }

    /// No pod can start: the upgrade fails, and everything is as it was before.
    fn fail(&self, name: &str, key: &str, deployment: &str) {
        let namespace = self.namespace.as_str();
        let quota = [
            "create",
            "quota",
            "no-pods",
            "--hard=pods=0",
            "-n",
            namespace,
        ];
        self.plane.run(&quota).expect("a quota");
        let version = self.helm(&["version", "--short"]);
        let back = if version.starts_with("v3") {
            "--atomic"
        } else {
            "--rollback-on-failure"
        };
        let value = if key.ends_with("tag") {
            "broken"
        } else {
            "registry.example/app:broken"
        };
        let failed = self.upgrade(name, key, value, &[back, "--timeout", "15s"]);
        let quota = ["delete", "quota", "no-pods", "-n", namespace];
        self.plane.run(&quota).expect("no quota");
        assert!(failed.is_err(), "{name} cannot become ready without pods");
        assert_eq!(self.image_of(deployment), self.images[1], "{failed:?}");
        let status = self.json(&["status", name]);
        assert_eq!(status["info"]["status"], "deployed", "{name} went back");
        let history = self.json(&["history", name]);
        let history = history.as_array().expect("a list");
        assert!(
            history.iter().any(|one| one["status"] == "failed"),
            "{history:?}"
        );
    }

    fn go_back(&self, name: &str, deployment: &str) {
        self.helm(&["rollback", name, "1", "--wait", "--timeout", "180s"]);
        assert_eq!(self.image_of(deployment), self.images[0]);
    }

    /// Labels of the Jobs that ran before the last release, in their order.
    fn ran_before(&self, name: &str) -> Vec<String> {
        let status = self.json(&["status", name]);
        let hooks = status["hooks"].as_array().expect("hooks");
        let mut jobs: Vec<(String, String)> = hooks
            .iter()
            .filter(|hook| hook["kind"] == "Job" && hook["events"] != serde_json::json!(["test"]))
            .map(|hook| {
                let run = &hook["last_run"];
                assert_eq!(run["phase"], "Succeeded", "{hook}");
                let manifest = hook["manifest"].as_str().expect("a manifest");
                let object = crate::project::documents(manifest.as_bytes()).remove(0);
                let label = &object["metadata"]["labels"]["app.kubernetes.io/name"];
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&run["started_at"]), text(label))
            })
            .collect();
        jobs.sort();
        jobs.into_iter().map(|(_, name)| name).collect()
    }

    fn image_of(&self, deployment: &str) -> String {
        let path = "jsonpath={.spec.template.spec.containers[0].image}";
        let get = [
            "get",
            "deployment",
            deployment,
            "-n",
            &self.namespace,
            "-o",
            path,
        ];
        self.plane.run(&get).expect("a deployment")
    }

    fn remove_all(&self) {
        for (chart, _) in self.charts.iter().rev() {
            self.helm(&["uninstall", &chart.name, "--wait", "--timeout", "120s"]);
        }
        let get = [
            "get",
            "deployment,cronjob,serviceaccount,networkpolicy",
            "-n",
            &self.namespace,
            "-o",
            "name",
        ];
        let left = self.plane.run(&get).expect("a list");
        let kept = self.kept();
        let is_left = |line: &&str| {
            !line.ends_with("/default") && !kept.iter().any(|name| line.contains(name.as_str()))
        };
        let left: Vec<&str> = left.lines().filter(is_left).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Names of stores in the charts.
    fn kept(&self) -> Vec<String> {
        let units = self.charts.iter().flat_map(|(chart, _)| &chart.objects);
        let stores = units.filter_map(|object| match &object.unit {
            plimsoll_world::Unit::Store(name) => Some(name.to_string()),
            _ => None,
        });
        stores.collect()
    }

    /// What keeps the store running is there, with its disk, and a later installation has it again.
    fn stores_are_left_and_taken_over(&self, chart: &str, store: &str) {
        let uid = || {
            let get = [
                "get",
                "statefulset",
                store,
                "-n",
                &self.namespace,
                "-o",
                "jsonpath={.metadata.uid}",
            ];
            self.plane.run(&get).expect("the store is kept")
        };
        let before = uid();
        for kind in ["service", "serviceaccount", "networkpolicy"] {
            let get = ["get", kind, store, "-n", &self.namespace];
            self.plane.run(&get).expect("what it needs is kept");
        }
        let claims = ["get", "pvc", "-n", &self.namespace, "-o", "name"];
        let claims = self.plane.run(&claims).expect("claims");
        assert!(claims.contains(store), "{claims}");
        self.install(chart);
        assert_eq!(uid(), before, "it is the same one");
    }
}
