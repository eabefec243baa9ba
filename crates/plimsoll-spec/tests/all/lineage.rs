//! Where values come from.

use crate::harness::{app_in, file};
use plimsoll_source::{Origin, Span};
use plimsoll_spec::{App, Loaded};
use std::collections::BTreeMap;

const FILE: &str = "\
app: shop
vars: { tag: v1 }
images: { tag: \"${tag}\" }
defaults: { size: { memory: 512Mi } }
services:
  web: { ports: 8080, scale: 4 }
cap: { replicas: 3 }
environments:
  prod: { services: { web: { scale: 6 } } }
";

fn texts(loaded: &Loaded, spans: impl IntoIterator<Item = Span>) -> Vec<String> {
    spans
        .into_iter()
        .map(|span| loaded.sources.text(span).to_owned())
        .collect()
}

#[test]
fn a_variable_drives_what_it_stands_in() {
    let loaded = file(FILE);
    let app = app_in(FILE, "prod");
    let driven = texts(&loaded, app.images.tag.origin().driven());
    assert_eq!(driven, ["v1", "\"${tag}\""]);
}

#[test]
fn a_default_of_the_file_drives_a_service() {
    let loaded = file(FILE);
    let app = app_in(FILE, "prod");
    let driven = texts(&loaded, app.services["web"].size.memory.origin().driven());
    assert_eq!(driven, ["512Mi"]);
}

#[test]
fn a_bound_drives_and_what_it_lowers_touches() {
    let loaded = file(FILE);
    let app = app_in(FILE, "prod");
    let count = app.services["web"].scale.replicas.count.origin();
    assert_eq!(texts(&loaded, count.driven()), ["3"]);
    assert_eq!(texts(&loaded, count.touched()), ["4", "3", "6"]);
}

#[test]
fn a_built_in_default_is_driven_by_nothing() {
    let app = app_in(FILE, "prod");
    assert!(app.services["web"].size.cpu.origin().touched().is_empty());
}

/// Every leaf of a typed application that knows its history, by a short path.
fn leaves(app: &App) -> BTreeMap<String, (String, Origin)> {
    let mut leaves = BTreeMap::new();
    let mut add = |path: String, value: String, origin: &Origin| {
        leaves.insert(path, (value, origin.clone()));
    };
    add(
        "namespace".into(),
        app.namespace.name.peek().to_string(),
        app.namespace.name.origin(),
    );
    add(
        "images.tag".into(),
        format!("{:?}", app.images.tag.peek()),
        app.images.tag.origin(),
    );
    for (name, service) in &app.services {
        let scale = &service.scale;
        let parts = [
            (
                "image.name",
                service.image.name.peek().to_string(),
                service.image.name.origin(),
            ),
            (
                "image.tag",
                format!("{:?}", service.image.tag.peek()),
                service.image.tag.origin(),
            ),
            (
                "namespace",
                service.namespace.peek().to_string(),
                service.namespace.origin(),
            ),
            (
                "secret",
                service.secret_name.peek().to_string(),
                service.secret_name.origin(),
            ),
            (
                "drain",
                service.stop.drain.peek().to_string(),
                service.stop.drain.origin(),
            ),
            (
                "grace",
                service.stop.grace.peek().to_string(),
                service.stop.grace.origin(),
            ),
            (
                "cpu",
                format!("{:?}", service.size.cpu.peek()),
                service.size.cpu.origin(),
            ),
            (
                "memory",
                format!("{:?}", service.size.memory.peek()),
                service.size.memory.origin(),
            ),
            (
                "disk",
                format!("{:?}", service.size.disk.peek()),
                service.size.disk.origin(),
            ),
            (
                "min",
                scale.replicas.min.peek().to_string(),
                scale.replicas.min.origin(),
            ),
            (
                "max",
                scale.replicas.max.peek().to_string(),
                scale.replicas.max.origin(),
            ),
            (
                "auto",
                scale.replicas.auto.peek().to_string(),
                scale.replicas.auto.origin(),
            ),
            (
                "target",
                format!("{:?}", scale.cpu.peek()),
                scale.cpu.origin(),
            ),
            (
                "user",
                service.security.user.peek().to_string(),
                service.security.user.origin(),
            ),
            (
                "group",
                service.security.group.peek().to_string(),
                service.security.group.origin(),
            ),
        ];
        for (part, value, origin) in parts {
            add(format!("{name}.{part}"), value, origin);
        }
        for (key, label) in service.labels.peek() {
            add(
                format!("{name}.labels.{key}"),
                label.peek().to_string(),
                label.origin(),
            );
        }
        for (key, port) in &service.ports.all {
            add(
                format!("{name}.ports.{key}"),
                port.port.peek().to_string(),
                port.port.origin(),
            );
            add(
                format!("{name}.at.{key}"),
                port.at.peek().to_string(),
                port.at.origin(),
            );
        }
    }
    for (name, store) in &app.stores {
        let parts = [
            (
                "image",
                store.image.name.peek().to_string(),
                store.image.name.origin(),
            ),
            (
                "tag",
                format!("{:?}", store.image.tag.peek()),
                store.image.tag.origin(),
            ),
            ("data", store.data.peek().to_string(), store.data.origin()),
            (
                "instances",
                store.instances.peek().to_string(),
                store.instances.origin(),
            ),
            ("mode", store.mode.peek().to_string(), store.mode.origin()),
            ("tls", store.tls.peek().to_string(), store.tls.origin()),
            (
                "user",
                store.security.user.peek().to_string(),
                store.security.user.origin(),
            ),
        ];
        for (part, value, origin) in parts {
            add(format!("{name}.{part}"), value, origin);
        }
    }
    leaves
}

/// A file, and for each written scalar of it another value.
const LAW: [(&str, &str); 20] = [
    ("shop", "shap"),
    ("vone", "vtwo"),
    ("${tag}-x", "${tag}-y"),
    ("${app}-${env}", "${app}"),
    ("512Mi", "640Mi"),
    ("200m", "300m"),
    ("team-a", "team-b"),
    ("8080", "8081"),
    ("registry.example.org/web", "registry.example.org/wob"),
    ("2..9", "3"),
    ("50%", "60%"),
    ("1234", "1235"),
    ("7..8", "7"),
    ("postgres", "timescaledb"),
    ("16", "17"),
    ("3 # instances", "1 # instances"),
    ("4 # replicas", "5 # replicas"),
    ("600Mi # cap", "100Mi # cap"),
    ("2 # most", "9 # most"),
    ("600m # layer", "700m # layer"),
];

const LAW_FILE: &str = "\
app: shop
vars: { tag: vone }
namespace: \"${app}-${env}\"
images: { tag: \"${tag}-x\" }
defaults: { size: { memory: 512Mi, cpu: 200m }, labels: { team: team-a } }
services:
  web: { image: registry.example.org/web, ports: 8080, scale: { replicas: 2..9, cpu: 50% }, security: { user: 1234 } }
  api: { scale: 7..8 }
stores:
  db:
    engine: postgres
    version: 16
    instances: 3 # instances
cap:
  replicas: 4 # replicas
  memory: 600Mi # cap
  instances: 2 # most
environments:
  prod:
    services:
      web:
        size:
          cpu: 600m # layer
";

#[test]
fn what_drives_changes_and_what_changes_is_touched() {
    let before = leaves(&app_in(LAW_FILE, "prod"));
    for (from, to) in LAW {
        let start = LAW_FILE.find(from).expect("the text stands in the file");
        let changed = LAW_FILE.replacen(from, to, 1);
        let after = leaves(&app_in(&changed, "prod"));
        let covers = |span: &Span| span.start as usize <= start && start < span.end as usize;
        for (path, (value, origin)) in &before {
            let differs = after.get(path).is_none_or(|(other, _)| other != value);
            let driven = origin.driven().iter().any(covers);
            let touched = origin.touched().iter().any(covers);
            assert!(
                !driven || differs,
                "{from} drives {path}, and {path} stays {value}"
            );
            assert!(
                !differs || touched,
                "{from} changes {path}, and does not touch it"
            );
        }
    }
}
