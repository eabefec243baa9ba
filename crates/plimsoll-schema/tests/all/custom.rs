//! Types of custom resources.
use plimsoll_schema::{
    ListKind, Minor, Path, Schemas, TypeId, custom, duplicates, fill_defaults, kubernetes, prune,
    validate,
};
use serde_json::{Value, json};

fn widget() -> (Schemas, TypeId) {
    let mut schemas = Schemas::new();
    let id = custom(
        &mut schemas,
        &json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "required": ["size", "owner"],
            "properties": {
                "owner": {"type": "string"},
                "size": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9},
                "mode": {"type": "string", "enum": ["fast", "safe"]},
                "port": {"x-kubernetes-int-or-string": true},
                "note": {"type": "string", "nullable": true},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "pod": {"type": "object", "x-kubernetes-embedded-resource": true,
                        "x-kubernetes-preserve-unknown-fields": true},
                "hosts": {"type": "array", "x-kubernetes-list-type": "map",
                          "x-kubernetes-list-map-keys": ["name"],
                          "items": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}}}
            }
        }}}),
    );
    (schemas, id)
}

fn problems(spec: &Value) -> Vec<String> {
    let (schemas, id) = widget();
    let object = json!({"apiVersion": "example.org/v1", "kind": "Widget",
                        "metadata": {"name": "w"}, "spec": spec});
    let problems = validate(&schemas, id, &object, Minor::LAST);
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.kind))
        .collect()
}

#[test]
fn a_required_field_with_a_default_may_be_absent() {
    assert_eq!(problems(&json!({"owner": "me"})), Vec::<String>::new());
    assert_eq!(
        problems(&json!({})),
        ["spec.owner: required value is missing"]
    );
}

#[test]
fn a_sound_custom_object_has_no_problems() {
    let spec = json!({"owner": "me", "size": 1, "mode": "fast", "port": "http", "note": null,
                      "free": {"any": {"thing": 1}}, "hosts": [{"name": "a"}]});
    assert_eq!(problems(&spec), Vec::<String>::new());
}

#[test]
fn a_custom_object_is_held_to_its_schema() {
    let spec = json!({"sise": 1, "mode": "fats", "port": 1.5, "hosts": [{"nam": "a"}]});
    assert_eq!(
        problems(&spec),
        [
            "spec.sise: unknown field; did you mean `size`?",
            "spec.mode: unknown value; did you mean `fast`?",
            "spec.port: expected an integer or a text, found a fraction",
            "spec.hosts[0].nam: unknown field; did you mean `name`?",
            "spec.owner: required value is missing",
        ]
    );
}

#[test]
fn lists_and_defaults_of_a_custom_object_are_known() {
    let (schemas, id) = widget();
    let hosts = schemas
        .list_kind(id, &Path::of_fields("spec.hosts"))
        .unwrap();
    assert_eq!(
        hosts,
        &ListKind::Map {
            keys: vec!["name".into()]
        }
    );
    let size = schemas
        .place(id, &Path::of_fields("spec.size"))
        .unwrap()
        .field
        .unwrap();
    assert_eq!(size.default.as_deref(), Some("3"));
}

#[test]
fn metadata_of_a_custom_object_is_that_of_every_object() {
    let (schemas, id) = widget();
    let object = json!({"metadata": {"lables": {}}, "spec": {"owner": "me"}});
    let problems = validate(&schemas, id, &object, Minor::LAST);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path.to_string(), "metadata.lables");
}

#[test]
fn sizes_of_a_custom_object_are_held_to_their_bounds() {
    let spec = json!({"owner": "me", "size": 0, "hosts": [{"name": "längst"}]});
    let expected = [
        "spec.size: 0 is less than 1, the least allowed",
        "spec.hosts[0].name: 6 is more than 5, the most allowed",
    ];
    assert_eq!(problems(&spec), expected);
    assert_eq!(
        problems(&json!({"owner": "me", "size": 9, "hosts": [{"name": "lange"}]})),
        Vec::<String>::new()
    );
}

#[test]
fn absent_fields_get_the_declared_default_only_inside_objects_that_are_there() {
    let (schemas, id) = widget();
    let mut object = json!({"spec": {"mode": "fast"}});
    fill_defaults(&schemas, id, &mut object);
    assert_eq!(object, json!({"spec": {"mode": "fast", "size": 3}}));
    let mut empty = json!({});
    fill_defaults(&schemas, id, &mut empty);
    assert_eq!(empty, json!({}));
}

#[test]
fn unknown_fields_are_pruned_unless_the_schema_keeps_them() {
    let (schemas, id) = widget();
    let mut object = json!({"kind": "Widget", "spec": {"sise": 1, "free": {"any": 1}}, "data": 1});
    prune(&schemas, id, &mut object, Minor::LAST);
    assert_eq!(
        object,
        json!({"kind": "Widget", "spec": {"free": {"any": 1}}})
    );
}

#[test]
fn a_field_whose_gate_is_off_is_pruned() {
    let table = kubernetes();
    let pod = table.kind("", "v1", "Pod").unwrap();
    let object = json!({"spec": {"hostUsers": false, "hostNetwork": false}});
    let pruned = |minor| {
        let mut object = object.clone();
        prune(table, pod, &mut object, Minor::new(minor));
        object
    };
    assert_eq!(pruned(32), json!({"spec": {"hostNetwork": false}}));
    assert_eq!(pruned(33), object);
}

#[test]
fn items_with_equal_keys_are_duplicates_and_defaults_count() {
    let table = kubernetes();
    let service = table.kind("", "v1", "Service").unwrap();
    let ports = |protocol: &str| json!({"spec": {"ports": [{"port": 53}, {"port": 53, "protocol": protocol}]}});
    let paths: Vec<String> = duplicates(table, service, &ports("TCP"))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(paths, ["spec.ports[1]"]);
    assert_eq!(duplicates(table, service, &ports("UDP")), []);
}
