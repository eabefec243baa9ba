//! The schema of a chart's values: closed, so that a mistake is refused with its key. The law of the
//! outputs holds for every values file that it admits.

use super::chart::Chart;
use super::sources;
use super::words::Word;
use indexmap::IndexMap;
use plimsoll_source::{Node, Str};
use serde_json::{Map, Value, json};

/// Nothing that would end a text or a line around it.
const INSIDE: &str = "^[^'\"\\\\\\x00-\\x1f\\x7f-\\x9f\u{2028}\u{2029}]*$";
/// What templates write as YAML themselves: control characters would get lost there.
const PASSED: &str = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$";
/// A name of Kubernetes.
const NAME: &str = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
/// The same, or nothing.
const NAME_OR_NOTHING: &str = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$";
/// A host name, perhaps of all below it.
const HOST: &str = "^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
/// An environment variable.
const VARIABLE: &str = "^[-._a-zA-Z][-._a-zA-Z0-9]*$";
/// A label or annotation.
const LABEL: &str = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";
/// What a label is.
const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
/// A sealed value, base64.
const SEALED: &str = "^[A-Za-z0-9+/]+=*$";
/// What containers ask for.
const RESOURCE: &str = "^[a-z0-9]([-a-z0-9./]*[a-z0-9])?$";

/// The schema, draft 7: the newest that all supported versions of Helm read.
pub fn of(chart: &Chart, inside: &[String]) -> Value {
    let mut root = Object::default();
    for (path, word) in chart.words.in_order() {
        let mut object = &mut root;
        let steps: Vec<&str> = path.split('.').collect();
        let (last, above) = steps.split_last().expect("a path has a step");
        for step in above {
            object = object.step(step);
        }
        let inside = word.inside || inside.iter().any(|own| own == path);
        let required = !word.is_nullable();
        object
            .leaves
            .push(((*last).to_owned(), leaf(word, inside), required));
    }
    let mut schema = root.json();
    let Value::Object(map) = &mut schema else {
        unreachable!("a schema is an object")
    };
    let mut full = Map::new();
    full.insert(
        "$schema".to_owned(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    full.insert(
        "title".to_owned(),
        json!(format!("Values of the chart {}", chart.name)),
    );
    full.append(map);
    if let Some(Value::Object(properties)) = full.get_mut("properties") {
        // What Helm itself gives a chart that another one holds.
        properties.insert("global".to_owned(), json!({ "type": "object" }));
    }
    Value::Object(full)
}

#[derive(Default)]
struct Object {
    inner: IndexMap<String, Object>,
    leaves: Vec<(String, Value, bool)>,
}

impl Object {
    fn step(&mut self, step: &str) -> &mut Self {
        self.inner.entry(step.to_owned()).or_default()
    }

    fn json(self) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (key, schema, needed) in self.leaves {
            if needed {
                required.push(json!(key));
            }
            properties.insert(key, schema);
        }
        for (key, object) in self.inner {
            required.push(json!(key));
            properties.insert(key, object.json());
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("additionalProperties".to_owned(), json!(false));
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        schema.insert("properties".to_owned(), Value::Object(properties));
        Value::Object(schema)
    }
}

fn leaf(word: &Word, inside: bool) -> Value {
    let mut schema = typed(word, inside);
    if let (Some(about), Value::Object(map)) = (super::readme::about(word), &mut schema) {
        map.insert("description".to_owned(), json!(about));
    }
    schema
}

fn typed(word: &Word, inside: bool) -> Value {
    if !word.words.is_empty() {
        let here: Vec<&str> = word.words.iter().map(|(here, _)| here.as_str()).collect();
        if here.iter().all(|here| matches!(*here, "true" | "false")) {
            return json!({ "type": "boolean" });
        }
        return json!({ "type": "string", "enum": here });
    }
    let is = |ending: &str| word.turns.iter().any(|handle| handle.0.ends_with(ending));
    if is(".env") {
        return env();
    }
    if is(".secrets.keys") {
        return map_of(VARIABLE, &json!({ "type": "string", "minLength": 1 }));
    }
    if is(".secrets.values") {
        return map_of(VARIABLE, &json!({ "type": "string", "pattern": PASSED }));
    }
    if is(".secrets.sealed") || is_sealed_of_none(word) {
        return map_of(VARIABLE, &json!({ "type": "string", "pattern": SEALED }));
    }
    if is(".labels") {
        return map_of(LABEL, &json!({ "type": "string", "pattern": LABEL_VALUE }));
    }
    if is(".placement.nodeSelector") {
        return map_of(LABEL, &json!({ "type": "string", "pattern": LABEL_VALUE }));
    }
    if is(".placement.tolerations") {
        return json!({ "type": "array", "items": { "type": "object" } });
    }
    if is(".placement.affinity") {
        return json!({ "type": "object" });
    }
    if is(".annotations") {
        return map_of(LABEL, &json!({ "type": "string", "pattern": PASSED }));
    }
    let host = json!({ "type": "string", "pattern": HOST });
    if is(".hosts") && word.item.is_none() {
        return json!({ "type": "array", "items": host });
    }
    if is(".tls") {
        return json!({ "type": "array", "items": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "secretName": { "type": "string", "pattern": NAME },
                "hosts": { "type": "array", "items": host },
            },
        } });
    }
    if is(".strategy.steps") {
        return json!({ "type": "array", "items": step() });
    }
    if is("platform.secrets.store") {
        let text = json!({ "type": "string", "pattern": NAME });
        return json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "kind"],
            "properties": { "name": text, "kind": { "type": "string", "enum": ["SecretStore", "ClusterSecretStore"] } },
        });
    }
    if is(".size") && matches!(word.sample(), Some(Node::Map(..))) {
        return resources();
    }
    if sources::is_source(word) {
        return json!({ "type": "string", "enum": sources::allowed(word) });
    }
    match word.sample() {
        Some(Node::Bool(..)) => json!({ "type": "boolean" }),
        Some(Node::Int(..)) if is(".enabled") => json!({ "type": "boolean" }),
        _ if word.is_number() && !matches!(word.sample(), Some(Node::Float(..))) => {
            // Nothing and zero are one to a template.
            let least = i64::from(word.is_nullable() || is(".min") || is(".max"));
            json!({ "type": "integer", "minimum": least, "maximum": 2_147_483_647 })
        }
        Some(Node::Float(..)) => json!({ "type": "number" }),
        Some(Node::Map(_, entries)) => {
            let keys: Map<String, Value> = entries
                .iter()
                .map(|entry| (entry.key.to_string(), of_node(&entry.value)))
                .collect();
            let required: Vec<&str> = keys.keys().map(String::as_str).collect();
            json!({ "type": "object", "additionalProperties": false, "required": required, "properties": keys })
        }
        Some(Node::Seq(_, items)) => {
            let item = items
                .first()
                .map_or(json!({ "type": "string", "minLength": 1 }), of_node);
            let item = if is(".hosts") { host } else { item };
            let item = match &word.item {
                Some(key) => json!({
                    "type": "object",
                    "additionalProperties": false,
                    "required": [key],
                    "properties": { key.as_str(): item },
                }),
                None => item,
            };
            json!({ "type": "array", "items": item })
        }
        _ => text(word, inside),
    }
}

/// Whether a word holds the sealed values of a Secret that is of no service.
fn is_sealed_of_none(word: &Word) -> bool {
    let mut turns = word.turns.iter();
    turns.any(|handle| handle.0.starts_with("platform.secrets.sealed."))
}

fn text(word: &Word, inside: bool) -> Value {
    let mut schema = json!({ "type": "string" });
    let empty = |node: &Node| node.text().is_some_and(Str::is_empty);
    let may_be_empty = word
        .turns
        .iter()
        .any(|handle| handle.0.ends_with(".secretName"));
    if !may_be_empty && !word.is_nullable() && !word.values.iter().flatten().any(empty) {
        schema["minLength"] = json!(1);
    }
    if may_be_empty {
        schema["pattern"] = json!(NAME_OR_NOTHING);
    }
    if inside {
        schema["pattern"] = json!(INSIDE);
    }
    schema
}

fn of_node(node: &Node) -> Value {
    match node {
        Node::Bool(..) => json!({ "type": "boolean" }),
        Node::Int(..) => json!({ "type": "integer" }),
        Node::Float(..) => json!({ "type": "number" }),
        Node::Map(..) => json!({ "type": "object" }),
        Node::Seq(..) => json!({ "type": "array" }),
        _ => json!({ "type": "string", "minLength": 1, "pattern": PASSED }),
    }
}

/// Environment variables: numbers only as far as templates print all their digits.
fn env() -> Value {
    let value = json!({ "anyOf": [
        { "type": ["string", "boolean"] },
        { "type": "integer", "minimum": -999_999, "maximum": 999_999 },
    ] });
    map_of(VARIABLE, &value)
}

/// A step of a canary, as Argo Rollouts has them: a weight, or a pause.
fn step() -> Value {
    let one = |key: &str, value: Value| {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": [key],
            "properties": { key: value },
        })
    };
    let duration = json!({ "type": "string", "pattern": "^([0-9]+|([0-9]+(ms|s|m|h))+)$" });
    let pause = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": { "duration": duration },
    });
    let weight = json!({ "type": "integer", "minimum": 0, "maximum": 100 });
    json!({ "anyOf": [one("setWeight", weight), one("pause", pause)] })
}

/// A map with keys of one pattern.
fn map_of(key: &str, value: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "patternProperties": { key: value } })
}

/// `resources` of a container.
fn resources() -> Value {
    let quantity = json!({ "type": ["string", "number"], "pattern": "^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$" });
    let amounts = map_of(RESOURCE, &quantity);
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": { "requests": amounts, "limits": amounts },
    })
}
