//! One release's definitions, from its published OpenAPI document and the generated Go code beside it.
//!
//! The document lacks allowed values and defaults, which only the generated code has.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use plimsoll_schema::{PatchStrategy, Scalar};
use serde_json::Value;

use super::kinds::{self, Resource};

/// What one release defines.
pub struct OpenApi {
    pub definitions: BTreeMap<String, Definition>,
    pub resources: BTreeMap<Gvk, Resource>,
    /// Kinds and the definitions of their objects.
    pub objects: BTreeMap<Gvk, String>,
}

/// Group, version and kind.
pub type Gvk = (String, String, String);

/// A named type.
#[derive(Clone)]
pub struct Definition {
    pub form: Form,
    pub fields: BTreeMap<String, Property>,
    pub atomic: bool,
}

/// A field of a named type.
#[derive(Clone)]
pub struct Property {
    pub form: Form,
    pub required: bool,
    pub patch: PatchStrategy,
    pub merge_key: Option<String>,
    pub default: Option<String>,
    pub atomic: bool,
    pub choices: Vec<String>,
}

/// The form of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Named(String),
    Object,
    Any,
    Scalar(Scalar),
    Map {
        value: Box<Form>,
        atomic: bool,
    },
    List {
        item: Box<Form>,
        kind: String,
        keys: Vec<String>,
    },
}

/// Reads the release in `folder`.
pub fn read(folder: &Path) -> Result<OpenApi> {
    let document = fs::read(folder.join("api/openapi-spec/swagger.json"))?;
    let document: Value = serde_json::from_slice(&document)?;
    let code = fs::read_to_string(folder.join("pkg/generated/openapi/zz_generated.openapi.go"))?;
    let extras = extras(&code);
    let definitions = document["definitions"]
        .as_object()
        .context("no definitions")?;
    let mut objects = BTreeMap::new();
    for (name, schema) in definitions {
        for gvk in kinds::gvks(schema) {
            objects.entry(gvk).or_insert_with(|| name.clone());
        }
    }
    let resources = kinds::resources(document["paths"].as_object().context("no paths")?);
    let definitions = definitions
        .iter()
        .map(|(name, schema)| (name.clone(), definition(name, schema, &extras)));
    Ok(OpenApi {
        definitions: definitions.collect(),
        resources,
        objects,
    })
}

fn definition(
    name: &str,
    schema: &Value,
    extras: &BTreeMap<(String, String), Extra>,
) -> Definition {
    let required = |field: &str| words(schema, "required").iter().any(|known| known == field);
    let owner = short_name(name);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields = properties.map(|(field, schema)| {
        let extra = extras
            .get(&(owner.clone(), field.clone()))
            .cloned()
            .unwrap_or_default();
        let form = form(schema);
        let property = Property {
            required: required(field),
            patch: match word(schema, "x-kubernetes-patch-strategy") {
                "merge" => PatchStrategy::Merge,
                "retainKeys" => PatchStrategy::RetainKeys,
                "merge,retainKeys" => PatchStrategy::MergeRetainKeys,
                _ => PatchStrategy::Replace,
            },
            merge_key: schema["x-kubernetes-patch-merge-key"]
                .as_str()
                .map(str::to_owned),
            default: extra.default,
            atomic: matches!(form, Form::Named(_))
                && word(schema, "x-kubernetes-map-type") == "atomic",
            choices: extra.choices,
            form,
        };
        (field.clone(), property)
    });
    let fields: BTreeMap<String, Property> = fields.collect();
    let form = special(name).unwrap_or_else(|| {
        if fields.is_empty() {
            form(schema)
        } else {
            Form::Object
        }
    });
    Definition {
        form,
        fields,
        atomic: word(schema, "x-kubernetes-map-type") == "atomic",
    }
}

/// Types whose JSON form the document does not tell.
fn special(name: &str) -> Option<Form> {
    Some(match name.strip_prefix("io.k8s.apimachinery.pkg.")? {
        "api.resource.Quantity" => Form::Scalar(Scalar::Quantity),
        "util.intstr.IntOrString" => Form::Scalar(Scalar::IntOrString),
        "apis.meta.v1.Time" => Form::Scalar(Scalar::Time),
        "apis.meta.v1.MicroTime" => Form::Scalar(Scalar::MicroTime),
        "apis.meta.v1.FieldsV1" | "runtime.RawExtension" | "apis.meta.v1.Patch" => Form::Any,
        _ => return None,
    })
}

fn form(schema: &Value) -> Form {
    if let Some(name) = schema["$ref"].as_str() {
        return Form::Named(name.trim_start_matches("#/definitions/").to_owned());
    }
    match word(schema, "type") {
        "object" if schema["additionalProperties"].is_object() => Form::Map {
            value: Box::new(form(&schema["additionalProperties"])),
            atomic: word(schema, "x-kubernetes-map-type") == "atomic",
        },
        "object" => Form::Object,
        "array" => Form::List {
            item: Box::new(form(&schema["items"])),
            kind: word(schema, "x-kubernetes-list-type").to_owned(),
            keys: words(schema, "x-kubernetes-list-map-keys"),
        },
        "string" => Form::Scalar(match word(schema, "format") {
            "byte" => Scalar::Bytes,
            "date-time" => Scalar::Time,
            _ => Scalar::String,
        }),
        "integer" if word(schema, "format") == "int32" => Form::Scalar(Scalar::Int32),
        "integer" => Form::Scalar(Scalar::Int64),
        "number" => Form::Scalar(Scalar::Number),
        "boolean" => Form::Scalar(Scalar::Boolean),
        _ => Form::Any,
    }
}

/// What only the generated code tells of a field.
#[derive(Clone, Default)]
struct Extra {
    choices: Vec<String>,
    default: Option<String>,
}

/// Extras by short type name and field.
fn extras(code: &str) -> BTreeMap<(String, String), Extra> {
    let mut extras: BTreeMap<(String, String), Extra> = BTreeMap::new();
    let (mut owner, mut field) = (String::new(), String::new());
    for line in code.lines() {
        if let Some(rest) = line.strip_prefix("func schema_") {
            let name = rest.split('(').next().unwrap_or_default();
            owner = ["k8sio_api_", "pkg_apis_"]
                .iter()
                .find_map(|start| name.strip_prefix(start))
                .unwrap_or("")
                .into();
            field.clear();
        } else if let Some(rest) = line
            .strip_prefix("\t\t\t\t\t\"")
            .and_then(|rest| rest.strip_suffix("\": {"))
        {
            rest.clone_into(&mut field);
        } else if let Some(list) = line.trim().strip_prefix("Enum:") {
            let list = list
                .trim()
                .trim_start_matches("[]interface{}{")
                .trim_end_matches("},");
            let extra = extras.entry((owner.clone(), field.clone())).or_default();
            extra.choices = list
                .split(", ")
                .map(|value| value.trim_matches('"').to_owned())
                .collect();
        } else if let Some(value) = line.strip_prefix("\t\t\t\t\t\t\tDefault:").map(str::trim) {
            let value = value.trim_end_matches(',');
            if value.len() > 2 && value.starts_with('"') {
                extras
                    .entry((owner.clone(), field.clone()))
                    .or_default()
                    .default = Some(value.to_owned());
            }
        }
    }
    extras
}

/// `core_v1_Pod` for `io.k8s.api.core.v1.Pod`.
fn short_name(name: &str) -> String {
    let mut parts: Vec<&str> = name.rsplit('.').take(3).collect();
    parts.reverse();
    parts.join("_")
}

pub fn word<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema[name].as_str().unwrap_or_default()
}

pub fn words(schema: &Value, name: &str) -> Vec<String> {
    schema[name]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
