//! A set of types and the kinds built from them.
use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::format::read_type;
use crate::{Extra, Field, KindInfo, ListKind, Path, Segment, Shape, Type, TypeId};

/// A set of types and the kinds built from them.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    types: Vec<Slot>,
    kinds: Vec<KindInfo>,
    ids: BTreeMap<Type, TypeId>,
}

/// One type, read from its lines when it is first asked for: a run needs a few hundred of thousands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    lines: &'static str,
    ty: OnceLock<Box<Type>>,
}

impl Slot {
    /// A type that stands on these lines of a table.
    pub(crate) const fn written(lines: &'static str) -> Self {
        Self {
            lines,
            ty: OnceLock::new(),
        }
    }

    fn made(ty: Type) -> Self {
        Self {
            lines: "",
            ty: OnceLock::from(Box::new(ty)),
        }
    }

    fn name(&self) -> &str {
        match self.lines.split('\t').nth(1) {
            Some(name) => name,
            None => &self.get().name,
        }
    }

    fn get(&self) -> &Type {
        self.ty
            .get_or_init(|| Box::new(read_type(self.lines).expect("tests read every type")))
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its type.
    pub ty: TypeId,
    /// The field that holds it, if the last step was a declared one.
    pub field: Option<&'a Field>,
}

impl PartialEq for Schemas {
    fn eq(&self, other: &Self) -> bool {
        self.kinds == other.kinds && self.types().eq(other.types())
    }
}

impl Eq for Schemas {}

impl Schemas {
    /// A set without types.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn from_parts(types: Vec<Slot>, kinds: Vec<KindInfo>) -> Self {
        Self {
            types,
            kinds,
            ids: BTreeMap::new(),
        }
    }

    /// Adds a type; equal types share one id.
    ///
    /// # Panics
    /// If there are more than 2³² types.
    pub fn add(&mut self, ty: Type) -> TypeId {
        if let Some(id) = self.ids.get(&ty) {
            return *id;
        }
        let id = self.reserve();
        self.ids.insert(ty.clone(), id);
        self.types[id.0 as usize] = Slot::made(ty);
        id
    }

    /// Makes an id whose type [`Schemas::define`] sets later, for types that refer to each other.
    ///
    /// # Panics
    /// If there are more than 2³² types.
    pub fn reserve(&mut self) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).expect("fewer than 2^32 types"));
        self.types.push(Slot::made(Type::nested(Shape::Any)));
        id
    }

    /// Sets the type of a reserved id.
    pub fn define(&mut self, id: TypeId, ty: Type) {
        self.types[id.0 as usize] = Slot::made(ty);
    }

    /// Adds a kind whose type is in this set.
    pub fn add_kind(&mut self, kind: KindInfo) {
        let at = self.kinds.partition_point(|known| known.id() <= kind.id());
        self.kinds.insert(at, kind);
    }

    /// Copies a type and all it refers to from another set.
    pub fn import(&mut self, from: &Self, id: TypeId) -> TypeId {
        self.import_known(from, id, &mut BTreeMap::new())
    }

    fn import_known(
        &mut self,
        from: &Self,
        id: TypeId,
        known: &mut BTreeMap<TypeId, TypeId>,
    ) -> TypeId {
        if let Some(copy) = known.get(&id) {
            return *copy;
        }
        let copy = self.reserve();
        known.insert(id, copy);
        let mut ty = from.get(id).clone();
        match &mut ty.shape {
            Shape::Object { fields, extra, .. } => {
                for field in fields {
                    field.ty = self.import_known(from, field.ty, known);
                }
                if let Extra::Of(value) = extra {
                    *value = self.import_known(from, *value, known);
                }
            }
            Shape::Map { value, .. } => *value = self.import_known(from, *value, known),
            Shape::List { item, .. } => *item = self.import_known(from, *item, known),
            Shape::Scalar(_) | Shape::Any => {}
        }
        self.define(copy, ty);
        copy
    }

    /// The type of an id.
    ///
    /// # Panics
    /// If the id belongs to another set.
    pub fn get(&self, id: TypeId) -> &Type {
        self.types[id.0 as usize].get()
    }

    /// All types, by id.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        self.types.iter().map(Slot::get)
    }

    /// The type of a definition, such as `io.k8s.api.core.v1.PodSpec`.
    pub fn named(&self, name: &str) -> Option<TypeId> {
        let at = self.types.iter().position(|slot| slot.name() == name)?;
        u32::try_from(at).ok().map(TypeId)
    }

    /// The kinds that are served as resources, ordered by group, version and kind.
    ///
    /// Lists and requests such as `Eviction` are types too, but no resources; [`Schemas::kind`]
    /// finds them.
    pub fn kinds(&self) -> impl Iterator<Item = &KindInfo> {
        self.kinds.iter().filter(|kind| !kind.plural.is_empty())
    }

    pub(crate) fn all_kinds(&self) -> &[KindInfo] {
        &self.kinds
    }

    /// The kind of this group, version and name; the core group is empty.
    pub fn kind_info(&self, group: &str, version: &str, kind: &str) -> Option<&KindInfo> {
        let id = (group, version, kind);
        let at = self
            .kinds
            .binary_search_by(|info| info.id().cmp(&id))
            .ok()?;
        self.kinds.get(at)
    }

    /// The type of objects of this group, version and kind.
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<TypeId> {
        self.kind_info(group, version, kind).map(|info| info.ty)
    }

    /// The kind that an object's `apiVersion` and `kind` name.
    pub fn kind_of(&self, api_version: &str, kind: &str) -> Option<&KindInfo> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.kind_info(group, version, kind)
    }

    /// The field `name` of the object type `id`.
    pub fn field(&self, id: TypeId, name: &str) -> Option<&Field> {
        self.get(id).field(name)
    }

    /// The type of what stands under a key: of a declared field, else of the values of a map.
    pub fn below(&self, id: TypeId, key: &str) -> Option<TypeId> {
        let ty = self.get(id);
        match (ty.field(key), &ty.shape) {
            (Some(field), _) => Some(field.ty),
            (None, Shape::Map { value, .. }) => Some(*value),
            (None, Shape::Object { extra, .. }) => match extra {
                Extra::Of(value) => Some(*value),
                Extra::Refused | Extra::Kept => None,
            },
            _ => None,
        }
    }

    /// What stands at `path` below `id`; `None` if the types do not lead there.
    ///
    /// A field name also steps into a map, so that a path can be written without knowing which is which.
    pub fn place(&self, id: TypeId, path: &Path) -> Option<Place<'_>> {
        path.0.iter().try_fold(
            Place {
                ty: id,
                field: None,
            },
            |at, segment| self.step(at.ty, segment),
        )
    }

    fn step(&self, id: TypeId, segment: &Segment) -> Option<Place<'_>> {
        match (&self.get(id).shape, segment) {
            (Shape::Any, _) => Some(Place {
                ty: id,
                field: None,
            }),
            (Shape::Map { value, .. }, Segment::Field(_) | Segment::Key(_)) => Some(Place {
                ty: *value,
                field: None,
            }),
            (Shape::List { item, .. }, Segment::Index(_)) => Some(Place {
                ty: *item,
                field: None,
            }),
            (Shape::Object { extra, .. }, Segment::Field(name) | Segment::Key(name)) => {
                match (self.get(id).field(name), extra) {
                    (Some(field), _) => Some(Place {
                        ty: field.ty,
                        field: Some(field),
                    }),
                    (None, Extra::Of(value)) => Some(Place {
                        ty: *value,
                        field: None,
                    }),
                    (None, Extra::Refused | Extra::Kept) => None,
                }
            }
            _ => None,
        }
    }

    /// How the list at `path` below `id` merges; `None` if there is no list.
    pub fn list_kind(&self, id: TypeId, path: &Path) -> Option<&ListKind> {
        let place = self.place(id, path)?;
        match &self.get(place.ty).shape {
            Shape::List { list, .. } => Some(list),
            _ => None,
        }
    }
}
