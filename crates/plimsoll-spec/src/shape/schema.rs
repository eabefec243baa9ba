//! The JSON Schema of the application file, draft 7, for editors.

use serde_json::{Map as Object, Value, json};
use std::collections::BTreeMap;

use super::{Block, Field, Keys, Leaf, Map, Shape, Short};
use crate::app::App;
use crate::read::Word;

/// The schema, as it is committed.
pub fn schema() -> Value {
    let mut maker = Maker::default();
    let root = maker.shape(&App::shape());
    let definitions: Object<String, Value> = maker.definitions.into_iter().collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "plimsoll.yaml",
        "allOf": [root],
        "definitions": definitions,
    })
}

#[derive(Default)]
struct Maker {
    definitions: BTreeMap<String, Value>,
}

impl Maker {
    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Leaf(leaf) => self.leaf(leaf),
            Shape::List(item) => {
                let item = self.shape(item);
                any([
                    item.clone(),
                    json!({ "type": "array", "items": item }),
                    none(),
                ])
            }
            Shape::Map(map) => self.map(map),
            Shape::Set(map) => self.set(map),
            Shape::Block(block) => self.block(block()),
            Shape::OneKey(block) => self.one_key(block()),
            Shape::WordOr(words, inner) => {
                let inner = self.shape(inner);
                any([json!({ "enum": words }), inner])
            }
            Shape::LeafOr(leaf, inner) => {
                let inner = self.shape(inner);
                any([self.leaf(leaf), inner])
            }
            Shape::Raw => json!(true),
        }
    }

    /// A reference to a type of scalars.
    fn leaf(&mut self, leaf: &Leaf) -> Value {
        let name = leaf.what.trim_start_matches("one of ");
        let name = name.replace(", ", "-").replace(' ', "-");
        let known = self.definitions.entry(name.clone());
        known.or_insert_with(|| scalar(leaf));
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn map(&mut self, map: &Map) -> Value {
        let value = self.shape(&map.value);
        let mut object = json!({
            "type": "object",
            "additionalProperties": nullable(value.clone()),
        });
        if let Some(pattern) = pattern(map.keys) {
            object["propertyNames"] = json!({ "pattern": pattern });
        }
        match map.single {
            Some(_) => any([value, object]),
            None => any([object, none()]),
        }
    }

    fn set(&mut self, map: &Map) -> Value {
        let value = self.shape(&map.value);
        let options = any([value, json!({ "enum": ["none", null] })]);
        let by_name = json!({ "type": "object", "additionalProperties": options });
        let item = any([json!({ "type": "string" }), by_name.clone()]);
        any([
            json!({ "type": "string" }),
            json!({ "type": "array", "items": item }),
            by_name,
        ])
    }

    /// A reference to a block, with its short forms.
    fn block(&mut self, block: &'static Block) -> Value {
        let name = block.name.to_owned();
        if !self.definitions.contains_key(&name) {
            // The place is taken first: blocks may hold themselves.
            self.definitions.insert(name.clone(), json!(true));
            let long = self.long(block);
            let made = match block.short {
                Short::None => long,
                Short::Key(key) => {
                    let field = block.field(key).map(|field| self.shape(&(field.shape)()));
                    any(field.into_iter().chain([long]))
                }
                Short::With(_) => {
                    let scalar = json!({ "type": ["string", "number", "boolean"] });
                    let list = json!({ "type": "array" });
                    match block.name {
                        "Health" => {
                            let probe = self.block(crate::app::Probe::block());
                            any([scalar, list, probe, long])
                        }
                        "Exporter" => {
                            let image = self.block(crate::app::Image::block());
                            any([scalar, image, long])
                        }
                        _ => any([scalar, long]),
                    }
                }
            };
            self.definitions.insert(name.clone(), made);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn long(&mut self, block: &'static Block) -> Value {
        let mut properties = Object::new();
        for field in &block.fields {
            properties.insert(field.key.to_owned(), self.field(field));
        }
        let rest = match block.rest {
            Some(rest) => match (rest.shape)() {
                Shape::Map(map) => nullable(self.shape(&map.value)),
                _ => json!(false),
            },
            None => json!(false),
        };
        json!({
            "description": block.doc,
            "type": "object",
            "properties": properties,
            "additionalProperties": rest,
        })
    }

    fn field(&mut self, field: &Field) -> Value {
        let shape = nullable(self.shape(&(field.shape)()));
        let mut text = field.doc.to_owned();
        if let Some(default) = field.default.or(field.shown) {
            text.push_str(" Default: ");
            text.push_str(default);
            text.push('.');
        }
        match shape {
            Value::Object(mut shape) => {
                shape.insert("description".to_owned(), Value::from(text));
                Value::Object(shape)
            }
            _ => json!({ "description": text }),
        }
    }

    fn one_key(&mut self, block: &'static Block) -> Value {
        let words: Vec<&str> = block.fields.iter().map(|field| field.key).collect();
        let mut long = self.long(block);
        long["minProperties"] = json!(1);
        long["maxProperties"] = json!(1);
        any([json!({ "enum": words }), long])
    }
}

/// A scalar; variables may stand for all or part of it.
fn scalar(leaf: &Leaf) -> Value {
    let variable = json!({ "type": "string", "pattern": r"\$\{" });
    if !leaf.words.is_empty() {
        let words: Vec<Value> = leaf
            .words
            .iter()
            .map(|word| match *word {
                "true" => json!(true),
                "false" => json!(false),
                word => json!(word),
            })
            .collect();
        return any([json!({ "enum": words }), variable]);
    }
    if leaf.pattern.is_empty() {
        return json!({ "description": leaf.written, "type": ["string", "number", "boolean"] });
    }
    let text = json!({ "description": leaf.written, "type": "string", "pattern": leaf.pattern });
    any([text, json!({ "type": "number" }), variable])
}

fn any(choices: impl IntoIterator<Item = Value>) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for choice in choices {
        let nested = choice.get("anyOf").and_then(Value::as_array).cloned();
        match nested {
            Some(nested) => all.extend(nested),
            None => all.push(choice),
        }
    }
    json!({ "anyOf": all })
}

/// `none` says that there is explicitly nothing, whatever lies below.
fn none() -> Value {
    json!({ "const": "none" })
}

/// `null` removes what lower layers wrote.
fn nullable(shape: Value) -> Value {
    if shape == json!(true) {
        return shape;
    }
    any([shape, json!({ "type": "null" })])
}

fn pattern(keys: Keys) -> Option<&'static str> {
    use crate::types::{Leaf as _, Name, PortName};
    match keys {
        Keys::Text => None,
        Keys::Name => Some(Name::PATTERN),
        Keys::Port => Some(PortName::PATTERN),
        Keys::Word => Some("^[A-Za-z0-9_-]+$"),
        Keys::Path => Some("^/"),
        Keys::RoutePath => Some("^=?/"),
    }
}
