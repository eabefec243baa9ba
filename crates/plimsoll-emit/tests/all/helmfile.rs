//! The real helmfile over the files that are written for it.

use crate::helm::{compare, wanted, without_dialect};
use crate::project::{EXAMPLES, Objects, Project, documents, objects, write};
use plimsoll_emit::{FileSet, helm, platform, releases};
use plimsoll_testkit::tool;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Both programs, where they are.
fn programs() -> Option<(PathBuf, PathBuf)> {
    Some((tool("helmfile")?, tool("helm")?))
}

/// What `helmfile -e ENV template` prints.
fn template((helmfile, helm): &(PathBuf, PathBuf), file: &Path, environment: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let own = |name: &str| folder.path().join(name);
    let output = Command::new(helmfile)
        .arg("--helm-binary")
        .arg(helm)
        .arg("-f")
        .arg(file)
        .args(["-e", environment, "template", "--skip-deps", "--skip-tests"])
        .args(["--kube-version", "1.36.0"])
        .env("HELM_CACHE_HOME", own("cache"))
        .env("HELM_CONFIG_HOME", own("config"))
        .env("HELM_DATA_HOME", own("data"))
        .output()
        .expect("helmfile runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{} {environment}: {said}",
        file.display()
    );
    output.stdout
}

/// Where a file of that ending was written.
fn written(files: &FileSet, folder: &Path, ending: &str) -> PathBuf {
    let mut paths = files.iter().map(|(path, _)| path);
    folder.join(
        paths
            .find(|path| path.ends_with(ending))
            .expect("it is written"),
    )
}

/// Holds T1, S2: every release of an environment, in its namespace, with its values.
#[test]
fn helmfile_makes_of_our_charts_the_manifests_of_each_environment() {
    let Some(programs) = programs() else { return };
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let project = Project::example(example);
        let system = project.system();
        let folder = tempfile::tempdir().expect("a folder");
        write(&helm::files(&system).files, folder.path());
        let releases = releases::files(&system).files;
        write(&releases, folder.path());
        let file = written(&releases, folder.path(), "helm/helmfile.yaml");
        let listed = documents(&fs::read(&file).expect("it is there")).remove(0);
        for environment in &system.environments {
            if listed["environments"].get(environment.name()).is_none() {
                continue;
            }
            let made = template(&programs, &file, environment.name());
            let found = without_dialect(objects(&made));
            let what = format!("{example} {}", environment.name());
            wrong.extend(compare(&what, &wanted(environment.world), &found));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A chart that stands for one of others: it says with which values it was installed.
const STAND_IN: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Chart.Name }}, namespace: {{ .Release.Namespace }} }
data: { values: {{ toJson .Values | quote }} }
";

/// The same file with charts of our own in the place of those of others.
fn with_stand_ins(file: &Path) -> BTreeSet<String> {
    let folder = file.parent().expect("a folder");
    let text = fs::read_to_string(file).expect("it is there");
    let mut names = BTreeSet::new();
    let mut lines = Vec::new();
    let mut in_repositories = false;
    for line in text.lines() {
        in_repositories =
            line == "repositories:" || in_repositories && line.starts_with(['-', ' ']);
        if in_repositories || line.starts_with("  version: ") {
            continue;
        }
        if let Some(chart) = line.strip_prefix("  chart: ") {
            let name = chart.rsplit('/').next().expect("a name");
            let own = folder.join("stand-ins").join(name);
            fs::create_dir_all(own.join("templates")).expect("a folder");
            let head = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
            fs::write(own.join("Chart.yaml"), head).expect("writes");
            fs::write(own.join("templates/values.yaml"), STAND_IN).expect("writes");
            names.insert(name.to_owned());
            lines.push(format!("  chart: ./stand-ins/{name}"));
        } else {
            lines.push(line.to_owned());
        }
    }
    fs::write(file, lines.join("\n") + "\n").expect("writes");
    names
}

/// What each stand-in was installed with, by chart and namespace.
fn installed(objects: &Objects) -> BTreeMap<(String, String), Value> {
    let of = |object: &Value| {
        let text = |path: &str| {
            object
                .pointer(path)
                .and_then(Value::as_str)
                .expect("text")
                .to_owned()
        };
        let values = serde_json::from_str(&text("/data/values")).expect("JSON");
        (
            (text("/metadata/name"), text("/metadata/namespace")),
            values,
        )
    };
    objects.values().map(of).collect()
}

/// The same with every number as Helm reads it: `10.0` and `10` are one.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        Value::Object(entries) => {
            let entries = entries.iter();
            entries
                .map(|(key, value)| (key.clone(), as_floats(value)))
                .collect()
        }
        other => other.clone(),
    }
}

/// What the files of a release say in an environment, key by key: a later file lies over an earlier one.
fn said(release: &Value, environment: &str, folder: &Path) -> BTreeMap<String, Value> {
    let paths = release["values"].as_array().into_iter().flatten();
    let file = |path: &Value| {
        let path = path.as_str().expect("a path");
        let path = path.replace("{{ .Environment.Name }}", environment);
        let said = documents(&fs::read(folder.join(path)).expect("values"));
        said.into_iter().next().unwrap_or_default()
    };
    let keys = paths.map(file).filter_map(|said| said.as_object().cloned());
    keys.flatten().collect()
}

/// Holds T1: each component of an environment is one release, in its namespace, with the values that its
/// files say; charts of our own stand in for those of others.
#[test]
fn helmfile_takes_the_platform_with_the_values_of_each_environment() {
    let Some(programs) = programs() else { return };
    let mut taken = 0;
    for example in EXAMPLES {
        let project = Project::example(example);
        let system = project.system();
        let folder = tempfile::tempdir().expect("a folder");
        let files = platform::files(&system).files;
        if files.iter().next().is_none() {
            continue;
        }
        write(&files, folder.path());
        let file = written(&files, folder.path(), "platform/helmfile.yaml");
        let releases = documents(&fs::read(&file).expect("it is there")).remove(1);
        with_stand_ins(&file);
        for environment in &system.environments {
            let name = environment.name();
            let made = installed(&objects(&template(&programs, &file, name)));
            for release in releases["releases"].as_array().expect("releases") {
                let text = |key: &str| release[key].as_str().unwrap_or_default();
                let chart = text("chart").rsplit('/').next().expect("a name").to_owned();
                let at = (chart.clone(), text("namespace").to_owned());
                let Some(values) = made.get(&at) else {
                    let may_be_out = ["installed", "condition"]
                        .iter()
                        .any(|key| !release[*key].is_null());
                    assert!(may_be_out, "{example} {name}: {chart} is missing");
                    continue;
                };
                taken += 1;
                for (key, value) in said(release, name, file.parent().expect("a folder")) {
                    let (found, value) = (as_floats(&values[&key]), as_floats(&value));
                    assert_eq!(found, value, "{example} {name}: {chart}, {key}");
                }
            }
        }
    }
    assert!(taken > 0, "no release was made");
}

/// A program that writes down how it was called, and knows nothing else.
#[cfg(unix)]
fn writing_down(folder: &Path, name: &str, rest: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    let log = folder.join("calls");
    let text = format!(
        "#!/bin/sh\necho \"{name} $*\" >> '{}'\n{rest}\n",
        log.display()
    );
    fs::write(&path, text).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    path
}

/// Holds T1: each environment goes to the cluster that it names, releases and hooks alike; what the caller
/// says holds over it, and never the context that happens to be current.
#[cfg(unix)]
#[test]
fn helmfile_goes_to_the_cluster_of_the_environment() {
    let Some((helmfile, helm)) = programs() else {
        return;
    };
    let text = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready }
routes:
  main: { hosts: shop.example.org, paths: { /: web } }
platform: { install: true }
environments:
  eu: { default: true, cluster: { context: in-eu } }
  us: { cluster: { context: in-us } }
";
    let project = Project::of(text);
    let system = project.system();
    let folder = tempfile::tempdir().expect("a folder");
    write(&helm::files(&system).files, folder.path());
    let (platform, releases) = (
        platform::files(&system).files,
        releases::files(&system).files,
    );
    write(&platform, folder.path());
    write(&releases, folder.path());
    with_stand_ins(&written(&platform, folder.path(), "platform/helmfile.yaml"));
    writing_down(folder.path(), "kubectl", "");
    let version = format!(
        "case \"$*\" in *version*) exec '{}' \"$@\";; esac",
        helm.display()
    );
    let helm = writing_down(folder.path(), "helm-calls", &version);
    for (arguments, context) in [
        (["-e", "eu"].as_slice(), "in-eu"),
        (&["-e", "us"], "in-us"),
        (&["-e", "us", "--kube-context", "mine"], "mine"),
    ] {
        for file in ["platform/helmfile.yaml", "helm/helmfile.yaml"] {
            let calls = folder.path().join("calls");
            let _ = fs::remove_file(&calls);
            let output = Command::new(&helmfile)
                .arg("--helm-binary")
                .arg(&helm)
                .arg("-f")
                .arg(folder.path().join(file))
                .args(arguments)
                .args(["sync", "--skip-deps"])
                .env("PATH", folder.path())
                .output()
                .expect("helmfile runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{file} {arguments:?}: {said}");
            let calls = fs::read_to_string(&calls).expect("calls");
            let told = |word: &str, option: String| {
                let mut lines = calls.lines().filter(|line| line.contains(word)).peekable();
                lines.peek().is_some() && lines.all(|line| line.contains(&option))
            };
            assert!(
                told("kubectl ", format!("--context={context} ")),
                "{file} {arguments:?}: {calls}"
            );
            assert!(
                told(" upgrade ", format!("--kube-context {context} ")),
                "{file} {arguments:?}: {calls}"
            );
        }
    }
}
