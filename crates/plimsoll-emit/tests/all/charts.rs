//! Which charts there are, in which order they go, and what Helm does before and after a release.

use crate::project::{EXAMPLES, Project, key, write};
use plimsoll_emit::helm::{self, chart::Chart};
use plimsoll_emit::{argocd, flux, kustomize, manifests, releases};
use plimsoll_source::Findings;
use plimsoll_testkit::tool;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// An application of one contract: store, service and migration stand in one chart.
pub const ONE_CHART: &str = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, uses: [db] }
stores:
  db: { engine: postgres, storage: 20Gi, backup: none }
migrations:
  db: { service: web, command: [migrate] }
deliver:
  chart: { values: { tag: services.web.image.tag } }
";

fn charts(project: &Project) -> Vec<Chart> {
    helm::charts(&project.system(), &mut Findings::default())
}

/// The objects that a chart makes in an environment.
fn made(chart: &Chart, environment: usize) -> Vec<Value> {
    let world = chart.world(environment);
    world
        .objects
        .iter()
        .map(|object| object.body.to_json())
        .collect()
}

fn annotation<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object["metadata"]["annotations"][key].as_str()
}

/// Kind and name of all that the pods of an object read, mount and run as.
fn read_by(object: &Value) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    collect(object, "", &mut found);
    found
}

fn collect(value: &Value, block: &str, found: &mut BTreeSet<(&'static str, String)>) {
    match value {
        Value::Object(map) => {
            let optional = map.get("optional") == Some(&Value::Bool(true));
            for (key, value) in map {
                let kind = match (block, key.as_str()) {
                    (_, "serviceAccountName") => "ServiceAccount",
                    ("secret", "secretName")
                    | ("secretKeyRef" | "secretRef" | "imagePullSecrets", "name") => "Secret",
                    ("configMap" | "configMapKeyRef" | "configMapRef", "name") => "ConfigMap",
                    _ => {
                        collect(value, key, found);
                        continue;
                    }
                };
                if let (Some(name), false) = (value.as_str(), optional) {
                    found.insert((kind, name.to_owned()));
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, block, found)),
        _ => {}
    }
}

/// Kind and name of what an object brings for pods.
fn brought_by(object: &Value) -> Option<(&'static str, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = text(&object["metadata"]["name"]);
    Some(match object["kind"].as_str()? {
        "Secret" => ("Secret", name?),
        "ExternalSecret" => ("Secret", text(&object["spec"]["target"]["name"])?),
        "Certificate" => ("Secret", text(&object["spec"]["secretName"])?),
        "ConfigMap" => ("ConfigMap", name?),
        "ServiceAccount" => ("ServiceAccount", name?),
        _ => return None,
    })
}

#[test]
fn stores_that_we_run_are_a_chart_that_goes_first_and_outlives_its_release() {
    let project = Project::example("shop");
    let all = charts(&project);
    let names: Vec<&str> = all.iter().map(|chart| chart.name.as_str()).collect();
    assert_eq!(names, ["shop-stores", "shop"]);
    assert_eq!(all[1].needs, ["shop-stores"]);
    let stores = made(&all[0], 0);
    let database: Vec<&Value> = stores
        .iter()
        .filter(|object| object["metadata"]["labels"]["app.kubernetes.io/name"] == "db")
        .collect();
    assert!(
        database
            .iter()
            .any(|object| object["kind"] == "StatefulSet")
    );
    for object in database {
        let kept = annotation(object, "helm.sh/resource-policy");
        assert_eq!(kept, Some("keep"), "{}", key(object));
    }
    let services = made(&all[1], 0);
    assert!(services.iter().any(|object| object["kind"] == "Deployment"));
    assert!(
        !services
            .iter()
            .any(|object| object["kind"] == "StatefulSet")
    );
    let files = releases::files(&project.system()).files;
    let text = String::from_utf8_lossy(files.get("helm/helmfile.yaml").expect("a file"));
    assert!(
        text.contains("'{{ .Values.namespace }}/shop-stores'")
            || text.contains("{{ .Values.namespace }}/shop-stores"),
        "{text}"
    );
}

/// The documents of sorcha and of the starter have one chart of everything.
#[test]
fn a_contract_has_stores_and_services_in_one_chart() {
    for example in ["sorcha", "starter"] {
        assert_eq!(charts(&Project::example(example)).len(), 1, "{example}");
    }
}

/// Holds P4: on a first installation nothing is there yet but what the charts before brought.
#[test]
fn a_chart_needs_nothing_that_a_later_one_brings() {
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let project = Project::example(example);
        let all = charts(&project);
        for (at, environment) in project.worlds().iter().enumerate() {
            let mut later: BTreeMap<(&str, String), &str> = BTreeMap::new();
            for chart in all.iter().rev() {
                let objects = made(chart, at);
                for object in &objects {
                    for needed in read_by(object) {
                        if let Some(other) = later.get(&needed) {
                            let name = &environment.environment;
                            wrong.push(format!(
                                "{example} {name}: {} of {} needs {needed:?} of {other}",
                                key(object),
                                chart.name
                            ));
                        }
                    }
                }
                // What an earlier chart brings too is there in time.
                let own = objects.iter().filter_map(brought_by);
                let own: Vec<_> = own.collect();
                later.extend(
                    own.into_iter()
                        .map(|brought| (brought, chart.name.as_str())),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Holds P4, W1: a hook finds all that it reads among hooks of a lower weight, or in another release.
#[test]
fn migrations_are_hooks_with_all_that_they_need_before_them() {
    let mut hooks = 0;
    for example in EXAMPLES {
        let project = Project::example(example);
        for chart in charts(&project) {
            for at in 0..project.worlds().len() {
                let objects = made(&chart, at);
                let weight = |object: &Value| {
                    annotation(object, "helm.sh/hook-weight")
                        .map(|text| text.parse::<i64>().expect("a number"))
                };
                let jobs = objects.iter().filter(|object| object["kind"] == "Job");
                for job in jobs.filter(|job| weight(job).is_some()) {
                    hooks += 1;
                    let events = annotation(job, "helm.sh/hook");
                    assert_eq!(events, Some("pre-install,pre-upgrade"), "{}", key(job));
                    let needed = read_by(job);
                    for other in &objects {
                        let Some(brought) = brought_by(other).filter(|one| needed.contains(one))
                        else {
                            continue;
                        };
                        assert!(
                            weight(other) < weight(job) && weight(other).is_some(),
                            "{example} {}: {brought:?} of {}",
                            key(job),
                            key(other)
                        );
                    }
                }
                // What runs is never a hook: Helm deletes hooks.
                let mut ordinary = BTreeSet::new();
                for object in objects.iter().filter(|object| weight(object).is_none()) {
                    ordinary.extend(read_by(object));
                }
                for hook in objects.iter().filter(|object| weight(object).is_some()) {
                    let used = brought_by(hook).is_some_and(|brought| ordinary.contains(&brought));
                    assert!(
                        !used,
                        "{example} {}: {} is used by what runs",
                        chart.name,
                        key(hook)
                    );
                }
            }
        }
    }
    assert!(hooks > 0);
}

/// Holds P1: the order of the document, as far as one release goes.
#[test]
fn migrations_of_one_release_run_in_their_order() {
    let project = Project::example("identity-platform");
    let all = charts(&project);
    let chart = all.iter().find(|chart| chart.name == "identity-service");
    let objects = made(chart.expect("a chart"), 0);
    let weight = |name: &str| {
        let job = objects.iter().find(|object| {
            let labels = &object["metadata"]["labels"];
            object["kind"] == "Job" && labels["app.kubernetes.io/name"] == name
        });
        annotation(job.expect("a job"), "helm.sh/hook-weight").map(str::to_owned)
    };
    assert_eq!(weight("identity-db-migrate").as_deref(), Some("0"));
    assert_eq!(weight("legal-db-migrate").as_deref(), Some("2"));
}

/// Holds P4: the file set of the document, in the chart of each service, with sealed values as values.
#[test]
fn the_chart_of_a_service_has_the_files_of_the_document() {
    let project = Project::example("identity-platform");
    let files = helm::files(&project.system()).files;
    let text = |path: &str| {
        let bytes = files.get(&format!("services/auth-service/helm/{path}"));
        String::from_utf8_lossy(bytes.unwrap_or_else(|| panic!("no {path}"))).into_owned()
    };
    for path in [
        "values.yaml.example",
        "values-dev.yaml",
        "values-staging.yaml",
        "values-prod.yaml",
    ] {
        assert!(text(path).contains("replicas: 2"), "{path}");
    }
    assert_eq!(text(".gitignore"), "values.yaml\n");
    for template in [
        "deployment",
        "service",
        "hpa",
        "sealed-secret",
        "migration-job",
        "tests/health",
    ] {
        text(&format!("templates/{template}.yaml"));
    }
    let sealed = text("templates/sealed-secret.yaml");
    assert!(
        sealed.contains("encryptedData:\n    {{- toYaml .Values.secrets.sealed"),
        "{sealed}"
    );
    for (environment, values) in [("staging", "staging"), ("production", "prod")] {
        let file = format!("/../../examples/identity-platform/sealed/{environment}.yaml");
        let file =
            std::fs::read(env!("CARGO_MANIFEST_DIR").to_owned() + &file).expect("it is there");
        let own = crate::project::documents(&file);
        let own = own
            .iter()
            .find(|one| one["metadata"]["name"] == "auth-service-secrets");
        let values =
            crate::project::documents(text(&format!("values-{values}.yaml")).as_bytes()).remove(0);
        assert_eq!(
            values["secrets"]["sealed"],
            own.expect("sealed")["spec"]["encryptedData"]
        );
        assert_eq!(values["secrets"]["source"], "sealed");
    }
}

#[test]
fn a_migration_beside_its_store_is_no_hook_and_waits_for_it() {
    let project = Project::of(ONE_CHART);
    let all = charts(&project);
    assert_eq!(all.len(), 1);
    let objects = made(&all[0], 0);
    let job = objects
        .iter()
        .find(|object| object["kind"] == "Job")
        .expect("a job");
    assert_eq!(annotation(job, "helm.sh/hook"), None);
    let before = &job["spec"]["template"]["spec"]["initContainers"][0];
    assert_eq!(before["name"], "wait-for-db");
    assert_eq!(before["env"][0]["value"], "db");
    let script = before["command"][2].as_str().expect("a script");
    assert!(script.starts_with("until pg_isready"), "{script}");
    let pods = objects
        .iter()
        .find(|object| object["kind"] == "StatefulSet")
        .expect("the store");
    let own = &pods["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        before["image"], own["image"],
        "the client is that of the store"
    );
    assert!(before["securityContext"].is_object() && before["resources"].is_object());
}

/// Holds W2: a contract says nothing that the chart does not do.
#[test]
fn a_line_of_the_contract_that_turns_nothing_is_a_finding() {
    for (line, said) in [
        (
            "services.web.image.tga",
            "did you mean `services.web.image.tag`?",
        ),
        (
            "services.wbe.image.tag",
            "did you mean `services.web.image.tag`?",
        ),
        ("routes.*.hosts", "`tag` turns nothing"),
        ("routes.main.tls", "only an Ingress"),
    ] {
        let project = Project::of(&ONE_CHART.replace("services.web.image.tag", line));
        let mut findings = Findings::default();
        helm::charts(&project.system(), &mut findings);
        let place = project.text_of(&findings);
        assert!(
            place.contains("plimsoll.yaml:9:") && place.contains("PL0622"),
            "{place}"
        );
        let text = project.full_text_of(&findings);
        assert!(text.contains(said), "{line}: {text}");
    }
}

#[test]
fn an_order_that_no_releases_can_keep_is_said() {
    let project = Project::example("identity-platform");
    let mut findings = Findings::default();
    helm::charts(&project.system(), &mut findings);
    let text = project.text_of(&findings);
    assert!(
        text.contains("PL0621") && text.contains("legal-db"),
        "{text}"
    );
}

/// Holds P1, S9: each tool is told in its own words alone.
#[test]
fn words_of_helm_stand_in_charts_alone() {
    for example in EXAMPLES {
        let project = Project::example(example);
        let system = project.system();
        let mut others = vec![
            kustomize::files(&system).files,
            argocd::files(&system).files,
            flux::files(&system).files,
        ];
        let worlds = project.worlds().iter();
        others.extend(worlds.map(|world| manifests::files(world, "manifests")));
        for files in others {
            for (path, bytes) in files.iter() {
                assert!(
                    !String::from_utf8_lossy(bytes).contains("helm.sh/hook"),
                    "{example}: {path}"
                );
            }
        }
        for (path, bytes) in helm::files(&system).files.iter() {
            assert!(
                !String::from_utf8_lossy(bytes).contains("argocd.argoproj.io/hook"),
                "{example}: {path}"
            );
        }
    }
}

/// Holds P4: the same tree gives the same bytes, once its files have the same age.
#[test]
fn packages_of_one_chart_are_the_same_bytes() {
    let Some(program) = tool("helm") else { return };
    let project = Project::example("shop");
    let packed = [0, 1].map(|_| {
        let folder = tempfile::tempdir().expect("a folder");
        write(&helm::files(&project.system()).files, folder.path());
        of_one_age(folder.path());
        let package = Command::new(&program)
            .arg("package")
            .arg(folder.path().join("helm/shop"))
            .arg("-d")
            .arg(folder.path())
            .output()
            .expect("helm runs");
        let text = String::from_utf8_lossy(&package.stderr);
        assert!(package.status.success(), "{text}");
        std::fs::read(folder.path().join("shop-0.1.0.tgz")).expect("a package")
    });
    assert!(packed[0] == packed[1], "two packagings differ");
}

fn of_one_age(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            of_one_age(&entry.path());
        } else {
            let file = std::fs::File::options().write(true).open(entry.path());
            let age = SystemTime::UNIX_EPOCH + Duration::from_hours(262_968);
            file.and_then(|file| file.set_modified(age))
                .expect("an age");
        }
    }
}

/// Pods wait for a Secret that nobody makes: who installs a chart is told which.
#[test]
fn a_chart_names_the_secrets_that_somebody_else_brings() {
    let readme = |example: &str, path: &str| {
        let files = helm::files(&Project::example(example).system()).files;
        String::from_utf8_lossy(files.get(path).expect("a file")).into_owned()
    };
    let web = readme("shop", "helm/shop/README.md");
    assert!(web.contains("| `web-secrets` | `DB_PASSWORD` |"), "{web}");
    let stores = readme("shop", "helm/shop-stores/README.md");
    assert!(stores.contains("| `db-credentials` | "), "{stores}");
    assert!(
        !stores.contains("| `db-tls`"),
        "a Certificate brings it: {stores}"
    );
    let starter = readme("starter", "ops/charts/starter/README.md");
    assert!(
        !starter.contains("## Secrets"),
        "External Secrets brings all: {starter}"
    );
}

#[test]
fn a_folder_for_one_chart_has_room_for_all() {
    let rest = |per: &str| {
        ONE_CHART.replace(
            "values: { tag: services.web.image.tag }",
            &format!("per: {per}, folder: deploy/chart"),
        )
    };
    for (per, expected) in [
        ("app", ["deploy/chart/", "deploy/shop-stores/"].as_slice()),
        (
            "service",
            &[
                "deploy/chart/shop-stores/",
                "deploy/chart/shop/",
                "deploy/chart/web/",
            ],
        ),
    ] {
        let project = Project::of(&rest(per));
        let files = helm::files(&project.system()).files;
        let charts = files
            .iter()
            .filter_map(|(path, _)| path.strip_suffix("Chart.yaml"));
        let charts: Vec<&str> = charts.collect();
        assert_eq!(charts, expected, "{per}");
    }
}

#[test]
fn what_services_have_alike_is_printed_once() {
    let project = Project::example("sorcha");
    let files = helm::files(&project.system()).files;
    let folder = "deployment/kubernetes/helm/sorcha/templates";
    let text = |path: &str| {
        let bytes = files.get(&format!("{folder}/{path}")).expect("a file");
        String::from_utf8_lossy(bytes).into_owned()
    };
    for service in ["api-gateway", "wallet-service", "tenant-service"] {
        let own = text(&format!("{service}/hpa.yaml"));
        let call =
            format!("{{{{- include \"sorcha.hpa\" (dict \"root\" $ \"name\" \"{service}\") }}}}\n");
        assert_eq!(own, call);
    }
    assert_eq!(
        text("_services.tpl")
            .matches("kind: HorizontalPodAutoscaler")
            .count(),
        1
    );
}

/// Steps of a values path that are fields of Kubernetes, kinds aside, and that nobody wrote.
fn fields_nobody_wrote(path: &str, written: &BTreeSet<String>) -> Vec<String> {
    let schemas = plimsoll_schema::kubernetes();
    let is_field = |step: &str| {
        schemas
            .types()
            .any(|ty| ty.fields().iter().any(|field| field.name == *step))
    };
    let is_kind = |step: &str| {
        schemas
            .kinds()
            .any(|kind| kind.id().2.eq_ignore_ascii_case(step))
    };
    let steps = path.strip_suffix(".enabled").unwrap_or(path).split('.');
    let wrong = steps.filter(|step| is_field(step) && !is_kind(step) && !written.contains(*step));
    wrong.map(str::to_owned).collect()
}

/// Every key that the layers of an application say, and every name, as charts spell them.
fn written(node: &plimsoll_source::Node, all: &mut BTreeSet<String>) {
    for entry in node.entries() {
        if entry.at.place().is_some() {
            all.insert(helm::camel(&entry.key));
        }
        written(&entry.value, all);
    }
    for item in node.items() {
        written(item, all);
    }
}

/// What environments differ in and no line of the contract names has a path that says where it is in the
/// file, not where it is in Kubernetes.
#[test]
fn no_path_holds_a_word_of_kubernetes_that_nobody_wrote() {
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let project = Project::example(example);
        let mut words = BTreeSet::new();
        for environment in project.system().environments {
            written(environment.tree, &mut words);
        }
        for chart in charts(&project) {
            for (path, _) in chart.words.all.iter().filter(|(_, word)| word.automatic) {
                let fields = fields_nobody_wrote(path, &words);
                if !fields.is_empty() {
                    wrong.push(format!("{example} {}: {path}: {fields:?}", chart.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Prints how many words each chart names by itself, and the ten longest templates; nothing in them
/// grows unseen.
#[test]
fn charts_read_as_if_written_by_hand() {
    const MOST_WORDS: usize = 45;
    const LONGEST_LINE: usize = 200;
    let (mut longest, mut said) = (Vec::new(), Vec::new());
    for example in EXAMPLES {
        let project = Project::example(example);
        for chart in charts(&project) {
            let words = &chart.words.all;
            let own: Vec<&String> = words.keys().filter(|path| words[*path].automatic).collect();
            said.push(format!(
                "{example} {}: {} of {} words by itself",
                chart.name,
                own.len(),
                words.len()
            ));
            assert!(own.len() <= MOST_WORDS, "{own:#?}");
            let numbered = |path: &&&String| path.ends_with(|c: char| c.is_ascii_digit());
            let numbered: Vec<&&String> = own.iter().filter(numbered).collect();
            assert!(
                numbered.is_empty(),
                "{example} {}: {numbered:?}",
                chart.name
            );
        }
        for (path, bytes) in helm::files(&project.system()).files.iter() {
            if !path.contains("/templates/") {
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            longest.push((text.lines().count(), format!("{example}/{path}")));
            let control = text
                .lines()
                .filter(|line| line.trim_start().starts_with("{{-"));
            for line in control.filter(|line| !line.contains("sha256sum")) {
                assert!(line.len() <= LONGEST_LINE, "{example}/{path}: {line}");
            }
        }
    }
    longest.sort_by(|one, other| other.cmp(one));
    for (lines, path) in longest.iter().take(10) {
        said.push(format!("{lines:>5} lines  {path}"));
    } // Past the capture of passing tests: it is to be seen in every run.
    drop(writeln!(std::io::stderr(), "\n{}", said.join("\n")));
}
