//! What `#[spec(…)]` says, and the doc comment beside it.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path};

/// What stands on a type.
#[derive(Default)]
pub struct Container {
    /// Key that a value which is no map stands for.
    pub short: Option<LitStr>,
    /// Function that makes a map of such a value.
    pub short_with: Option<Path>,
    /// An enum of which one key is written.
    pub one_key: bool,
    /// Keys besides the chooser apply unless it has this value: `use = none`.
    pub idle: Option<LitStr>,
}

/// What stands on a field.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each word that may stand in the attribute"
)]
pub struct Key {
    /// Doc comment.
    pub doc: String,
    /// Value that holds where nobody wrote one.
    pub default: Option<Expr>,
    /// That value in words.
    pub shown: Option<LitStr>,
    /// When it applies: `run: statefulset external`, `use: !none`.
    pub only: Option<LitStr>,
    /// Keys of lower layers that are idle where this one is written: `tag digest`.
    pub over: Option<LitStr>,
    /// What its keys may be.
    pub keys: Option<Path>,
    /// A set.
    pub set: bool,
    /// The key under which the block stands.
    pub name: bool,
    /// Origin of the block.
    pub origin: bool,
    /// Handle of the block.
    pub handle: bool,
    /// Keys of another block.
    pub flatten: bool,
    /// The target that the name is.
    pub target: bool,
    /// The target that another key holds.
    pub target_of: Option<LitStr>,
    /// What is given from outside and is no key, such as the environment.
    pub skip: bool,
    /// All other keys.
    pub rest: bool,
}

/// The doc comment as one paragraph.
pub fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) if pair.path.is_ident("doc") => Some(text.value().trim().to_owned()),
            _ => None,
        }
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The `word = "…"` of an enum's variant.
pub fn word(attributes: &[Attribute]) -> syn::Result<Option<String>> {
    let mut word = None;
    each(attributes, |meta| {
        if !meta.path.is_ident("word") {
            return Err(meta.error("a variant has only `word`"));
        }
        word = Some(meta.value()?.parse::<LitStr>()?.value());
        Ok(())
    })?;
    Ok(word)
}

impl Container {
    /// Reads the attributes of a type.
    pub fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        each(attributes, |meta| {
            match name_of(&meta.path).as_str() {
                "short" => read.short = Some(meta.value()?.parse()?),
                "short_with" => read.short_with = Some(meta.value()?.parse()?),
                "idle" => read.idle = Some(meta.value()?.parse()?),
                "one_key" => read.one_key = true,
                _ => return Err(meta.error("unknown attribute of a type")),
            }
            Ok(())
        })?;
        Ok(read)
    }
}

impl Key {
    /// Reads the attributes of a field.
    pub fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self {
            doc: doc(attributes),
            ..Self::default()
        };
        each(attributes, |meta| {
            match name_of(&meta.path).as_str() {
                "default" => read.default = Some(meta.value()?.parse()?),
                "shown" => read.shown = Some(meta.value()?.parse()?),
                "only" => read.only = Some(meta.value()?.parse()?),
                "over" => read.over = Some(meta.value()?.parse()?),
                "keys" => read.keys = Some(meta.value()?.parse()?),
                "target_of" => read.target_of = Some(meta.value()?.parse()?),
                "set" => read.set = true,
                "name" => read.name = true,
                "origin" => read.origin = true,
                "handle" => read.handle = true,
                "flatten" => read.flatten = true,
                "target" => read.target = true,
                "skip" => read.skip = true,
                "rest" => read.rest = true,
                _ => return Err(meta.error("unknown attribute of a field")),
            }
            Ok(())
        })?;
        Ok(read)
    }

    /// Whether somebody can write it.
    pub fn is_key(&self) -> bool {
        !(self.name
            || self.origin
            || self.handle
            || self.flatten
            || self.target
            || self.target_of.is_some()
            || self.skip
            || self.rest)
    }
}

fn name_of(path: &Path) -> String {
    path.get_ident()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn each(
    attributes: &[Attribute],
    mut read: impl FnMut(syn::meta::ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let own = attributes.iter().filter(|a| a.path().is_ident("spec"));
    for attribute in own {
        attribute.parse_nested_meta(&mut read)?;
    }
    Ok(())
}
