//! Types of custom resources.
use plimsoll_schema::{ListKind, Minor, Path, Schemas, TypeId, custom, validate};
use serde_json::{Value, json};

fn widget() -> (Schemas, TypeId) {
    let mut schemas = Schemas::new();
    let id = custom(
        &mut schemas,
        &json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "default": 3},
                "mode": {"type": "string", "enum": ["fast", "safe"]},
                "port": {"x-kubernetes-int-or-string": true},
                "note": {"type": "string", "nullable": true},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "pod": {"type": "object", "x-kubernetes-embedded-resource": true,
                        "x-kubernetes-preserve-unknown-fields": true},
                "hosts": {"type": "array", "x-kubernetes-list-type": "map",
                          "x-kubernetes-list-map-keys": ["name"],
                          "items": {"type": "object", "properties": {"name": {"type": "string"}}}}
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
fn a_sound_custom_object_has_no_problems() {
    let spec = json!({"size": 1, "mode": "fast", "port": "http", "note": null,
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
            "spec.size: required value is missing",
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
    let object = json!({"metadata": {"lables": {}}, "spec": {"size": 1}});
    let problems = validate(&schemas, id, &object, Minor::LAST);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path.to_string(), "metadata.lables");
}
