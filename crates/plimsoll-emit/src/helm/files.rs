//! The files of a chart.

use super::alike::{self, Template};
use super::chart::{Chart, text_at};
use super::family::kind_of;
use super::print::Printer;
use super::{readme, schema, values};
use crate::folders::Folders;
use crate::{FileSet, System};
use plimsoll_source::{Node, yaml};
use plimsoll_world::{ObjectForm, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// Adds a chart.
pub fn of_chart(system: &System, chart: &Chart, files: &mut FileSet) {
    let folder = Folders::of(system).chart(&chart.name);
    let mut add = |path: &str, bytes: Vec<u8>| files.add(format!("{folder}/{path}"), bytes);
    let mut printer = Printer::new(&chart.name, &chart.words);
    let mut templates = Vec::new();
    for (file, object) in by_file(chart) {
        printer.subject = subject(&object.unit);
        templates.push(Template {
            file,
            unit: object.unit.clone(),
            lines: printer.object(&object.when, &object.body),
        });
    }
    for trial in &chart.tests {
        printer.subject = subject(&trial.unit);
        let bodies = trial.objects.iter();
        let lines = in_one(
            bodies
                .map(|body| printer.object(&trial.when, body))
                .collect(),
        );
        let file = if chart.of_service {
            "tests/health".to_owned()
        } else {
            format!("{}/health-test", subject(&trial.unit))
        };
        let unit = trial.unit.clone();
        templates.push(Template { file, unit, lines });
    }
    let common = alike::taken_out(&chart.name, &mut templates);
    if !common.is_empty() {
        let mut text = "{{- /* What services have alike: each says whose it is. */}}\n".to_owned();
        for (name, lines) in &common {
            text.push_str(&definition(name, lines, true));
        }
        add("templates/_services.tpl", text.into());
    }
    for template in templates {
        let text = template.lines.join("\n") + "\n";
        add(&format!("templates/{}.yaml", template.file), text.into());
    }
    let notes = readme::notes(system, chart, &mut printer);
    add("templates/_helpers.tpl", helpers(&printer).into());
    add("templates/NOTES.txt", notes.into());
    add("Chart.yaml", chart_yaml(system, chart).into());
    add(".helmignore", IGNORED.into());
    add(
        "README.md",
        readme::readme(system, chart, chart.of_service).into(),
    );
    let schema = schema::of(chart, &printer.inside);
    let mut schema = serde_json::to_string_pretty(&schema).expect("JSON is text");
    schema.push('\n');
    add("values.schema.json", schema.into());
    let defaults = values_text(chart, None, &values::defaults(chart));
    if chart.of_service {
        add("values.yaml.example", defaults.into());
        add(".gitignore", b"values.yaml\n".to_vec());
    } else {
        add("values.yaml", defaults.into());
    }
    for (at, short) in chart.shorts.iter().enumerate() {
        let own = if chart.of_service {
            values::all_of_environment(chart, at)
        } else {
            values::of_environment(chart, at)
        };
        add(
            &format!("values-{short}.yaml"),
            values_text(chart, Some(at), &own).into(),
        );
    }
}

/// Several documents of one file, under one condition where all have one: nothing else than documents may
/// be left of a file.
fn in_one(documents: Vec<Vec<String>>) -> Vec<String> {
    let condition = documents.first().and_then(|lines| lines.first()).cloned();
    let condition = condition.filter(|line| line.starts_with("{{- if "));
    let mut all = Vec::new();
    for lines in &documents {
        if !all.is_empty() {
            all.push("---".to_owned());
        }
        let inner = match &condition {
            Some(_) => &lines[1..lines.len() - 1],
            None => lines,
        };
        all.extend_from_slice(inner);
    }
    match condition {
        Some(condition) => [vec![condition], all, vec!["{{- end }}".to_owned()]].concat(),
        None => all,
    }
}

const IGNORED: &str = "# What packages leave out.\n.git/\n.gitignore\n*.example\n*.tgz\n";

/// A values file: what is it for, then its blocks.
fn values_text(chart: &Chart, environment: Option<usize>, node: &Node) -> String {
    let mut text = match environment {
        None => format!(
            "# Values of {}. README.md says what each does.\n",
            chart.name
        ),
        Some(at) if chart.of_service => {
            format!(
                "# Values of {} in {}, all of them.\n",
                chart.name, chart.environments[at]
            )
        }
        Some(at) => format!(
            "# What {} has otherwise than values.yaml.\n",
            chart.environments[at]
        ),
    };
    if node.entries().is_empty() {
        text.push_str("{}\n");
    } else {
        text.push_str(&String::from_utf8(yaml::write(node)).expect("YAML is UTF-8"));
    }
    text
}

fn chart_yaml(system: &System, chart: &Chart) -> String {
    let app = system.chosen().app;
    let what = if chart.of_service {
        format!("{} of {}", chart.name, chart.application)
    } else if chart.of_stores {
        format!("stores of {}", chart.application)
    } else {
        chart.name.clone()
    };
    format!(
        "apiVersion: v2\nname: {}\ndescription: {what} on Kubernetes\ntype: application\nversion: {}\n\
         kubeVersion: \">=1.27.0-0\"\n",
        chart.name,
        app.deliver.chart.version.peek(),
    )
}

/// What helpers and files of a block are named after.
fn subject(unit: &Unit) -> String {
    match unit {
        Unit::Shared => String::new(),
        Unit::Namespace(name) if name.is_empty() => "namespace".to_owned(),
        Unit::Namespace(name) => format!("namespace-{name}"),
        Unit::Route(name) => format!("route-{name}"),
        Unit::Migration(name) => format!("{name}-migrate"),
        Unit::Service(name) | Unit::Store(name) | Unit::Job(name) | Unit::Claim(name) => {
            name.to_string()
        }
    }
}

/// Objects by the file that they stand in: one each.
fn by_file(chart: &Chart) -> BTreeMap<String, &ObjectForm> {
    let mut files = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for object in &chart.objects {
        let name = file_name(chart, object);
        let name = super::path::free(&|name| taken.contains(name), &name);
        taken.insert(name.clone());
        files.insert(name, object);
    }
    files
}

/// `api/deployment`, `db/ro-service`; in a chart of one service without folders.
fn file_name(chart: &Chart, object: &ObjectForm) -> String {
    let kind = kebab(&kind_of(object));
    let own = subject(&object.unit);
    let name = text_at(&object.body, &["metadata", "name"]);
    let bare = own
        .strip_prefix("route-")
        .or(own.strip_prefix("namespace-"))
        .unwrap_or(&own);
    let rest = name.strip_prefix(bare).unwrap_or(&name);
    let rest: String = rest
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let rest = rest.trim_matches('-');
    if chart.of_service {
        let bare = match &object.unit {
            Unit::Migration(_) => format!("migration-{kind}"),
            _ if rest.is_empty() || rest == kind || name.contains('$') => kind,
            _ => format!("{rest}-{kind}"),
        };
        return bare;
    }
    let name = if rest.is_empty() || rest == kind {
        kind
    } else {
        format!("{rest}-{kind}")
    };
    if own.is_empty() {
        name
    } else {
        format!("{own}/{name}")
    }
}

fn kebab(kind: &str) -> String {
    let short = match kind {
        "HorizontalPodAutoscaler" => "hpa",
        "PodDisruptionBudget" => "pdb",
        "PersistentVolumeClaim" => "pvc",
        "HTTPRoute" => "httproute",
        "GRPCRoute" => "grpcroute",
        "ConfigMap" => "configmap",
        "StatefulSet" => "statefulset",
        "DaemonSet" => "daemonset",
        "CronJob" => "cronjob",
        "ServiceAccount" => "serviceaccount",
        "NetworkPolicy" => "networkpolicy",
        other => {
            let mut out = String::new();
            for c in other.chars() {
                if c.is_ascii_uppercase() && !out.is_empty() {
                    out.push('-');
                }
                out.push(c.to_ascii_lowercase());
            }
            return out;
        }
    };
    short.to_owned()
}

const IMAGE: &str = r#"{{- /* An image: its registry, or the one of all; its tag and digest, or the tag of all. */}}
{{- define "CHART.image" -}}
{{- $name := .image.repository -}}
{{- $first := index (splitList "/" $name) 0 -}}
{{- $elsewhere := and (contains "/" $name) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) -}}
{{- $tag := .image.tag | default "" -}}
{{- if not (or $tag .image.digest $elsewhere) -}}
{{- $tag = .tag | default "" -}}
{{- end -}}
{{- if and .registry (not $elsewhere) }}{{ trimSuffix "/" .registry }}/{{ end }}{{ $name }}
{{- if $tag }}:{{ $tag }}{{ end }}
{{- if .image.digest }}@{{ .image.digest }}{{ end }}
{{- end }}
"#;

fn helpers(printer: &Printer) -> String {
    let mut text = String::new();
    if printer.needs_image {
        text.push_str(&IMAGE.replace("CHART", printer.chart));
    }
    for (name, helper) in &printer.helpers {
        text.push_str(&definition(name, &helper.lines, helper.trimmed));
    }
    text
}

/// A named template. `trimmed`: the line break at its end is no part of it.
fn definition(name: &str, lines: &[String], trimmed: bool) -> String {
    let end = if trimmed { "{{- end }}" } else { "{{ end }}" };
    let lines = lines.join("\n");
    format!("\n{{{{- define \"{name}\" -}}}}\n{lines}\n{end}\n")
}
