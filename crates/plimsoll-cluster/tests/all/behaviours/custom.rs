//! Custom resources: their schemas, defaults, pruning and subresources.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::At;

behaviours![
    a_definition_is_established_and_served,
    a_custom_object_gets_its_defaults,
    unknown_fields_of_a_custom_object_are_pruned,
    a_strict_custom_object_refuses_unknown_fields,
    a_custom_object_needs_its_required_fields,
    a_custom_object_has_its_types,
    a_custom_object_has_its_choices,
    a_text_of_a_custom_object_matches_its_pattern,
    texts_of_a_custom_object_have_their_length,
    numbers_of_a_custom_object_have_their_bounds,
    a_list_of_a_custom_object_is_as_long_as_it_may_be,
    the_status_of_a_custom_object_has_its_own_path,
    a_custom_object_scales,
    lists_of_a_custom_object_merge_by_their_keys,
    a_custom_object_takes_no_strategic_patch,
    the_generation_of_a_custom_object_counts,
];

/// The group of a behaviour's own definition, so that none meets another's.
fn group(at: &At) -> String {
    format!("{}.example.com", at.namespace)
}

fn resource(at: &At) -> String {
    format!("{}/widgets", group(at))
}

async fn served(at: &At) -> Value {
    let group = group(at);
    let name = format!("widgets.{group}");
    at.create("customresourcedefinitions", json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}},
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {
                        "spec": {
                            "type": "object", "required": ["color"],
                            "properties": {
                                "color": {"type": "string", "enum": ["red", "blue"]},
                                "size": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9},
                                "host": {"type": "string", "minLength": 2, "maxLength": 12, "pattern": "^[a-z]+(\\.[a-z]+)*$"},
                                "hosts": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string", "pattern": "^[a-z]+$"}},
                                "parts": {
                                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                                    "items": {
                                        "type": "object", "required": ["name"],
                                        "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
                                    },
                                },
                            },
                        },
                        "status": {"type": "object", "properties": {"size": {"type": "integer"}}},
                    },
                }},
            }],
        },
    })).await;
    let established = |object: &Value| {
        let conditions = object["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten();
        conditions
            .into_iter()
            .any(|one| one["type"] == "Established" && one["status"] == "True")
    };
    let definition = at
        .until(&format!("customresourcedefinitions/{name}"), established)
        .await;
    at.until(&resource(at), |_| true).await;
    definition
}

fn widget(at: &At, spec: Value) -> Value {
    json!({"apiVersion": format!("{}/v1", group(at)), "kind": "Widget", "metadata": {"name": "a"}, "spec": spec})
}

async fn made(at: &At) -> Value {
    served(at).await;
    at.create(&resource(at), widget(at, json!({"color": "red"})))
        .await
}

async fn a_definition_is_established_and_served(at: At) {
    let definition = served(&at).await;
    assert_eq!(definition["status"]["storedVersions"], json!(["v1"]));
    assert_eq!(definition["status"]["acceptedNames"]["singular"], "widget");
    assert_eq!(at.get(&resource(&at)).await["kind"], "WidgetList");
}

async fn a_custom_object_gets_its_defaults(at: At) {
    assert_eq!(made(&at).await["spec"], json!({"color": "red", "size": 3}));
}

async fn unknown_fields_of_a_custom_object_are_pruned(at: At) {
    served(&at).await;
    let object = at
        .create(
            &resource(&at),
            widget(&at, json!({"color": "red", "colour": "x"})),
        )
        .await;
    assert!(object["spec"].get("colour").is_none());
}

async fn a_strict_custom_object_refuses_unknown_fields(at: At) {
    served(&at).await;
    let what = format!("{}?fieldValidation=Strict", resource(&at));
    let refused = at
        .try_create(&what, widget(&at, json!({"color": "red", "colour": "x"})))
        .await
        .expect_err("unknown");
    assert_eq!(refused.code, 400);
    assert!(
        refused
            .message
            .ends_with("strict decoding error: unknown field \"spec.colour\""),
        "{}",
        refused.message
    );
}

async fn invalid(at: &At, spec: Value, part: &str) {
    served(at).await;
    refuses(at, spec, part).await;
}

async fn refuses(at: &At, spec: Value, part: &str) {
    let refused = at
        .try_create(&resource(at), widget(at, spec))
        .await
        .expect_err("invalid");
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (422, "Invalid"),
        "{}",
        refused.message
    );
    let start = format!("Widget.{} \"a\" is invalid: ", group(at));
    assert!(
        refused.message.starts_with(&start) && refused.message.contains(part),
        "{}",
        refused.message
    );
}

async fn a_custom_object_needs_its_required_fields(at: At) {
    invalid(&at, json!({}), "spec.color: Required value").await;
}

async fn a_custom_object_has_its_types(at: At) {
    let part = "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"";
    invalid(&at, json!({"color": "red", "size": "big"}), part).await;
}

async fn a_custom_object_has_its_choices(at: At) {
    invalid(
        &at,
        json!({"color": "green"}),
        "spec.color: Unsupported value: \"green\": supported values: \"red\", \"blue\"",
    )
    .await;
}

async fn a_text_of_a_custom_object_matches_its_pattern(at: At) {
    invalid(
        &at,
        json!({"color": "red", "host": "a.b:8443"}),
        "spec.host: Invalid value: \"a.b:8443\": spec.host in body should match '^[a-z]+(\\.[a-z]+)*$'",
    )
    .await;
    refuses(
        &at,
        json!({"color": "red", "hosts": ["a", "*"]}),
        "spec.hosts[1]: Invalid value: \"*\": spec.hosts[1] in body should match '^[a-z]+$'",
    )
    .await;
}

async fn texts_of_a_custom_object_have_their_length(at: At) {
    invalid(
        &at,
        json!({"color": "red", "host": "a"}),
        "spec.host: Invalid value: \"a\": spec.host in body should be at least 2 chars long",
    )
    .await;
    refuses(
        &at,
        json!({"color": "red", "host": "abcdefghijklm"}),
        "spec.host: Too long: may not be ",
    )
    .await;
}

async fn numbers_of_a_custom_object_have_their_bounds(at: At) {
    invalid(
        &at,
        json!({"color": "red", "size": 0}),
        "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
    )
    .await;
    refuses(
        &at,
        json!({"color": "red", "size": 10}),
        "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9",
    )
    .await;
}

async fn a_list_of_a_custom_object_is_as_long_as_it_may_be(at: At) {
    invalid(
        &at,
        json!({"color": "red", "hosts": []}),
        "spec.hosts: Invalid value: 0: spec.hosts in body should have at least 1 items",
    )
    .await;
    refuses(
        &at,
        json!({"color": "red", "hosts": ["a", "b", "c"]}),
        "spec.hosts: Too many: 3: must have at most 2 items",
    )
    .await;
}

async fn the_status_of_a_custom_object_has_its_own_path(at: At) {
    made(&at).await;
    let object = format!("{}/a", resource(&at));
    let plain = at
        .patch("merge", &object, json!({"status": {"size": 1}}))
        .await;
    assert!(plain["status"].is_null());
    let status = at
        .patch(
            "merge",
            &format!("{object}/status"),
            json!({"status": {"size": 1}, "spec": {"size": 9}}),
        )
        .await;
    assert_eq!(
        (&status["status"]["size"], &status["spec"]["size"]),
        (&json!(1), &json!(3))
    );
}

async fn a_custom_object_scales(at: At) {
    made(&at).await;
    let scale = format!("{}/a/scale", resource(&at));
    assert_eq!(at.get(&scale).await["spec"]["replicas"], 3);
    at.patch("merge", &scale, json!({"spec": {"replicas": 5}}))
        .await;
    assert_eq!(
        at.get(&format!("{}/a", resource(&at))).await["spec"]["size"],
        5
    );
}

async fn lists_of_a_custom_object_merge_by_their_keys(at: At) {
    served(&at).await;
    let what = format!("{}/a", resource(&at));
    at.apply(
        "one",
        &what,
        widget(
            &at,
            json!({"color": "red", "parts": [{"name": "x", "count": 1}]}),
        ),
    )
    .await;
    let object = at
        .apply(
            "two",
            &what,
            widget(
                &at,
                json!({"color": "red", "parts": [{"name": "y", "count": 2}]}),
            ),
        )
        .await;
    assert_eq!(
        object["spec"]["parts"],
        json!([{"name": "x", "count": 1}, {"name": "y", "count": 2}])
    );
}

async fn a_custom_object_takes_no_strategic_patch(at: At) {
    made(&at).await;
    let refused = at
        .try_patch(
            "strategic",
            &format!("{}/a", resource(&at)),
            json!({"spec": {"size": 1}}),
        )
        .await;
    assert_eq!(refused.expect_err("no strategic patch").code, 415);
}

async fn the_generation_of_a_custom_object_counts(at: At) {
    assert_eq!(made(&at).await["metadata"]["generation"], 1);
    let what = format!("{}/a", resource(&at));
    let changed = at.patch("merge", &what, json!({"spec": {"size": 4}})).await;
    assert_eq!(changed["metadata"]["generation"], 2);
    let labelled = at
        .patch("merge", &what, json!({"metadata": {"labels": {"x": "y"}}}))
        .await;
    assert_eq!(labelled["metadata"]["generation"], 2);
}
