//! The files of a chart.

use super::chart::{Chart, text_at};
use super::family::kind_of;
use super::print::Printer;
use super::values;
use crate::folders::Folders;
use crate::{FileSet, System};
use plimsoll_source::{Node, yaml};
use plimsoll_world::{ObjectForm, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Adds a chart.
pub fn of_chart(system: &System, chart: &Chart, files: &mut FileSet) {
    let folder = Folders::of(system).chart(&chart.name);
    let mut printer = Printer::new(&chart.name, &chart.words);
    for (name, objects) in by_file(chart) {
        let mut text = String::new();
        for (at, object) in objects.iter().enumerate() {
            if at > 0 {
                text.push_str("---\n");
            }
            printer.subject = subject(&object.unit);
            for line in printer.object(&object.when, &object.body) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        files.add(format!("{folder}/templates/{name}.yaml"), text);
    }
    files.add(
        format!("{folder}/templates/_helpers.tpl"),
        helpers(&printer),
    );
    files.add(format!("{folder}/Chart.yaml"), chart_yaml(system, chart));
    files.add(
        format!("{folder}/values.yaml"),
        values_text(&values::defaults(chart)),
    );
    for (at, short) in chart.shorts.iter().enumerate() {
        let text = values_text(&values::of_environment(chart, at));
        files.add(format!("{folder}/values-{short}.yaml"), text);
    }
}

fn values_text(node: &Node) -> Vec<u8> {
    if node.entries().is_empty() {
        return b"{}\n".to_vec();
    }
    yaml::write(node)
}

fn chart_yaml(system: &System, chart: &Chart) -> String {
    let app = system.environments[chart.main].app;
    format!(
        "apiVersion: v2\nname: {}\ndescription: {} on Kubernetes\ntype: application\nversion: {}\n",
        chart.name,
        app.app.peek().text(),
        app.deliver.chart.version.peek(),
    )
}

/// What helpers and files of a block are named after.
fn subject(unit: &Unit) -> String {
    match unit {
        Unit::Shared => String::new(),
        Unit::Namespace(name) => format!("namespace-{name}"),
        Unit::Route(name) => format!("route-{name}"),
        Unit::Migration(name) => format!("{name}-migrate"),
        Unit::Service(name) | Unit::Store(name) | Unit::Job(name) | Unit::Claim(name) => {
            name.to_string()
        }
    }
}

/// Objects by the file that they stand in: one each.
fn by_file(chart: &Chart) -> BTreeMap<String, Vec<&ObjectForm>> {
    let mut files = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for object in &chart.objects {
        let name = file_name(object);
        let name = super::path::free(&|name| taken.contains(name), &name);
        taken.insert(name.clone());
        files.insert(name, vec![object]);
    }
    files
}

/// `api/deployment`, `db/service-ro`.
fn file_name(object: &ObjectForm) -> String {
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
    for (name, lines) in &printer.helpers {
        let ends = if lines.len() == 1 {
            "{{- end }}"
        } else {
            "{{ end }}"
        };
        let _ = write!(
            text,
            "\n{{{{- define \"{name}\" -}}}}\n{}\n{ends}\n",
            lines.join("\n")
        );
    }
    text
}
