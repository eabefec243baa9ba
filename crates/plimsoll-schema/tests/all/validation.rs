//! One hit and one near miss for each kind of problem.
use plimsoll_schema::{Minor, kubernetes, validate_object};
use serde_json::{Value, json};

/// A sound Deployment with one change.
fn deployment(change: impl FnOnce(&mut Value)) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "labels": {"app": "shop"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "shop"}},
            "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{
                    "name": "shop",
                    "image": "example.org/shop:1",
                    "ports": [{"containerPort": 8080}],
                    "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}
                }]}
            }
        }
    });
    change(&mut object);
    object
}

fn problems(object: &Value, at: u8) -> Vec<String> {
    let problems = validate_object(kubernetes(), object, Minor::new(at));
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.kind))
        .collect()
}

fn pod_spec(object: &mut Value) -> &mut Value {
    &mut object["spec"]["template"]["spec"]
}

#[test]
fn a_sound_object_has_no_problems_in_any_version() {
    for minor in Minor::all() {
        assert_eq!(
            problems(&deployment(|_| {}), minor.number()),
            Vec::<String>::new()
        );
    }
}

#[test]
fn a_misspelt_field_is_unknown_and_the_right_one_is_named() {
    let object = deployment(|object| pod_spec(object)["contianers"] = json!([]));
    let expected = "spec.template.spec.contianers: unknown field; did you mean `containers`?";
    assert_eq!(problems(&object, 37), [expected]);
}

#[test]
fn a_free_key_of_a_map_is_not_unknown() {
    let object = deployment(|object| object["metadata"]["labels"]["contianers"] = json!("x"));
    assert_eq!(problems(&object, 37), Vec::<String>::new());
}

#[test]
fn a_text_is_no_integer() {
    let object = deployment(|object| object["spec"]["replicas"] = json!("2"));
    assert_eq!(
        problems(&object, 37),
        ["spec.replicas: expected an integer of 32 bits, found a text"]
    );
}

#[test]
fn a_fraction_and_a_large_number_are_no_integers_of_32_bits() {
    let fraction = deployment(|object| object["spec"]["replicas"] = json!(2.0));
    assert_eq!(problems(&fraction, 37).len(), 1);
    let large = deployment(|object| object["spec"]["replicas"] = json!(4_294_967_296_i64));
    assert_eq!(problems(&large, 37).len(), 1);
}

#[test]
fn an_unquoted_label_value_is_no_text() {
    let object = deployment(|object| object["metadata"]["labels"]["version"] = json!(1));
    assert_eq!(
        problems(&object, 37),
        ["metadata.labels[version]: expected a text, found an integer"]
    );
}

#[test]
fn an_absent_required_field_is_missing_and_so_is_null() {
    let container =
        |object: &mut Value, name: Value| pod_spec(object)["containers"][0]["name"] = name;
    let object = deployment(|object| container(object, Value::Null));
    let expected = "spec.template.spec.containers[0].name: required value is missing";
    assert_eq!(problems(&object, 37), [expected]);
    assert_eq!(
        problems(&deployment(|object| container(object, json!("x"))), 37).len(),
        0
    );
}

#[test]
fn a_null_optional_field_is_absent() {
    let object = deployment(|object| pod_spec(object)["affinity"] = Value::Null);
    assert_eq!(problems(&object, 37), Vec::<String>::new());
}

#[test]
fn a_field_is_refused_before_the_version_that_brought_it() {
    let object = deployment(|object| {
        pod_spec(object)["volumes"] =
            json!([{"name": "model", "image": {"reference": "example.org/m:1"}}]);
    });
    let path = "spec.template.spec.volumes[0].image";
    assert_eq!(
        problems(&object, 30),
        [format!("{path}: only known since Kubernetes 1.31")]
    );
    let gated = "dropped silently before Kubernetes 1.35 unless a feature gate is turned on";
    assert_eq!(problems(&object, 31), [format!("{path}: {gated}")]);
    assert_eq!(problems(&object, 35), Vec::<String>::new());
}

#[test]
fn a_value_outside_the_allowed_ones_is_refused() {
    let policy = |value: &str| {
        let value = json!(value);
        deployment(|object| pod_spec(object)["containers"][0]["imagePullPolicy"] = value)
    };
    let expected =
        "spec.template.spec.containers[0].imagePullPolicy: unknown value; did you mean `Always`?";
    assert_eq!(problems(&policy("always"), 37), [expected]);
    assert_eq!(problems(&policy("IfNotPresent"), 37), Vec::<String>::new());
}

fn bare(api_version: &str, kind: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind})
}

#[test]
fn a_kind_is_refused_outside_its_versions_and_its_replacement_is_named() {
    let schema = bare("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema");
    let expected = "kind: kind only known from Kubernetes 1.27 to 1.31; \
                    did you mean `FlowSchema` of `flowcontrol.apiserver.k8s.io/v1`?";
    assert_eq!(problems(&schema, 32), [expected]);
    assert_eq!(problems(&schema, 31), Vec::<String>::new());
}

#[test]
fn an_unknown_kind_names_the_one_probably_meant() {
    let expected = "kind: unknown kind; did you mean `Deployment` of `apps/v1`?";
    assert_eq!(problems(&bare("apps/v1", "Deploiment"), 37), [expected]);
    assert_eq!(problems(&bare("v1", "Deployment"), 37), [expected]);
    let expected = "kind: unknown kind; did you mean `Ingress` of `networking.k8s.io/v1`?";
    assert_eq!(
        problems(&bare("extensions/v1beta1", "Ingress"), 37),
        [expected]
    );
    assert_eq!(
        problems(&bare("example.org/v1", "Gizmo"), 37),
        ["kind: unknown kind"]
    );
}
