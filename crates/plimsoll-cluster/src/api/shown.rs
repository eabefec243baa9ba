//! Objects as clients see them, written without copying them.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::apply::Managers;
use crate::store::Stored;

/// An object in the version and the form that a client wants.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    object: &'a Value,
    managers: &'a Managers,
    api_version: Option<String>,
    version: Option<u64>,
    partial: bool,
}

impl<'a> Shown<'a> {
    /// The object as it is stored.
    pub fn stored(stored: &'a Stored) -> Self {
        Self::of(&stored.object, &stored.managers)
    }

    /// An object and the owners of its fields.
    pub fn of(object: &'a Value, managers: &'a Managers) -> Self {
        Self {
            object,
            managers,
            api_version: None,
            version: None,
            partial: false,
        }
    }

    /// In that `apiVersion` instead of the stored one.
    #[must_use]
    pub fn in_version(mut self, api_version: Option<String>) -> Self {
        self.api_version = api_version;
        self
    }

    /// With that resource version, where there is one.
    #[must_use]
    pub fn at(mut self, version: Option<u64>) -> Self {
        self.version = version;
        self
    }

    /// Only the metadata, if so.
    #[must_use]
    pub fn partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metadata = Metadata(self);
        let mut fields = serializer.serialize_map(None)?;
        if self.partial {
            fields.serialize_entry("kind", "PartialObjectMetadata")?;
            fields.serialize_entry("apiVersion", "meta.k8s.io/v1")?;
            fields.serialize_entry("metadata", &metadata)?;
            return fields.end();
        }
        for (name, value) in entries(self.object) {
            match (name.as_str(), &self.api_version) {
                ("metadata", _) => fields.serialize_entry(name, &metadata)?,
                ("apiVersion", Some(version)) => fields.serialize_entry(name, version)?,
                _ => fields.serialize_entry(name, value)?,
            }
        }
        fields.end()
    }
}

/// The metadata of what is shown, with the owners of its fields.
struct Metadata<'a>(&'a Shown<'a>);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self.0;
        let mut fields = serializer.serialize_map(None)?;
        for (name, value) in entries(&shown.object["metadata"]) {
            match (name.as_str(), shown.version) {
                ("resourceVersion", Some(version)) => {
                    fields.serialize_entry(name, &version.to_string())?;
                }
                _ => fields.serialize_entry(name, value)?,
            }
        }
        if !shown.managers.is_empty() {
            fields.serialize_entry("managedFields", shown.managers)?;
        }
        fields.end()
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
