//! Forms evaluate to plain trees, turned or not.

use crate::*;
use plimsoll_source::{FileId, Handle, Knob, Node, Origin, Sourced, Span, Str};

fn written(at: u32) -> Origin {
    Origin::written(Span {
        file: FileId(0),
        start: at,
        end: at + 1,
    })
}

fn knob<T>(handle: &str, value: T, at: u32) -> Knob<T> {
    Knob::new(Handle(handle.into()), Sourced::new(value, written(at)))
}

fn deployment() -> Blueprint {
    let s = &Scope::new("workload/deployment");
    let auto = knob("services.api.scale.auto", true, 1);
    let replicas = knob("services.api.scale.replicas", 3_u32, 2);
    let name = Sourced::new(Str::from("api"), written(3));
    let body = form!(s; {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: &name, labels: { "app.kubernetes.io/name": &name } },
        spec: {
            when (Cond::off(&auto)) replicas: &replicas,
            paused: false,
            ports: [for port in [&name] => { name: port }, when (Cond::on(&auto)) "x"],
        },
    });
    let unit = Unit::Service("api".into());
    let objects = vec![ObjectForm::new(unit, Cond::known(true, &written(3)), body)];
    Blueprint {
        application: "a".into(),
        environment: "e".into(),
        namespace: "n".into(),
        objects,
    }
}

#[test]
fn a_turned_switch_brings_the_branch_that_no_environment_takes() {
    let blueprint = deployment();
    let plain = evaluate(&blueprint, &Values::of_the_file());
    assert_eq!(plain.objects[0].body.at(&["spec", "replicas"]), None);
    let off = Node::Bool(Origin::rule("turned", []), false);
    let values = Values::of_the_file().turn(Handle("services.api.scale.auto".into()), off);
    let turned = evaluate(&blueprint, &values);
    let replicas = turned.objects[0]
        .body
        .at(&["spec", "replicas"])
        .expect("replicas appear");
    assert_eq!(replicas.int(), Some(3));
    assert_eq!(replicas.origin().driven().len(), 1);
    assert_eq!(
        turned.objects[0]
            .body
            .at(&["spec", "ports"])
            .expect("ports")
            .items()
            .len(),
        1
    );
}

#[test]
fn what_decides_touches_the_container_also_where_it_says_no() {
    let world = evaluate(&deployment(), &Values::of_the_file());
    let spec = world.objects[0].body.get("spec").expect("spec");
    assert!(spec.origin().touched().iter().any(|span| span.start == 1));
    assert!(spec.origin().driven().is_empty());
}

#[test]
fn every_word_is_listed_once() {
    let params = deployment().params();
    let handles: Vec<&str> = params.keys().map(|handle| handle.0.as_str()).collect();
    assert_eq!(
        handles,
        ["services.api.scale.auto", "services.api.scale.replicas"]
    );
}

#[test]
fn objects_are_found_by_kind_and_name() {
    let world = evaluate(&deployment(), &Values::of_the_file());
    assert!(world.find("deployment/api").is_some());
    assert!(world.find("Deployment/apo").is_none());
}
