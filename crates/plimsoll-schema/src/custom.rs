//! Types of custom resources, from the OpenAPI schema of a `CustomResourceDefinition`.
use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{
    Bounds, Choice, Extra, Field, KindInfo, ListKind, Minor, Scalar, Schemas, Shape, Subresource,
    Text, Type, TypeId, kubernetes,
};

/// Adds the type that one version's `openAPIV3Schema` describes and returns its id.
///
/// `apiVersion`, `kind` and `metadata` are added with their built-in types, as the API server does.
pub fn custom(schemas: &mut Schemas, schema: &Value) -> TypeId {
    let id = lower(schemas, schema);
    let mut root = schemas.get(id).clone();
    let text = schemas.add(Type::nested(Shape::Scalar(Scalar::String)));
    let metadata = object_meta(schemas);
    if let Shape::Object { fields, .. } = &mut root.shape {
        let standard = [("apiVersion", text), ("kind", text), ("metadata", metadata)];
        fields.retain(|field| standard.iter().all(|(name, _)| field.name != *name));
        fields.extend(standard.map(|(name, ty)| Field::new(name, ty)));
        fields.sort_by(|a, b| a.name.cmp(&b.name));
    }
    schemas.add(root)
}

/// Adds the kinds that a `CustomResourceDefinition` serves and returns their versions.
pub fn custom_kinds(schemas: &mut Schemas, definition: &Value) -> Vec<String> {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let mut served = Vec::new();
    for version in list(spec, "versions").unwrap_or_default() {
        if !flag(version, "served") {
            continue;
        }
        let ty = custom(schemas, &version["schema"]["openAPIV3Schema"]);
        let mut kind = KindInfo {
            group: text(word(spec, "group")),
            version: text(word(version, "name")),
            kind: text(word(names, "kind")),
            plural: text(word(names, "plural")),
            singular: text(word(names, "singular")),
            short_names: texts(names, "shortNames"),
            categories: texts(names, "categories"),
            namespaced: word(spec, "scope") == "Namespaced",
            verbs: VERBS.map(Cow::Borrowed).to_vec(),
            subresources: Vec::new(),
            ty,
            since: Minor::FIRST,
            until: None,
        };
        kind.subresources = subresources(&kind, version);
        served.push(kind.version.to_string());
        schemas.add_kind(kind);
    }
    served
}

/// What may be done with every custom object.
const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

fn subresources(kind: &KindInfo, version: &Value) -> Vec<Subresource> {
    let own = (kind.group.clone(), kind.version.clone(), kind.kind.clone());
    let scale = ("autoscaling".into(), "v1".into(), "Scale".into());
    [("scale", scale), ("status", own)]
        .into_iter()
        .filter(|(name, _)| version["subresources"].get(name).is_some())
        .map(|(name, (group, version, kind))| Subresource {
            name: name.into(),
            group,
            version,
            kind,
            verbs: ["get", "patch", "update"].map(Cow::Borrowed).to_vec(),
        })
        .collect()
}

/// The id of `ObjectMeta` in `schemas`, copied there on first use.
fn object_meta(schemas: &mut Schemas) -> TypeId {
    const NAME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    if let Some(id) = schemas.named(NAME) {
        return id;
    }
    match kubernetes().named(NAME) {
        Some(id) => schemas.import(kubernetes(), id),
        None => schemas.add(Type::nested(Shape::Any)),
    }
}

fn lower(schemas: &mut Schemas, schema: &Value) -> TypeId {
    let mut ty = Type::nested(shape(schemas, schema));
    ty.nullable = flag(schema, "nullable");
    ty.bounds = bounds(&ty.shape, schema);
    if matches!(
        ty.shape,
        Shape::Scalar(Scalar::String | Scalar::IntOrString)
    ) {
        let pattern = schema.get("pattern").and_then(Value::as_str);
        ty.pattern = pattern.map(text);
    }
    if let (Shape::Scalar(Scalar::String), Some(values)) = (&ty.shape, list(schema, "enum")) {
        let choice = |value: &Value| Some(always(text(value.as_str()?)));
        ty.choices = values.iter().filter_map(choice).collect();
    }
    schemas.add(ty)
}

fn shape(schemas: &mut Schemas, schema: &Value) -> Shape {
    if flag(schema, "x-kubernetes-int-or-string") || word(schema, "format") == "int-or-string" {
        return Shape::Scalar(Scalar::IntOrString);
    }
    match word(schema, "type") {
        "object" => object(schemas, schema),
        "array" => {
            let item = schema.get("items").map(|items| lower(schemas, items));
            let item = item.unwrap_or_else(|| schemas.add(Type::nested(Shape::Any)));
            Shape::List {
                item,
                list: list_kind(schema),
            }
        }
        "string" => Shape::Scalar(match word(schema, "format") {
            "date-time" => Scalar::Time,
            "byte" => Scalar::Bytes,
            _ => Scalar::String,
        }),
        "integer" if word(schema, "format") == "int32" => Shape::Scalar(Scalar::Int32),
        "integer" => Shape::Scalar(Scalar::Int64),
        "number" => Shape::Scalar(Scalar::Number),
        "boolean" => Shape::Scalar(Scalar::Boolean),
        _ => Shape::Any,
    }
}

fn bounds(shape: &Shape, schema: &Value) -> Bounds {
    let (min, max) = match shape {
        Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Number) => ("minimum", "maximum"),
        Shape::Scalar(Scalar::String) => ("minLength", "maxLength"),
        Shape::List { .. } => ("minItems", "maxItems"),
        Shape::Map { .. } | Shape::Object { .. } => ("minProperties", "maxProperties"),
        _ => return Bounds::default(),
    };
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    Bounds {
        min: bound(min),
        max: bound(max),
    }
}

fn object(schemas: &mut Schemas, schema: &Value) -> Shape {
    let atomic = word(schema, "x-kubernetes-map-type") == "atomic";
    let embedded = flag(schema, "x-kubernetes-embedded-resource");
    let kept = flag(schema, "x-kubernetes-preserve-unknown-fields");
    let value = match schema.get("additionalProperties") {
        Some(Value::Bool(true)) => Some(schemas.add(Type::nested(Shape::Any))),
        Some(values @ Value::Object(_)) => Some(lower(schemas, values)),
        _ => None,
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    match (value, properties) {
        (Some(value), None) => Shape::Map { value, atomic },
        (value, properties) => {
            let required = list(schema, "required").unwrap_or_default();
            let fields = properties
                .map(|properties| fields(schemas, properties, required))
                .unwrap_or_default();
            let extra = match value {
                Some(value) => Extra::Of(value),
                None if kept => Extra::Kept,
                None => Extra::Refused,
            };
            Shape::Object {
                fields,
                extra,
                atomic,
                embedded,
            }
        }
    }
}

fn fields(
    schemas: &mut Schemas,
    properties: &Map<String, Value>,
    required: &[Value],
) -> Vec<Field> {
    let mut fields: Vec<Field> = properties
        .iter()
        .map(|(name, schema)| {
            let mut field = Field::new(name.clone(), lower(schemas, schema));
            field.required = required.iter().any(|value| value == name.as_str());
            field.default = schema
                .get("default")
                .map(|default| Cow::Owned(default.to_string()));
            field
        })
        .collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields
}

fn list_kind(schema: &Value) -> ListKind {
    match word(schema, "x-kubernetes-list-type") {
        "set" => ListKind::Set,
        "map" => ListKind::Map {
            keys: texts(schema, "x-kubernetes-list-map-keys"),
        },
        _ => ListKind::Atomic,
    }
}

fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn word<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(schema: &'a Value, name: &str) -> Option<&'a [Value]> {
    schema
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
}

fn texts(schema: &Value, name: &str) -> Vec<Text> {
    list(schema, name)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .map(text)
        .collect()
}

fn text(text: &str) -> Text {
    Cow::Owned(text.to_owned())
}

const fn always(value: Text) -> Choice {
    Choice {
        value,
        since: Minor::FIRST,
        until: None,
    }
}
