//! Which values of an environment are still to be sealed, and the file of those that are.
//!
//! What is sealed cannot be read again, here least of all. So a value that one more Secret wants is either
//! copied as it is sealed, or made or brought anew for all who want it.

use crate::exit::Failure;
use plimsoll_secrets::{Certificate, MakeError, Randomness, SecretValue, System, seal};
use plimsoll_ship::wishes::Values;
use plimsoll_ship::{How, KeyWish, Logical, Part, SecretWish, ShipError};
use plimsoll_source::{Entry, Node, Origin, Str, near, yaml};
use plimsoll_spec::app::platform::{SealScope, SecretSource};
use plimsoll_spec::app::sealed::{SEALED_WITH, SealedValues};
use std::collections::{BTreeMap, BTreeSet};

/// A key of one of the Secrets: which, and its name.
type Key = (usize, String);

/// The values of an environment.
pub struct Sealing<'a> {
    source: &'a SecretSource,
    wishes: Vec<SecretWish>,
    /// What is sealed and stays.
    kept: BTreeMap<Key, Str>,
    /// What is still to be sealed.
    missing: BTreeSet<Key>,
}

/// How a key came to its sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was made.
    Made,
    /// A person brought it.
    Brought,
    /// It follows from others.
    Composed,
    /// It is the same value as in another Secret, as it was sealed there.
    Copied,
}

/// Keys that were sealed, by their Secret.
pub type Fates = Vec<(String, String, Fate)>;

impl<'a> Sealing<'a> {
    /// What is to be sealed of the wished values; those of `renew` again.
    pub fn new(
        source: &'a SecretSource,
        wishes: Vec<SecretWish>,
        renew: &[String],
    ) -> Result<Self, Failure> {
        let mut sealing = Self {
            source,
            wishes,
            kept: BTreeMap::new(),
            missing: BTreeSet::new(),
        };
        sealing.known(renew)?;
        for (at, wish) in sealing.wishes.iter().enumerate() {
            let file = sealing.file_of(wish);
            for key in wish.keys.iter().filter(|key| !is_plain(key)) {
                let id = (at, key.key.clone());
                let sealed = file.and_then(|file| file.values.get(&key.key)?.text());
                let again = bases(key).any(|value| renew.contains(&value.name));
                match sealed.filter(|_| !again) {
                    Some(sealed) => drop(sealing.kept.insert(id, sealed.clone())),
                    None => drop(sealing.missing.insert(id)),
                }
            }
        }
        Ok(sealing)
    }

    /// What the file holds of a Secret, if it opens there.
    fn file_of(&self, wish: &SecretWish) -> Option<&'a SealedValues> {
        let id = (wish.namespace.as_str().into(), wish.name.as_str().into());
        let file = self.source.sealed.secrets.get(&id);
        file.filter(|file| file.scope == *self.source.scope.peek())
    }

    /// Names must be of values that are wished for.
    fn known(&self, names: &[String]) -> Result<(), Failure> {
        let all = self.names();
        match names.iter().find(|name| !all.contains(*name)) {
            None => Ok(()),
            Some(name) => Err(unknown(name, &all)),
        }
    }

    /// Every value that some key is, or is made of.
    fn names(&self) -> BTreeSet<String> {
        let keys = self.wishes.iter().flat_map(|wish| &wish.keys);
        keys.flat_map(bases).map(|value| value.name).collect()
    }

    /// Whether a value is sealed somewhere.
    pub fn is_sealed(&self, name: &str) -> bool {
        let held = |wish: &SecretWish, key: &KeyWish| {
            let file = self.file_of(wish);
            file.is_some_and(|file| file.values.get(&key.key).is_some())
        };
        self.wishes.iter().any(|wish| {
            let mut keys = wish.keys.iter();
            keys.any(|key| of(key, name) && held(wish, key))
        })
    }

    /// How many values stay as they are.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Whether nothing is to be sealed.
    pub fn is_done(&self) -> bool {
        self.missing.is_empty()
    }

    fn key(&self, (at, key): &Key) -> &KeyWish {
        let keys = &self.wishes[*at].keys;
        keys.iter()
            .find(|own| own.key == *key)
            .expect("it is one of them")
    }

    fn label(&self, at: usize) -> String {
        let wish = &self.wishes[at];
        self.source.scope.peek().label(&wish.namespace, &wish.name)
    }

    /// Takes what is sealed elsewhere so that it opens here as well.
    pub fn copy(&mut self) -> Fates {
        let mut copied = Vec::new();
        for id in &self.missing {
            let (own, label) = (self.key(id), self.label(id.0));
            let same = |(other, _): &(&Key, &Str)| {
                value_of(own).is_some()
                    && value_of(self.key(other)) == value_of(own)
                    && self.label(other.0) == label
            };
            if let Some((_, sealed)) = self.kept.iter().find(same) {
                copied.push((id.clone(), sealed.clone()));
            }
        }
        let fates = copied
            .iter()
            .map(|(id, _)| self.fate(id, Fate::Copied))
            .collect();
        for (id, sealed) in copied {
            self.missing.remove(&id);
            self.kept.insert(id, sealed);
        }
        fates
    }

    fn fate(&self, (at, key): &Key, fate: Fate) -> (String, String, Fate) {
        let wish = &self.wishes[*at];
        (
            format!("{}/{}", wish.namespace, wish.name),
            key.clone(),
            fate,
        )
    }

    /// Collects what has to be known to seal what is missing: `bring` gives what a person brought. Where a
    /// value is brought, all who want it get it.
    pub fn collect(
        &mut self,
        mut bring: impl FnMut(&Logical) -> Option<SecretValue>,
    ) -> Result<Brought, Vec<Lack>> {
        let mut brought = Brought::new();
        let mut lacks: BTreeMap<String, Lack> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        loop {
            let needed: Vec<Logical> = self
                .missing
                .iter()
                .flat_map(|id| bases(self.key(id)))
                .collect();
            let fresh: Vec<Logical> = needed
                .into_iter()
                .filter(|value| seen.insert(value.clone()))
                .collect();
            if fresh.is_empty() {
                break;
            }
            for value in fresh {
                let is_kept = self.kept.keys().any(|id| of(self.key(id), &value.name));
                if let Some(given) = bring(&value) {
                    brought.insert(value.clone(), given);
                    self.join(&value.name);
                } else if is_kept {
                    lacks.insert(shown(&value), Lack::Unreadable(value));
                } else if self.is_given(&value) {
                    lacks.insert(shown(&value), Lack::Unknown(value));
                }
            }
        }
        if lacks.is_empty() {
            Ok(brought)
        } else {
            Err(lacks.into_values().collect())
        }
    }

    /// All who want a value get the new one.
    fn join(&mut self, name: &str) {
        let (joined, kept) = std::mem::take(&mut self.kept)
            .into_iter()
            .partition(|(id, _)| of(self.key(id), name));
        self.kept = kept;
        let joined: BTreeMap<Key, Str> = joined;
        self.missing.extend(joined.into_keys());
    }

    /// Whether nobody makes a value.
    fn is_given(&self, value: &Logical) -> bool {
        let mut keys = self.wishes.iter().flat_map(|wish| &wish.keys);
        !keys.any(|key| match &key.how {
            How::Made { value: own, .. } | How::MadePair { value: own, .. } => own == value,
            How::Given { .. } | How::Composed { .. } => false,
        })
    }

    /// Seals what is missing: the file's new text, and what became of each key.
    pub fn seal(
        &self,
        environment: &str,
        certificate: &Certificate,
        brought: Brought,
    ) -> Result<(Vec<u8>, Fates), SealError> {
        let is_brought =
            |key: &KeyWish| value_of(key).is_some_and(|value| brought.contains_key(value));
        let fate = |key: &KeyWish| match &key.how {
            How::Composed { .. } => Fate::Composed,
            _ if is_brought(key) => Fate::Brought,
            _ => Fate::Made,
        };
        let fates = self
            .missing
            .iter()
            .map(|id| self.fate(id, fate(self.key(id))))
            .collect();
        let mut values = Values::new(brought, &Randomness::System);
        let mut sealed = self.kept.clone();
        // What is composed needs the others first, wherever those stand.
        let (composed, plain): (Vec<&Key>, Vec<&Key>) = self
            .missing
            .iter()
            .partition(|id| value_of(self.key(id)).is_none());
        for id in plain.into_iter().chain(composed) {
            let value = values.of(&self.wishes[id.0], self.key(id))?;
            let hidden = seal(&value, certificate, &self.label(id.0), &mut System)?;
            sealed.insert(id.clone(), hidden.into());
        }
        Ok((
            self.text(environment, &certificate.fingerprint, &sealed),
            fates,
        ))
    }

    /// The file: what is wished for, and what was there and nobody wishes for now.
    fn text(&self, environment: &str, fingerprint: &str, sealed: &BTreeMap<Key, Str>) -> Vec<u8> {
        let mut documents: BTreeMap<(Str, Str), Node> = BTreeMap::new();
        for (id, file) in &self.source.sealed.secrets {
            documents.insert(id.clone(), file.document.clone());
        }
        for (at, wish) in self.wishes.iter().enumerate() {
            let file = self.file_of(wish);
            let mut values: BTreeMap<Str, Str> = BTreeMap::new();
            for entry in file.map_or(&[][..], |file| file.values.entries()) {
                values.insert(
                    entry.key.clone(),
                    entry.value.text().cloned().unwrap_or_default(),
                );
            }
            let own = sealed.iter().filter(|((wish, _), _)| *wish == at);
            values.extend(own.map(|((_, key), value)| (key.as_str().into(), value.clone())));
            if values.is_empty() {
                continue;
            }
            let fresh = |key: &Str| self.missing.contains(&(at, key.to_string()));
            let old = values.keys().any(|key| !fresh(key));
            let mut with: BTreeSet<&str> = BTreeSet::new();
            if old && let Some(file) = file {
                with.extend(file.with.iter().map(Str::as_str));
            }
            if values.keys().any(fresh) {
                with.insert(fingerprint);
            }
            let with: Vec<&str> = with.into_iter().collect();
            let document = document(wish, *self.source.scope.peek(), &with.join(","), &values);
            let id = (wish.namespace.as_str().into(), wish.name.as_str().into());
            documents.insert(id, document);
        }
        let head = format!(
            "# Values of {environment}, sealed by `plimsoll secrets seal -e {environment}`: only the controller of its\n\
             # cluster opens them, so this file belongs into the repository.\n"
        );
        [head.into_bytes(), yaml::write_all(documents.values())].concat()
    }
}

/// Values that a person brought.
pub type Brought = BTreeMap<Logical, SecretValue>;

/// A value that nobody knows here.
pub enum Lack {
    /// It is sealed, and one more Secret wants it.
    Unreadable(Logical),
    /// A person has to bring it.
    Unknown(Logical),
}

/// Why something could not be sealed.
#[derive(Debug)]
pub enum SealError {
    /// No value could be made.
    Value(ShipError),
    /// It could not be sealed.
    Seal(MakeError),
}

impl From<ShipError> for SealError {
    fn from(error: ShipError) -> Self {
        Self::Value(error)
    }
}

impl From<MakeError> for SealError {
    fn from(error: MakeError) -> Self {
        Self::Seal(error)
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Value(error) => error.into(),
            SealError::Seal(error) => error.into(),
        }
    }
}

/// A value as a person names it.
pub fn shown(value: &Logical) -> String {
    value.to_string()
}

/// That no value has such a name.
pub fn unknown(name: &str, all: &BTreeSet<String>) -> Failure {
    let near = near(name, all.iter().map(String::as_str));
    let hint = near
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    Failure::usage(format!(
        "no Secret of this environment holds `{name}`{hint}"
    ))
}

/// Whether no secret is in it: then it stands in the object as it is.
fn is_plain(key: &KeyWish) -> bool {
    bases(key).next().is_none()
}

/// The value that a key is; none where it is composed.
fn value_of(key: &KeyWish) -> Option<&Logical> {
    match &key.how {
        How::Made { value, .. } | How::MadePair { value, .. } | How::Given { value } => Some(value),
        How::Composed { .. } => None,
    }
}

/// The values that a key is, or is composed of.
fn bases(key: &KeyWish) -> impl Iterator<Item = Logical> + '_ {
    let parts = match &key.how {
        How::Composed { parts } => parts.as_slice(),
        _ => &[],
    };
    let composed = parts.iter().filter_map(|part| match part {
        Part::Value { value, .. } | Part::Hashed { value } => Some(value),
        Part::Text(_) => None,
    });
    value_of(key).into_iter().chain(composed).cloned()
}

fn of(key: &KeyWish, name: &str) -> bool {
    bases(key).any(|value| value.name == name)
}

fn document(wish: &SecretWish, scope: SealScope, with: &str, values: &BTreeMap<Str, Str>) -> Node {
    let origin = Origin::rule("seal", []);
    let text = |text: &str| Node::Text(origin.clone(), text.into());
    let map = |entries: Vec<(&str, Node)>| {
        let entry = |(key, value): (&str, Node)| Entry {
            key: key.into(),
            at: origin.clone(),
            value,
        };
        Node::map(
            origin.clone(),
            entries.into_iter().map(entry).collect::<Vec<_>>(),
        )
    };
    let wide: Vec<_> = scope
        .annotation()
        .map(|key| (key, text("true")))
        .into_iter()
        .collect();
    let mut annotations = wide.clone();
    if !with.is_empty() {
        annotations.push((SEALED_WITH, text(with)));
    }
    let named = |annotations: Vec<(&'static str, Node)>| {
        let mut entries = vec![
            ("name", text(&wish.name)),
            ("namespace", text(&wish.namespace)),
        ];
        if !annotations.is_empty() {
            entries.push(("annotations", map(annotations)));
        }
        map(entries)
    };
    let data = values
        .iter()
        .map(|(key, value)| (key.as_str(), text(value)));
    map(vec![
        ("apiVersion", text("bitnami.com/v1alpha1")),
        ("kind", text("SealedSecret")),
        ("metadata", named(annotations)),
        (
            "spec",
            map(vec![
                ("encryptedData", map(data.collect())),
                (
                    "template",
                    map(vec![("metadata", named(wide)), ("type", text(&wish.kind))]),
                ),
            ]),
        ),
    ])
}
