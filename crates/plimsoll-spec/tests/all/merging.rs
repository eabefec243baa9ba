//! Layers: how they lie over each other.

use crate::harness::{app, app_in, file, findings, one, with_sets};
use plimsoll_source::{Findings, Node, Sources, yaml};
use plimsoll_spec::App;
use plimsoll_spec::app::pod::Writable;
use plimsoll_spec::app::{EnvValue, OrNone};
use plimsoll_spec::app::{Strategy, env::EnvIf};
use plimsoll_spec::read::Word as _;
use plimsoll_spec::shape::canonical::Speller;
use plimsoll_spec::shape::merge::{Removed, merge};
use proptest::prelude::*;

const BASE: &str = "\
app: shop
defaults: { labels: { team: shop, tier: none }, size: { memory: 512Mi } }
services:
  web: { image: web:1, ports: 8080, uses: [db, { cache: { pool: 5 } }], labels: { tier: front } }
  admin: { like: web, ports: 9090, enabled: false }
stores: { db: { engine: postgres }, cache: { engine: redis } }
environments:
  prod: {}
";

fn with(environment: &str) -> App {
    app_in(&format!("{BASE}  dev:\n    {environment}\n"), "dev")
}

#[test]
fn defaults_lie_under_every_service() {
    let app = app(BASE);
    let labels = app.services["web"].labels.peek();
    assert_eq!(labels["team"].peek(), "shop");
    assert_eq!(labels["tier"].peek(), "front");
    assert_eq!(
        app.services["web"].size.memory.peek().request.mebibytes(),
        512
    );
}

#[test]
fn a_service_takes_all_of_what_it_is_like_but_its_switch() {
    let app = app(BASE);
    let admin = &app.services["admin"];
    assert_eq!(admin.image.name.peek(), "web");
    assert!(!admin.enabled.peek());
    assert_eq!(admin.secret_name.peek(), "admin-secrets");
    assert_eq!(*admin.ports.main().expect("a port").1.port.peek(), 9090);
    assert!(admin.uses.contains_key("cache"));
}

#[test]
fn a_set_merges_element_by_element() {
    let app = with("services: { web: { uses: { cache: { read: true }, db: null } } }");
    let uses = &app.services["web"].uses;
    assert!(!uses.contains_key("db"));
    assert_eq!(
        uses["cache"].pool.as_ref().map(|pool| *pool.peek()),
        Some(5)
    );
    assert!(*uses["cache"].read.peek());
}

#[test]
fn an_upper_name_of_an_image_removes_the_tag_below() {
    let app = with("services: { web: { image: { name: other } } }");
    let image = &app.services["web"].image;
    assert_eq!(
        (image.name.peek().as_str(), image.tag.peek()),
        ("other", &None)
    );
}

#[test]
fn a_branch_of_a_variable_is_changed_by_itself_and_a_field_replaces_all_of_them() {
    let base = "app: shop\nservices:\n  web:\n    image: web:1\n    ports: 80\n    uses: [cache]\n    \
                env: { WHEN: { if: cache, then: a, else: b } }\nstores: { cache: { engine: redis } }\n";
    let when = |over: &str| {
        let app = one(with_sets(base, &[("services.web.env.WHEN", over)]), None);
        app.services["web"].env.peek()["WHEN"].clone()
    };
    let EnvValue::If(EnvIf { then, else_, .. }) = when("{ then: x }") else {
        panic!("a condition");
    };
    let text = |branch: Option<_>| format!("{branch:?}");
    assert!(text(then).contains("\"x\"") && text(else_).contains("\"b\""));
    let field = when("{ field: metadata.name }");
    assert!(matches!(field, EnvValue::Field(_)), "{field:?}");
}

#[test]
fn one_of_two_ways_to_name_a_pull_secret_replaces_the_other() {
    let base = "app: shop\nimages: { pull: hub }\nsecrets: { hub: { kind: registry } }\n\
                services: { web: { image: web:1, ports: 80 } }\n";
    let app = one(with_sets(base, &[("images.pull.secret", "regcred")]), None);
    let pull = app.images.pull.expect("a secret");
    let secret = pull.secret.as_ref().map(|secret| secret.peek().as_str());
    assert_eq!((pull.name.is_none(), secret), (true, Some("regcred")));
}

#[test]
fn null_gives_back_the_built_in_default() {
    let app = with("services: { web: { size: null, labels: { tier: null } } }");
    let web = &app.services["web"];
    assert_eq!(web.size.memory.peek().request.mebibytes(), 256);
    assert!(!web.labels.peek().contains_key("tier"));
}

#[test]
fn null_takes_a_service_away() {
    let app = with("services: { admin: null }");
    assert_eq!(app.services.len(), 1);
}

#[test]
fn none_is_said_against_a_default_too() {
    let app = with("services: { web: { ports: none, health: none } }");
    let web = &app.services["web"];
    assert!(web.ports.all.is_empty());
    assert!(web.health.ready.is_none());
    assert_eq!(web.stop.drain.peek().secs(), 0);
}

#[test]
fn none_is_text_in_env() {
    let app = with("services: { web: { env: { A: none } } }");
    let EnvValue::Text(text) = &app.services["web"].env.peek()["A"] else {
        panic!("text");
    };
    assert_eq!(text.text().expect("plain").peek(), "none");
}

#[test]
fn a_choice_passes_over_what_comes_from_below() {
    let base = "\
app: a
stores: { db: { engine: postgres, args: [-c], tls: true } }
services: { web: { ports: 80, scale: { replicas: 2..5, cpu: 50% } } }
environments:
  dev:
    stores: { db: { run: external, host: db.example.org } }
    services: { web: { scale: 3 } }
";
    let app = app(base);
    assert_eq!(
        app.stores["db"]
            .host
            .as_ref()
            .map(|host| host.peek().as_str()),
        Some("db.example.org")
    );
    assert!(app.stores["db"].args.is_none());
    assert!(!app.services["web"].scale.replicas.auto.peek());
}

#[test]
fn a_strategy_is_one_thing() {
    let base = "\
app: a
platform: { rollouts: argo-rollouts }
deliver: { strategy: { canary: { steps: [10% for 1m] } } }
services: { web: { ports: 80 } }
environments: { dev: { deliver: { strategy: { rolling: { surge: 1 } } } }, prod: {} }
";
    let dev = app_in(base, "dev");
    assert!(matches!(dev.services["web"].strategy, Strategy::Rolling(_)));
    let prod = app_in(base, "prod");
    assert!(matches!(prod.services["web"].strategy, Strategy::Canary(_)));
}

#[test]
fn environments_extend_each_other_oldest_first() {
    let text = "\
app: a
vars: { v: base, w: base }
services: { web: { env: { V: \"${v}-${w}-${env}\" } } }
environments:
  one: { vars: { v: one, w: one } }
  two: { extends: one, vars: { v: two }, default: true, short: t }
";
    let app = app(text);
    assert_eq!(app.vars["v"].peek(), "two");
    assert_eq!(app.vars["w"].peek(), "one");
    assert_eq!(app.vars["w"].handle().0, "vars.w");
    assert_eq!(app.environment.short.peek(), "t");
}

#[test]
fn set_lies_over_everything() {
    let sets = [("services.web.scale", "3..7"), ("namespace", "other")];
    let app = one(with_sets(BASE, &sets), None);
    assert_eq!(*app.services["web"].scale.replicas.max.peek(), 7);
    assert_eq!(app.namespace.name.peek(), "other");
}

#[test]
fn the_main_port_is_the_first_that_the_topmost_writer_names() {
    let app = with("services: { web: { ports: { admin: 9000, http: 8081 } } }");
    let (name, port) = app.services["web"].ports.main().expect("a port");
    assert_eq!((name.as_str(), *port.port.peek()), ("admin", 9000));
}

#[test]
fn a_job_takes_all_of_its_program_but_command_args_and_size() {
    let text = "\
app: a
services:
  web: { image: web:1, command: [/web], size: { cpu: 2 }, env: { A: \"${service}\", B: b }, uses: [db] }
stores: { db: { engine: postgres } }
jobs: { tidy: { service: web, when: daily 02:00, env: { B: c } } }
";
    let app = app(text);
    let job = &app.jobs["tidy"];
    assert_eq!(job.image.name.peek(), "web");
    assert_eq!(job.image.tag.handle().0, "services.web.image.tag");
    assert!(job.command.is_none());
    assert_eq!(job.size.cpu.peek().request.millis(), 100);
    let text = |name: &str| match &job.env.peek()[name] {
        EnvValue::Text(text) => text.text().expect("plain").peek().clone(),
        _ => panic!("text"),
    };
    assert_eq!((text("A").as_str(), text("B").as_str()), ("tidy", "c"));
    assert!(job.uses.contains_key("db"));
}

#[test]
fn cap_lowers_and_never_raises() {
    let text = "\
app: a
cap: { replicas: 3, memory: 128Mi, instances: 1, storage: 5Gi }
services: { web: { ports: 80, scale: 2..9 }, one: { scale: 5..9 }, two: { scale: 1 } }
stores: { db: { engine: postgres, instances: 3 } }
";
    let app = app(text);
    let web = &app.services["web"].scale.replicas;
    assert_eq!(
        (*web.min.peek(), *web.max.peek(), *web.auto.peek()),
        (2, 3, true)
    );
    let one = &app.services["one"].scale.replicas;
    assert_eq!((*one.min.peek(), *one.auto.peek()), (3, false));
    assert_eq!(*app.services["two"].scale.replicas.count.peek(), 1);
    assert_eq!(
        app.services["web"].size.memory.peek().request.mebibytes(),
        128
    );
    let db = &app.stores["db"];
    assert_eq!(db.mode.peek().word(), "single");
    assert!(
        matches!(&db.storage, OrNone::Some(storage) if storage.size.peek().to_string() == "5Gi")
    );
}

#[test]
fn cap_lowers_disks_of_services_and_shared_ones_but_not_memory() {
    let text = "\
app: a
cap: { storage: 5Gi }
services:
  web:
    kind: statefulset
    volumes: { /big: 50Gi, /small: 1Gi, /fast: { size: 9Gi, memory: true } }
claims: { files: { size: 100Gi }, few: { size: 2Gi } }
";
    let app = app(text);
    let volumes = &app.services["web"].volumes;
    let size = |path: &str| {
        volumes[path]
            .size
            .as_ref()
            .map(|size| size.peek().to_string())
    };
    let sizes = ["/big", "/small", "/fast"].map(|path| size(path).unwrap_or_default());
    assert_eq!(sizes, ["5Gi", "1Gi", "9Gi"]);
    let claims = ["files", "few"].map(|name| app.claims[name].size.peek().to_string());
    assert_eq!(claims, ["5Gi", "2Gi"]);
}

/// `none` is explicitly nothing, over `defaults`, over what a service is like and over built-in defaults.
#[test]
fn none_is_the_empty_set_list_or_map() {
    let text = "\
app: a
defaults: { callers: [ops], uses: [db], secrets: [S], env: { A: b }, writable: [/tmp, /cache], can: [get pods], args: [run] }
services:
  web: { ports: 80 }
  none: { ports: 80, callers: none, uses: none, secrets: none, env: none, writable: none, can: none, args: none }
stores: { db: { engine: postgres } }
secrets: { S: {} }
platform: { telemetry: otel }
environments: { prod: {}, dev: { services: { web: { callers: none, uses: none } } } }
";
    let app = app_in(text, "prod");
    let web = &app.services["web"];
    assert_eq!(
        (web.callers.len(), web.uses.len(), web.can.len()),
        (1, 2, 1)
    );
    let none = &app.services["none"];
    assert!(none.callers.is_empty() && none.uses.is_empty() && none.secrets.is_empty());
    assert!(none.env.peek().is_empty() && none.can.is_empty());
    assert!(matches!(&none.writable, Writable::Paths(paths) if paths.is_empty()));
    assert_eq!(none.args.as_ref().map(Vec::len), Some(0));
    let web = &app_in(text, "dev").services["web"];
    assert!(web.callers.is_empty() && web.uses.is_empty());
}

#[test]
fn a_branch_that_does_not_hold_may_name_what_is_not_here() {
    let text = "\
app: a
services:
  web:
    uses: [{ cache: { optional: true } }]
    env:
      ADDRESS: \"${cache.address}\"
      MODE: { if: cache, then: \"at ${cache.host}\", else: alone }
environments: { dev: {}, prod: { stores: { cache: { engine: valkey } } } }
";
    let dev = app_in(text, "dev");
    let env = dev.services["web"].env.peek();
    assert!(!env.contains_key("ADDRESS"));
    let EnvValue::If(EnvIf { holds, else_, .. }) = &env["MODE"] else {
        panic!("a condition");
    };
    assert!(!holds.peek());
    assert!(else_.is_some());
    let prod = app_in(text, "prod");
    assert!(prod.services["web"].env.peek().contains_key("ADDRESS"));
}

#[test]
fn a_null_that_removes_nothing_is_reported_once() {
    let text = "app: a\nservices: { web: { env: { A: null } } }\nenvironments: { x: {}, y: {} }\n";
    let found = findings(&file(text));
    assert_eq!(
        found,
        ["plimsoll.yaml:2:30 PL0104 `A: null` removes nothing"]
    );
}

/// A service in its long form.
fn long(text: &str) -> Node {
    let mut sources = Sources::default();
    let file = sources.add("x", text);
    let mut findings = Findings::default();
    let node = yaml::read(&sources, file, &mut findings).remove(0);
    Speller::default()
        .spell(&App::shape(), &node, "")
        .expect("a map")
}

fn layer() -> impl Strategy_<Value = String> {
    let scale = prop_oneof![
        Just("2"),
        Just("3..5"),
        Just("single"),
        Just("{ cpu: 50% }")
    ];
    let uses = prop_oneof![
        Just("[db]"),
        Just("{ db: { pool: 3 } }"),
        Just("[cache, db]")
    ];
    let env = prop_oneof![Just("{ A: a }"), Just("{ B: b, A: x }"), Just("{}")];
    let image = prop_oneof![Just("a:1"), Just("{ tag: x }"), Just("{ name: b }")];
    (scale, uses, env, image).prop_map(|(scale, uses, env, image)| {
        format!(
            "services: {{ web: {{ scale: {scale}, uses: {uses}, env: {env}, image: {image} }} }}"
        )
    })
}

use proptest::strategy::Strategy as Strategy_;

proptest! {
    #[test]
    fn a_layer_over_itself_is_itself(text in layer()) {
        let node = long(&text);
        prop_assert_eq!(merge(&App::shape(), &node, &node, &mut Removed::new()), node);
    }

    #[test]
    fn merging_does_not_depend_on_where_one_begins(a in layer(), b in layer(), c in layer()) {
        let (a, b, c) = (long(&a), long(&b), long(&c));
        let over = |upper: &Node, lower: &Node| {
            merge(&App::shape(), upper, lower, &mut Removed::new())
        };
        let left = over(&over(&a, &b), &c);
        let right = over(&a, &over(&b, &c));
        // An image whose name comes from the middle layer removes tags of the lowest in both.
        prop_assert_eq!(left, right);
    }

    #[test]
    fn what_is_long_already_stays(text in layer()) {
        let node = long(&text);
        let again = Speller::default().spell(&App::shape(), &node, "").expect("a map");
        prop_assert_eq!(again, node);
    }
}
