//! Releases laid over each other: each thing remembers the first and the last minor that has it.
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use plimsoll_schema::{
    Choice, Extra, Field, KindInfo, ListKind, Minor, Schemas, Shape, Subresource, Text, Type,
    TypeId,
};

use super::gates::{self, Gates};
use super::kinds::{Names, Resource};
use super::openapi::{Definition, Form, Gvk, OpenApi, Property};

/// All releases so far.
#[derive(Default)]
pub struct Merged {
    definitions: BTreeMap<String, Merge<Definition>>,
    fields: BTreeMap<(String, String), Merge<Property>>,
    choices: BTreeMap<(String, String), BTreeMap<String, Merge<()>>>,
    resources: BTreeMap<Gvk, Merge<Resource>>,
    objects: BTreeMap<Gvk, Merge<String>>,
    pub names: BTreeMap<(String, String), Names>,
    pub gates: Gates,
}

/// The newest form of a thing and the minors that have it.
struct Merge<T> {
    newest: T,
    since: Minor,
    last: Minor,
}

impl<T> Merge<T> {
    fn until(&self) -> Option<Minor> {
        (self.last < Minor::LAST).then_some(self.last)
    }
}

fn lay<K: Ord, T>(into: &mut BTreeMap<K, Merge<T>>, key: K, value: T, minor: Minor) {
    let since = into.get(&key).map_or(minor, |known| known.since);
    into.insert(
        key,
        Merge {
            newest: value,
            since,
            last: minor,
        },
    );
}

impl Merged {
    /// Lays a release over the older ones.
    pub fn add(&mut self, minor: Minor, release: OpenApi) {
        for (name, definition) in release.definitions {
            for (field, property) in &definition.fields {
                let key = (name.clone(), field.clone());
                for choice in &property.choices {
                    lay(
                        self.choices.entry(key.clone()).or_default(),
                        choice.clone(),
                        (),
                        minor,
                    );
                }
                lay(&mut self.fields, key, property.clone(), minor);
            }
            lay(&mut self.definitions, name, definition, minor);
        }
        for (gvk, resource) in release.resources {
            lay(&mut self.resources, gvk, resource, minor);
        }
        for (gvk, name) in release.objects {
            lay(&mut self.objects, gvk, name, minor);
        }
    }

    /// The table of all releases.
    pub fn lower(&self) -> Result<Schemas> {
        let mut schemas = Schemas::new();
        let ids: BTreeMap<&str, TypeId> = self
            .definitions
            .keys()
            .map(|name| (name.as_str(), schemas.reserve()))
            .collect();
        for (name, definition) in &self.definitions {
            let shape = self.definition_shape(&mut schemas, &ids, name, definition)?;
            schemas.define(
                ids[name.as_str()],
                Type {
                    name: name.clone().into(),
                    ..Type::nested(shape)
                },
            );
        }
        for (gvk, object) in &self.objects {
            let ty = *ids
                .get(object.newest.as_str())
                .context("a kind without definition")?;
            schemas.add_kind(self.kind(gvk, object, ty));
        }
        Ok(schemas)
    }

    fn definition_shape(
        &self,
        schemas: &mut Schemas,
        ids: &BTreeMap<&str, TypeId>,
        name: &str,
        definition: &Merge<Definition>,
    ) -> Result<Shape> {
        if definition.newest.form != Form::Object {
            let id = lower_form(schemas, ids, &definition.newest.form, &[])?;
            return Ok(schemas.get(id).shape.clone());
        }
        let first = (name.to_owned(), String::new());
        let own = self
            .fields
            .range(first..)
            .take_while(|((owner, _), _)| owner == name);
        let fields = own.map(|((_, field), property)| {
            self.field(schemas, ids, definition, (name, field), property)
        });
        Ok(Shape::Object {
            fields: fields.collect::<Result<_>>()?,
            extra: Extra::Refused,
            atomic: definition.newest.atomic,
            embedded: false,
        })
    }

    fn field(
        &self,
        schemas: &mut Schemas,
        ids: &BTreeMap<&str, TypeId>,
        owner: &Merge<Definition>,
        (name, field): (&str, &str),
        property: &Merge<Property>,
    ) -> Result<Field> {
        let choices = self.choices.get(&(name.to_owned(), field.to_owned()));
        let choices: Vec<Choice> = choices
            .into_iter()
            .flatten()
            .map(|(value, own)| Choice {
                value: value.clone().into(),
                since: own.since,
                until: own.until(),
            })
            .collect();
        let ty = lower_form(schemas, ids, &property.newest.form, &choices)?;
        let mut lowered = Field::new(field.to_owned(), ty);
        let newest = &property.newest;
        lowered.required = newest.required;
        lowered.patch = newest.patch;
        lowered.merge_key = newest.merge_key.clone().map(Text::Owned);
        lowered.default = newest.default.clone().map(Text::Owned);
        lowered.atomic = newest.atomic;
        // A field that comes or goes with its type leaves it to the fields of that type to say so:
        // a type can be new although it only took the place of another.
        if property.since > owner.since {
            lowered.since = property.since;
            lowered.usable = Some(property.since);
        }
        lowered.until = property.until().filter(|until| *until < owner.last);
        if let Some(gate) = gates::of(name, field) {
            lowered.usable = self.gates.on_since(gate)?.map(|on| on.max(lowered.since));
        }
        Ok(lowered)
    }

    fn kind(&self, gvk: &Gvk, object: &Merge<String>, ty: TypeId) -> KindInfo {
        let (group, version, kind) = gvk.clone();
        let resource = self.resources.get(gvk);
        let (since, until) = resource.map_or((object.since, object.until()), |resource| {
            (resource.since, resource.until())
        });
        let resource = resource
            .map(|resource| resource.newest.clone())
            .unwrap_or_default();
        let names = self
            .names
            .get(&(group.clone(), resource.plural.clone()))
            .cloned()
            .unwrap_or_default();
        let parts = resource.parts.into_iter().map(|(name, part)| Subresource {
            name: name.into(),
            group: part.gvk.0.into(),
            version: part.gvk.1.into(),
            kind: part.gvk.2.into(),
            verbs: texts(part.verbs),
        });
        KindInfo {
            singular: kind.to_lowercase().into(),
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            plural: resource.plural.into(),
            short_names: texts(names.short),
            categories: texts(names.categories),
            namespaced: resource.namespaced,
            verbs: texts(resource.verbs),
            subresources: parts.collect(),
            ty,
            since,
            until,
        }
    }
}

fn texts(texts: impl IntoIterator<Item = String>) -> Vec<Text> {
    texts.into_iter().map(Text::Owned).collect()
}

/// The id of a form; `choices` belong to the innermost text.
fn lower_form(
    schemas: &mut Schemas,
    ids: &BTreeMap<&str, TypeId>,
    form: &Form,
    choices: &[Choice],
) -> Result<TypeId> {
    let shape = match form {
        Form::Named(name) => {
            return ids
                .get(name.as_str())
                .copied()
                .with_context(|| format!("no definition {name}"));
        }
        Form::Any => Shape::Any,
        Form::Object => Shape::Object {
            fields: Vec::new(),
            extra: Extra::Refused,
            atomic: false,
            embedded: false,
        },
        Form::Scalar(scalar) => {
            let shape = Shape::Scalar(*scalar);
            return Ok(schemas.add(Type {
                choices: choices.to_vec(),
                ..Type::nested(shape)
            }));
        }
        Form::Map { value, atomic } => Shape::Map {
            value: lower_form(schemas, ids, value, choices)?,
            atomic: *atomic,
        },
        Form::List { item, kind, keys } => {
            let list = match kind.as_str() {
                "set" => ListKind::Set,
                "map" => ListKind::Map {
                    keys: texts(keys.iter().cloned()),
                },
                _ => ListKind::Atomic,
            };
            Shape::List {
                item: lower_form(schemas, ids, item, choices)?,
                list,
            }
        }
    };
    Ok(schemas.add(Type::nested(shape)))
}
