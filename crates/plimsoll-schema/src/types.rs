//! What a value may look like: types, their fields and lists.
use std::borrow::Cow;

use crate::Minor;

/// A text that is borrowed from the embedded table or owned by a type made at run time.
pub type Text = Cow<'static, str>;

/// The place of a type in its [`Schemas`](crate::Schemas).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) u32);

/// One type of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Type {
    /// Name of a built-in definition, such as `io.k8s.api.core.v1.Pod`; empty for a nested type.
    pub name: Text,
    /// The form of its values.
    pub shape: Shape,
    /// Whether an explicit `null` is a value of its own; elsewhere `null` means absent.
    pub nullable: bool,
    /// The allowed texts; empty if any text is.
    pub choices: Vec<Choice>,
    /// How large it may be.
    pub bounds: Bounds,
    /// What a text must match, as a regular expression of Go.
    pub pattern: Option<Text>,
}

impl Type {
    /// A nested type of this shape.
    pub const fn nested(shape: Shape) -> Self {
        Self {
            name: Cow::Borrowed(""),
            shape,
            nullable: false,
            choices: Vec::new(),
            bounds: Bounds {
                min: None,
                max: None,
            },
            pattern: None,
        }
    }

    /// The field of this name, if this is an object that declares it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let fields = self.fields();
        let at = fields
            .binary_search_by(|field| field.name.as_ref().cmp(name))
            .ok()?;
        fields.get(at)
    }

    /// The declared fields, ordered by name; none unless this is an object.
    pub fn fields(&self) -> &[Field] {
        match &self.shape {
            Shape::Object { fields, .. } => fields,
            _ => &[],
        }
    }
}

/// How large a value may be: a number by its value, a text by its characters, a list by its items, a
/// map or an object by its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounds {
    /// The least, if there is one.
    pub min: Option<i64>,
    /// The most, if there is one.
    pub max: Option<i64>,
}

/// The form of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Declared fields.
    Object {
        /// The fields, ordered by name.
        fields: Vec<Field>,
        /// What becomes of other fields.
        extra: Extra,
        /// Whether server-side apply owns the object as one value.
        atomic: bool,
        /// Whether the value is a whole Kubernetes object with `apiVersion`, `kind` and `metadata`.
        embedded: bool,
    },
    /// Free keys, all values of one type.
    Map {
        /// Type of the values.
        value: TypeId,
        /// Whether server-side apply owns the map as one value.
        atomic: bool,
    },
    /// A list.
    List {
        /// Type of the items.
        item: TypeId,
        /// How two lists merge.
        list: ListKind,
    },
    /// A single value.
    Scalar(Scalar),
    /// Anything.
    Any,
}

/// What becomes of fields that an object does not declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extra {
    /// They are unknown: pruned, or refused by strict validation.
    Refused,
    /// They are kept as they are.
    Kept,
    /// They are values of a map.
    Of(TypeId),
}

/// How server-side apply merges a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListKind {
    /// The list is one value.
    Atomic,
    /// Items are values of a set.
    Set,
    /// Items are objects, told apart by these fields. An absent key counts as the default of its field.
    Map {
        /// Names of the key fields.
        keys: Vec<Text>,
    },
}

/// The form of a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scalar {
    /// A text.
    String,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An amount such as `500m`, written as text or number.
    Quantity,
    /// An integer or a text.
    IntOrString,
    /// A time, to the second.
    Time,
    /// A time, to the microsecond.
    MicroTime,
    /// Bytes, written in base64.
    Bytes,
}

/// One declared field of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// Its name.
    pub name: Text,
    /// Its type.
    pub ty: TypeId,
    /// Whether it must be present.
    pub required: bool,
    /// The first version that knows it; [`Minor::FIRST`] means that version or an earlier one.
    pub since: Minor,
    /// The last version that knows it, if newer ones do not.
    pub until: Option<Minor>,
    /// The first version that heeds it without a feature gate; `None` if no version yet does.
    ///
    /// From [`Field::since`] until then the API server drops the field silently.
    pub usable: Option<Minor>,
    /// How a strategic merge patch treats it.
    pub patch: PatchStrategy,
    /// The field that tells list items apart in a strategic merge patch.
    pub merge_key: Option<Text>,
    /// The default of the schema, as JSON. Most defaults of built-in kinds are code and not found here.
    pub default: Option<Text>,
    /// Whether server-side apply owns the field as one value although its type is granular elsewhere.
    pub atomic: bool,
}

impl Field {
    /// An optional field that every version has.
    pub fn new(name: impl Into<Text>, ty: TypeId) -> Self {
        Self {
            name: name.into(),
            ty,
            required: false,
            since: Minor::FIRST,
            until: None,
            usable: Some(Minor::FIRST),
            patch: PatchStrategy::Replace,
            merge_key: None,
            default: None,
            atomic: false,
        }
    }

    /// Whether version `at` knows the field.
    pub fn known_at(&self, at: Minor) -> bool {
        self.since <= at && self.until.is_none_or(|until| at <= until)
    }

    /// Whether version `at` heeds the field without a feature gate.
    pub fn usable_at(&self, at: Minor) -> bool {
        self.known_at(at) && self.usable.is_some_and(|usable| usable <= at)
    }
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatchStrategy {
    /// A list is replaced; objects and maps merge.
    Replace,
    /// Lists merge, by [`Field::merge_key`] or as sets.
    Merge,
    /// Fields that the patch does not name are dropped.
    RetainKeys,
    /// Both of the above: items merge, and each drops what its patch does not name.
    MergeRetainKeys,
}

impl PatchStrategy {
    /// Whether lists merge.
    pub const fn merges(self) -> bool {
        matches!(self, Self::Merge | Self::MergeRetainKeys)
    }

    /// Whether fields that the patch does not name are dropped.
    pub const fn retains_keys(self) -> bool {
        matches!(self, Self::RetainKeys | Self::MergeRetainKeys)
    }
}

/// One allowed text of a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// The text.
    pub value: Text,
    /// The first version that lists it.
    pub since: Minor,
    /// The last version that lists it, if newer ones do not.
    pub until: Option<Minor>,
}

impl Choice {
    /// Whether version `at` lists the text.
    pub fn known_at(&self, at: Minor) -> bool {
        self.since <= at && self.until.is_none_or(|until| at <= until)
    }
}
