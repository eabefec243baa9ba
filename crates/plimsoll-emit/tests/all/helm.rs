//! Charts: what they make is what the environment is.

use crate::project::{EXAMPLES, Objects, Project, objects, objects_of, write};
use plimsoll_emit::{Environment, helm};
use plimsoll_source::Findings;
use plimsoll_testkit::tool;
use plimsoll_world::World;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a chart makes, without what only Helm reads:
/// - copies of what hooks need before anything else is there (hooks whose name ends with `-hook`),
/// - the names of these copies where a hook mounts or reads them: what they are copies of,
/// - annotations of Helm (`helm.sh/…`), and the map of annotations where they were all,
/// - containers that wait for a store of the same release (`wait-for-…`).
///
/// Nothing else may differ from the manifests.
pub fn without_dialect(objects: Objects) -> Objects {
    let is_copy = |object: &Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        object["metadata"]["annotations"]["helm.sh/hook"].is_string() && name.ends_with("-hook")
    };
    let plain = |(id, mut object): (String, Value)| {
        let is_hook = object["metadata"]["annotations"]["helm.sh/hook"].is_string();
        let metadata = &mut object["metadata"];
        if let Some(annotations) = metadata["annotations"].as_object_mut() {
            annotations.retain(|key, _| !key.starts_with("helm.sh/"));
        }
        if metadata["annotations"]
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
        {
            metadata
                .as_object_mut()
                .expect("metadata")
                .remove("annotations");
        }
        if object["kind"] == "Job" {
            let pod = object["spec"]["template"]["spec"]
                .as_object_mut()
                .expect("a pod");
            if is_hook {
                pod.values_mut().for_each(without_suffix);
            }
            let waits = |one: &Value| {
                one["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("wait-for-"))
            };
            if let Some(Value::Array(before)) = pod.get_mut("initContainers") {
                before.retain(|one| !waits(one));
            }
            if pod
                .get("initContainers")
                .is_some_and(|before| *before == serde_json::json!([]))
            {
                pod.remove("initContainers");
            }
        }
        (id, object)
    };
    let kept = objects.into_iter().filter(|(_, object)| !is_copy(object));
    kept.map(plain).collect()
}

/// Names of copies as those of what they are copies of.
fn without_suffix(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str().and_then(|text| text.strip_suffix("-hook")) {
                    Some(name) if ["name", "secretName"].contains(&key.as_str()) => {
                        *value = Value::from(name);
                    }
                    _ => without_suffix(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_suffix),
        _ => {}
    }
}

/// The objects of an environment that a chart may hold, without the same annotations.
pub fn wanted(world: &World) -> Objects {
    let mut objects = objects_of(world);
    objects.retain(|_, object| object["kind"] != "Namespace");
    without_dialect(objects)
}

/// The first difference of two trees, for people.
pub fn difference(path: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(one), Value::Object(two)) => one
            .iter()
            .map(|(key, value)| (key, Some(value), two.get(key)))
            .chain(
                two.iter()
                    .filter(|(key, _)| !one.contains_key(*key))
                    .map(|(key, value)| (key, None, Some(value))),
            )
            .find_map(|(key, a, b)| match (a, b) {
                (Some(a), Some(b)) => difference(&format!("{path}.{key}"), a, b),
                _ => Some(format!("{path}.{key}: {a:?} and {b:?}")),
            }),
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => one
            .iter()
            .zip(two)
            .enumerate()
            .find_map(|(at, (a, b))| difference(&format!("{path}[{at}]"), a, b)),
        _ => {
            let number = |value: &Value| value.as_f64();
            let equal = a == b || (a.is_number() && number(a) == number(b));
            (!equal).then(|| format!("{path}: {a} and {b}"))
        }
    }
}

pub fn compare(what: &str, wanted: &Objects, found: &Objects) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, object) in wanted {
        match found.get(id) {
            None => wrong.push(format!("{what}: {id} is missing")),
            Some(other) => {
                let difference = difference("", object, other);
                wrong.extend(difference.map(|text| format!("{what}: {id}{text}")));
            }
        }
    }
    let extra = found.keys().filter(|id| !wanted.contains_key(*id));
    wrong.extend(extra.map(|id| format!("{what}: {id} should not be there")));
    wrong
}

#[test]
fn the_forms_of_a_chart_with_an_environments_values_are_that_environment() {
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let project = Project::example(example);
        let system = project.system();
        let mut findings = Findings::default();
        let charts = helm::charts(&system, &mut findings);
        assert!(!findings.any_error(), "{example}: {findings:#?}");
        for (at, environment) in system.environments.iter().enumerate() {
            let mut found = Objects::new();
            for chart in &charts {
                for (id, object) in wanted(&chart.world(at)) {
                    found.insert(id, object);
                }
            }
            let what = format!("{example} {}", environment.name());
            wrong.extend(compare(&what, &wanted(environment.world), &found));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every folder with a chart in it.
pub fn charts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.join("Chart.yaml").exists() {
            found.push(path);
        } else if path.is_dir() {
            found.extend(charts(&path));
        }
    }
    found.sort();
    found
}

/// Holds S2, T4, P4, W1.
#[test]
fn helm_renders_every_environment_of_every_example_as_its_manifests() {
    let mut wrong = Vec::new();
    for helm_name in ["helm", "helm3"] {
        let Some(helm_binary) = tool(helm_name) else {
            continue;
        };
        for example in EXAMPLES {
            let project = Project::example(example);
            let system = project.system();
            let folder = tempfile::tempdir().expect("a folder");
            write(&helm::files(&system).files, folder.path());
            for environment in &system.environments {
                let what = format!("{helm_name} {example} {}", environment.name());
                match template(&helm_binary, folder.path(), environment) {
                    Ok(found) => wrong.extend(compare(&what, &wanted(environment.world), &found)),
                    Err(error) => wrong.push(format!("{what}: {error}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What Helm makes of all charts of a folder with the values of an environment, without its dialect.
pub fn template(
    helm: &Path,
    folder: &Path,
    environment: &Environment<'_>,
) -> Result<Objects, String> {
    let mut found = Objects::new();
    let short = environment.app.environment.short.peek();
    for chart in charts(folder) {
        let output = Command::new(helm)
            .args(["template", "release", "--skip-tests"])
            .args(["--kube-version", "1.36.0"])
            .args(["-n", &environment.world.namespace])
            .arg("-f")
            .arg(chart.join(format!("values-{short}.yaml")))
            .arg(&chart)
            .output()
            .expect("helm runs");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        found.extend(without_dialect(objects(&output.stdout)));
    }
    Ok(found)
}

#[test]
fn helm_lints_every_chart_strictly_with_the_values_of_every_environment() {
    for program in ["helm", "helm3"] {
        let Some(program) = tool(program) else {
            continue;
        };
        for example in EXAMPLES {
            let folder = rendered(&Project::example(example));
            for chart in charts(folder.path()) {
                for values in values_files(&chart) {
                    let output = Command::new(&program)
                        .args(["lint", "--strict", "-f"])
                        .arg(&values)
                        .arg(&chart)
                        .output()
                        .expect("helm runs");
                    let text = String::from_utf8_lossy(&output.stdout);
                    assert!(
                        output.status.success(),
                        "{example} {}: {text}",
                        values.display()
                    );
                }
            }
        }
    }
}

/// Holds T4, P4.
#[test]
fn a_chart_of_a_service_has_the_files_that_its_document_lists() {
    for (example, folder, service) in [
        ("tartware", "platform/charts/api-gateway", "api-gateway"),
        (
            "identity-platform",
            "services/identity-service/helm",
            "identity-service",
        ),
    ] {
        let project = Project::example(example);
        let files = helm::files(&project.system()).files;
        let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
        let prefix = format!("{folder}/");
        let own: Vec<&str> = paths
            .iter()
            .filter_map(|path| path.strip_prefix(&prefix))
            .collect();
        assert!(!own.is_empty(), "{service}: {paths:#?}");
        for file in [
            "Chart.yaml",
            "README.md",
            "values.schema.json",
            "values.yaml.example",
            ".gitignore",
            "templates/deployment.yaml",
            "templates/service.yaml",
            "templates/hpa.yaml",
            "values-dev.yaml",
            "values-staging.yaml",
            "values-prod.yaml",
        ] {
            assert!(own.contains(&file), "{service} has {file}: {own:#?}");
        }
        assert!(!own.contains(&"values.yaml"), "it is git-ignored");
    }
}

/// A folder with the charts of an application.
pub fn rendered(project: &Project) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&helm::files(&project.system()).files, folder.path());
    folder
}

fn values_files(chart: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(chart)
        .expect("a chart")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with("values-") && name.ends_with(".yaml")
        })
        .collect();
    files.sort();
    files
}
