//! Good files, and what they say.

use crate::harness::{app, files, findings};
use plimsoll_spec::app::EnvValue;
use plimsoll_spec::app::store::{Engine, Mode, Run};
use plimsoll_spec::types::{Check, Part, PortRef};

const SHORTEST: &str = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, uses: [db] }
stores:
  db: { engine: postgres, storage: 20Gi }
routes:
  main: { hosts: shop.example.org, paths: { /: web } }
";

#[test]
fn the_shortest_file_is_complete() {
    let app = app(SHORTEST);
    let web = &app.services["web"];
    assert_eq!(web.image.name.peek(), "ghcr.example/shop/web");
    assert_eq!(web.image.tag.peek().as_deref(), Some("1.4.2"));
    assert_eq!(*web.scale.replicas.count.peek(), 2);
    assert_eq!(
        web.scale.replicas.count.handle().0,
        "services.web.scale.replicas"
    );
    assert_eq!(*web.ports.main().expect("a main port").1.port.peek(), 8080);
    assert_eq!(web.stop.drain.peek().secs(), 10);
    assert_eq!(web.uses["db"].target.to_string(), "db.app");
    let db = &app.stores["db"];
    assert_eq!(*db.engine.peek(), Engine::Postgres);
    assert_eq!(
        (*db.mode.peek(), *db.run.peek()),
        (Mode::Single, Run::StatefulSet)
    );
    assert_eq!(db.as_.some().expect("a name").peek(), "DATABASE_URL");
    assert_eq!(*db.ports.main().expect("a main port").1.at.peek(), 5432);
    assert_eq!(app.namespace.name.peek(), "shop");
}

/// The parts of an env value, as short words.
fn parts(app: &plimsoll_spec::App, name: &str) -> Vec<String> {
    let EnvValue::Text(text) = &app.services["web"].env.peek()[name] else {
        panic!("text");
    };
    let word = |part: &Part| match part {
        Part::Text(text) => format!("text {}", text.peek()),
        Part::Var(var) => format!("{} {}", var.handle().0, var.peek()),
        Part::Target { target, field, .. } => format!("{target} {field:?}"),
        Part::Credential { target, field, .. } => format!("secret of {target} {field:?}"),
        Part::Secret { name, key, .. } => format!("secret {name} {key:?}"),
    };
    text.parts.iter().map(word).collect()
}

#[test]
fn references_stand_as_parts_of_a_text() {
    let text = "\
app: shop
vars: { domain: \"${env}.example.org\" }
secrets: { key: { kind: jwt-es256 } }
stores: { db: { engine: postgres, databases: [one, two] } }
services:
  api: { ports: { http: 8080, grpc: 9000 } }
  web:
    ports: 8080
    uses: [db.two, { api: { ports: [http, grpc] } }]
    env:
      A: \"https://${domain}/${service}:${port}\"
      B: \"${db.two.password} ${db.database}\"
      C: \"${secrets.key.private}$${x} $(Y)\"
      D: \"${api.ports.grpc} ${api.pods} ${db.url}\"
";
    let app = app(text);
    assert_eq!(
        parts(&app, "A"),
        [
            "text https://",
            "vars.domain default.example.org",
            "text /web:8080"
        ]
    );
    assert_eq!(
        parts(&app, "B"),
        ["secret of db.two Password", "text  ", "db.two Database"]
    );
    assert_eq!(
        parts(&app, "C"),
        ["secret key Some(\"private\")", "text ${x} $(Y)"]
    );
    assert_eq!(
        parts(&app, "D"),
        [
            "api PortNamed(\"grpc\")",
            "text  ",
            "api Pods",
            "text  ",
            "secret of db.two Url"
        ]
    );
    assert_eq!(
        app.services["web"].uses["db.two"]
            .user
            .as_ref()
            .map(|user| user.peek().as_str()),
        Some("two")
    );
}

#[test]
fn an_image_that_a_variable_holds_is_taken_apart() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let text = format!(
        "app: a\nvars: {{ img: \"ghcr.io/x/y:1.2@{digest}\" }}\nservices: {{ web: {{ image: \"${{img}}\" }} }}\n"
    );
    let app = app(&text);
    let image = &app.services["web"].image;
    assert_eq!(image.name.peek(), "ghcr.io/x/y");
    assert_eq!(image.tag.peek().as_deref(), Some("1.2"));
    assert_eq!(image.digest.peek().as_deref(), Some(digest.as_str()));
}

#[test]
fn files_join_as_if_written_in_one() {
    let loaded = files(&[
        ("plimsoll.yaml", "app: a\ninclude: services/*.yaml\n"),
        ("services/one.yaml", "services: { one: {} }\n"),
        ("services/two.yaml", "services: { two: {}, one: {} }\n"),
    ]);
    assert_eq!(
        findings(&loaded),
        [
            "services/two.yaml:1:22 PL0101 `one` is defined in two files; keep it in one of the two files"
        ]
    );
    let app = loaded.environments[0].app.as_ref().expect("an application");
    assert_eq!(app.services.len(), 2);
}

#[test]
fn every_engine_has_a_complete_store() {
    for engine in Engine::ALL
        .iter()
        .filter(|engine| **engine != Engine::Custom)
    {
        let app = app(&format!(
            "app: a\nstores: {{ x: {{ engine: {engine} }} }}\n"
        ));
        let store = &app.stores["x"];
        assert!(!store.ports.all.is_empty(), "{engine}");
        assert!(store.image.tag.peek().is_some(), "{engine}");
        assert!(!store.health.ready.is_none(), "{engine}");
        assert!(store.security.user.peek() > &0, "{engine}");
    }
}

#[test]
fn the_version_of_a_store_chooses_its_image_and_path() {
    let app = app(
        "app: a\nstores: { x: { engine: postgres, version: 16.4 }, y: { engine: postgres } }\n",
    );
    assert_eq!(app.stores["x"].image.tag.peek().as_deref(), Some("16.4"));
    assert_eq!(app.stores["x"].data.peek(), "/var/lib/postgresql/data");
    assert_eq!(app.stores["y"].data.peek(), "/var/lib/postgresql");
}

#[test]
fn what_listens_for_udp_is_asked_at_a_port_for_tcp_or_not_at_all() {
    let text = "\
app: a
services:
  dns: { ports: { dns: { port: 53, protocol: udp } } }
  both: { ports: { dns: { port: 53, protocol: udp }, admin: 8080 } }
";
    let app = app(text);
    assert!(app.services["dns"].health.ready.is_none());
    let ready = app.services["both"].health.ready.some().expect("a probe");
    let port = PortRef::Named("admin".into());
    assert_eq!(*ready.check.peek(), Check::Tcp { port });
}
