//! What a chart says to people: README, notes after an installation, comments of its values.

use super::chart::{Chart, text_at};
use super::family::kind_of;
use super::print::Printer;
use super::words::Word;
use super::{logic, needed, values};
use crate::System;
use plimsoll_source::Node;
use plimsoll_spec::app::route::TlsKind;
use plimsoll_world::{Cond, ObjectForm, Unit};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a word does, for people.
pub fn about(word: &Word) -> Option<String> {
    if let Some(about) = &word.about {
        return Some(about.clone());
    }
    let handle = word.turns.first()?.0.as_str();
    let (block, rest) = handle.split_once('.')?;
    let (name, rest) = rest.split_once('.').unwrap_or((rest, ""));
    Some(match (block, rest) {
        ("services" | "stores" | "jobs" | "migrations" | "routes", "enabled") => {
            format!("whether `{name}` is there")
        }
        (_, "image") => format!("image of `{name}`, with its tag"),
        (_, "image.name") => format!("image of `{name}` without tag"),
        (_, "image.tag") => format!("tag of the image of `{name}`"),
        (_, "image.digest") => "digest; beside a tag it is what counts".to_owned(),
        (_, "image.policy") => "`Always`, `IfNotPresent` or `Never`".to_owned(),
        (_, "scale.replicas") => "pods, where no autoscaler decides".to_owned(),
        (_, "scale.auto") => "whether an autoscaler decides how many pods there are".to_owned(),
        (_, "scale.min") => "fewest pods".to_owned(),
        (_, "scale.max") => "most pods".to_owned(),
        (_, "scale.cpu") => "cpu that is aimed at, in percent of the request".to_owned(),
        (_, "scale.memory") => "memory that is aimed at, in percent of the request".to_owned(),
        (_, "scale.requests") => "requests per second and pod that are aimed at".to_owned(),
        (_, "size") => format!("what a pod of `{name}` asks for and may use"),
        (_, "labels") => format!("further labels of the pods of `{name}`"),
        (_, "annotations") => format!("further annotations of the pods of `{name}`"),
        ("platform", "class") => "class of the gateway or ingress controller".to_owned(),
        ("platform", "use") => "where secrets come from".to_owned(),
        ("platform", "store") => "store of External Secrets that has them".to_owned(),
        ("routes", rest) if rest.starts_with("paths.") => {
            format!("path `{}` of `{name}`", &rest["paths.".len()..])
        }
        (_, "env") => format!("environment variables of `{name}`; what is written here wins"),
        (_, "secretName") => format!("name of the Secret of `{name}`; empty: the usual one"),
        (_, "secrets.keys") => "environment variable: key at the provider".to_owned(),
        ("platform", rest) if rest.starts_with("sealed.") => {
            format!("sealed values of the Secret `{}`", &rest["sealed.".len()..])
        }
        (_, "secrets.sealed") => format!("sealed values of `{name}`, by their keys in its Secret"),
        (_, "secrets.values") => "environment variable: value, where secrets are static".to_owned(),
        (_, "hosts") => format!("host names of `{name}`; an empty list takes it away"),
        (_, "tls") => format!("certificates of `{name}`: Secret and hosts"),
        (_, "when") => "schedule in five fields".to_owned(),
        (_, "instances") => format!("pods of `{name}`"),
        (_, "placement.nodeSelector") => format!("labels of the nodes that `{name}` may run on"),
        (_, "placement.tolerations") => format!("taints that the pods of `{name}` tolerate"),
        (_, "placement.affinity") => format!("affinity of the pods of `{name}`"),
        (_, "storage.size") => format!("disk of each pod of `{name}`"),
        ("images", _) if name == "registry" => "goes before every image that names none".to_owned(),
        ("images", _) if name == "pull" => "Secret with which images are pulled".to_owned(),
        ("images", _) if name == "tag" => "tag of every image that has none of its own".to_owned(),
        ("vars", _) => format!("`${{{name}}}` of plimsoll.yaml"),
        _ => return None,
    })
}

/// The README of a chart.
pub fn readme(system: &System, chart: &Chart, complete: bool) -> String {
    let app = system.chosen().app.app.peek().text().clone();
    let mut text = format!("# {}\n\n", chart.name);
    let _ = writeln!(
        text,
        "Made by `plimsoll render --to helm` from the application file of {app}. Change that file, not this chart.\n"
    );
    text.push_str("```bash\n");
    for (at, short) in chart.shorts.iter().enumerate() {
        let _ = writeln!(
            text,
            "helm upgrade --install {} . -n {} -f values-{short}.yaml",
            chart.name, chart.namespaces[at]
        );
    }
    text.push_str("```\n\n");
    text.push_str(&order(chart));
    if complete {
        text.push_str(
            "Each `values-<env>.yaml` is complete. For values of your own copy `values.yaml.example` to `values.yaml`, \
             which Git ignores.\n\n",
        );
    }
    text.push_str(&secrets(chart));
    text.push_str("## Values\n\n| path | default | meaning |\n| --- | --- | --- |\n");
    for (path, word) in chart.words.in_order() {
        let default = match (word.optional, &word.values[chart.main]) {
            (false, Some(node)) => {
                values::show(word, node).map_or(String::new(), |node| cell(&node))
            }
            _ => String::new(),
        };
        let meaning = about(word).unwrap_or_else(|| "environments differ here".to_owned());
        let _ = writeln!(text, "| `{path}` | {default} | {meaning} |");
    }
    text.push_str(
        "\nThe schema is closed: a key that is not in this table is refused. What is not in it is the same in every \
         environment, and is changed in the application file.\n",
    );
    let autoscaled: Vec<&str> = chart
        .words
        .in_order()
        .filter(|(_, word)| {
            word.turns
                .iter()
                .any(|handle| handle.0.ends_with(".scale.auto"))
        })
        .map(|(path, _)| path)
        .collect();
    if let Some(first) = autoscaled.first() {
        let _ = write!(text, "{}", SWITCHING.replace("PATH", first));
    }
    text
}

/// What is installed before, what runs in a release, and what stays.
fn order(chart: &Chart) -> String {
    let mut text = String::new();
    if !chart.needs.is_empty() {
        let before: Vec<String> = chart.needs.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(
            text,
            "Install {} before it, in the same namespace; `helmfile.yaml` knows the order.\n",
            before.join(", ")
        );
    }
    let with = |key: &str| -> Vec<&ObjectForm> {
        let path = ["metadata", "annotations", key];
        let objects = chart.objects.iter();
        objects
            .filter(|object| !text_at(&object.body, &path).is_empty())
            .collect()
    };
    let hooks = |moment: &str| -> Vec<String> {
        let of_moment = |object: &&ObjectForm| {
            let events = text_at(&object.body, &["metadata", "annotations", "helm.sh/hook"]);
            *kind_of(object) == *"Job" && events.starts_with(moment)
        };
        let jobs = chart.objects.iter().filter(of_moment);
        let names: BTreeSet<String> = jobs.map(|object| format!("`{}`", object.unit)).collect();
        names.into_iter().collect()
    };
    let (before, after) = (hooks("pre-"), hooks("post-"));
    if !before.is_empty() {
        let _ = writeln!(
            text,
            "Before every installation and upgrade run: {}. Where one fails, nothing else is changed, and its Job stays to \
             be looked at. What it needs before anything else is there has names that end with `-hook`.\n",
            before.join(", ")
        );
    }
    if !after.is_empty() {
        let _ = writeln!(
            text,
            "After every installation and upgrade run: {}. Where one fails, the release counts as failed, and all else has \
             changed already.\n",
            after.join(", ")
        );
    }
    if !with("helm.sh/resource-policy").is_empty() {
        text.push_str(
            "`helm uninstall` leaves stores and their disks in the cluster, and all that keeps them running; a later \
             installation under the same names takes them over. To be rid of them, delete them by hand.\n\n",
        );
    }
    text
}

/// Which Secrets must be there.
fn secrets(chart: &Chart) -> String {
    let needed = needed::secrets(chart);
    if needed.is_empty() {
        return String::new();
    }
    let before = if chart.needs.is_empty() {
        ""
    } else {
        " Some come from the charts before it."
    };
    let mut text = format!(
        "## Secrets\n\nNo value of a secret is in the chart. With the values of {} its pods wait for these Secrets, which it \
         does not make; `plimsoll up` makes those that are generated.{before}\n\n| Secret | keys |\n| --- | --- |\n",
        chart.environments[chart.main]
    );
    for (name, keys) in needed {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        let _ = writeln!(text, "| `{name}` | {} |", keys.join(", "));
    }
    text.push('\n');
    text
}

const SWITCHING: &str = "
## Switching a live release to autoscaling

With `PATH: true` the Deployment loses its `replicas`. Helm would remove the field, and Kubernetes would fall back to one
pod until the autoscaler acts. With Helm 4, which applies on the server, let somebody else hold the field first:

```bash
kubectl apply --server-side --field-manager=autoscaler -n NAMESPACE -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: { name: NAME }
spec: { replicas: NUMBER_OF_NOW }
EOF
```

Then upgrade. Helm 3 removes the field itself whoever holds it: switch in a quiet hour.
";

/// A value in one line of a table.
fn cell(node: &Node) -> String {
    let text = node.to_json().to_string();
    if text.chars().count() > 80 {
        return "see `values.yaml`".to_owned();
    }
    format!("`{}`", text.replace('|', "\\|"))
}

/// What Helm prints after an installation.
pub fn notes(system: &System, chart: &Chart, printer: &mut Printer<'_>) -> String {
    let mut text = String::from(
        "{{ .Chart.Name }} is in the namespace {{ .Release.Namespace }}.\n\n\
         Watch it come up:\n\n  kubectl get pods -n {{ .Release.Namespace }} -l app.kubernetes.io/instance=APP -w\n",
    );
    let instance = chart.application.as_str();
    text = text.replace("APP", instance);
    let mut answers = Vec::new();
    for (path, word) in chart.words.in_order() {
        let Some(route) = word.turns.iter().find_map(|handle| route_of(&handle.0)) else {
            continue;
        };
        let Some(when) = route_is_there(chart, route) else {
            continue;
        };
        let item = word.item.as_ref();
        let host = item.map_or_else(|| ".".to_owned(), |item| format!(".{item}"));
        let scheme = scheme(system, route);
        let range = format!(
            "{{{{- range .Values.{path} }}}}\n  {scheme}{{{{ {host} }}}}/\n{{{{- end }}}}\n"
        );
        answers.push(match printer.condition(&when) {
            Some(when) => format!("{{{{- if {when} }}}}\n{range}{{{{- end }}}}\n"),
            None => range,
        });
    }
    if !answers.is_empty() {
        text.push_str("\nIt answers at:\n");
        text.push_str(&answers.concat());
    }
    text
}

/// The route of the word `routes.R.hosts`.
fn route_of(handle: &str) -> Option<&str> {
    handle.strip_prefix("routes.")?.strip_suffix(".hosts")
}

/// What lets the objects of a route exist; `None` where the chart has none.
fn route_is_there(chart: &Chart, route: &str) -> Option<Cond> {
    let own = |object: &&ObjectForm| {
        matches!(&object.unit, Unit::Route(name) if name == route)
            && matches!(&*kind_of(object), "HTTPRoute" | "GRPCRoute" | "Ingress")
    };
    let whens = chart
        .objects
        .iter()
        .filter(own)
        .map(|object| object.when.clone());
    whens.reduce(logic::or)
}

/// `https://`, or nothing where environments differ in it.
fn scheme(system: &System, route: &str) -> &'static str {
    let plain = |environment: &crate::Environment<'_>| {
        let route = environment.app.routes.get(route)?;
        Some(*route.tls.kind.peek() == TlsKind::None)
    };
    let all: BTreeSet<bool> = system.environments.iter().filter_map(plain).collect();
    match (all.contains(&false), all.contains(&true)) {
        (true, true) => "",
        (false, true) => "http://",
        _ => "https://",
    }
}
