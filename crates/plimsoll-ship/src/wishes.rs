//! Secrets that are made in the cluster: what is missing is made, what is there stays.
//!
//! Values exist only as [`SecretValue`] until a request body is built from them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use kube::api::DynamicObject;
use plimsoll_secrets::{Half, Make, PairKind, Randomness, SecretValue, one, pair};
use serde_json::{Map, Value, json};

use crate::cause::Cause;
use crate::error::ShipError;
use crate::obstacle::Obstacle;
use crate::release::{How, KeyWish, Logical, Part, SecretWish};

/// What stands for values that a person brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// They must be there, or nothing is shipped.
    Demanded,
    /// Anything does: nothing that reads them runs. For the embedded cluster alone.
    StandIn,
}

/// What is to be done about one Secret.
pub enum Action {
    /// Nothing.
    Keep,
    /// It is made.
    Create(BTreeMap<String, SecretValue>),
    /// Keys are put; the others stay.
    Put(BTreeMap<String, SecretValue>),
}

impl Action {
    /// The keys and values to send, encoded as the API wants them.
    pub fn data(&self) -> Map<String, Value> {
        let (Self::Create(values) | Self::Put(values)) = self else {
            return Map::new();
        };
        let encode = |value: &SecretValue| Value::from(STANDARD.encode(value.expose()));
        values
            .iter()
            .map(|(key, value)| (key.clone(), encode(value)))
            .collect()
    }
}

/// Decides about every wish, in their order. `live` finds the Secrets as they are; values of `earlier`
/// wishes, whose Secrets leave, move to where they are wished for now.
pub fn plan<'a>(
    wishes: &[SecretWish],
    earlier: &[SecretWish],
    live: impl Fn(&SecretWish) -> Option<&'a DynamicObject>,
    randomness: &Randomness,
    given: Given,
) -> Result<Vec<Action>, ShipError> {
    let mut values = Values::new(BTreeMap::new(), randomness);
    for wish in wishes.iter().chain(earlier) {
        values.learn(wish, live(wish));
    }
    let live: Vec<Option<&DynamicObject>> = wishes.iter().map(live).collect();
    if given == Given::Demanded {
        demand(wishes, &live, &values)?;
    }
    // Composed values need the others first, wherever those stand.
    for (wish, secret) in wishes.iter().zip(&live) {
        for key in wish
            .keys
            .iter()
            .filter(|key| !matches!(key.how, How::Composed { .. }))
        {
            if secret.is_none_or(|secret| held(secret, &key.key).is_none()) {
                values.of(wish, key)?;
            }
        }
    }
    let mut actions = Vec::new();
    for (wish, secret) in wishes.iter().zip(&live) {
        let mut missing = BTreeMap::new();
        for key in &wish.keys {
            let held = secret.and_then(|secret| held(secret, &key.key));
            let follows = matches!(key.how, How::Composed { .. });
            if held.is_some() && !follows {
                continue;
            }
            let value = values.of(wish, key)?;
            if held.is_none_or(|held| held.expose() != value.expose()) {
                missing.insert(key.key.clone(), value);
            }
        }
        actions.push(match secret {
            None => Action::Create(missing),
            Some(_) if missing.is_empty() => Action::Keep,
            Some(_) => Action::Put(missing),
        });
    }
    Ok(actions)
}

/// All values that a person has to bring, in one go.
fn demand(
    wishes: &[SecretWish],
    live: &[Option<&DynamicObject>],
    values: &Values,
) -> Result<(), ShipError> {
    let mut missing = Vec::new();
    for (wish, secret) in wishes.iter().zip(live) {
        for key in &wish.keys {
            let is_there = secret.is_some_and(|secret| held(secret, &key.key).is_some());
            let How::Given { value } = &key.how else {
                continue;
            };
            if !is_there && !values.known.contains_key(value) {
                let cause = format!("key {} must be there, and only a person knows it", key.key);
                let remedy = format!(
                    "`kubectl -n {} create secret generic {} --from-file={}=FILE`, or \
                     `kubectl edit` where the Secret is there",
                    wish.namespace, wish.name, key.key
                );
                let obstacle = Obstacle::of(Cause::SecretNotBrought, &wish.object(), cause, remedy);
                missing.push(obstacle.at(wish.place.clone()));
            }
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ShipError::Obstacles(missing))
    }
}

fn held(secret: &DynamicObject, key: &str) -> Option<SecretValue> {
    let data = secret.data.get("data")?.get(key)?.as_str()?;
    STANDARD.decode(data).ok().map(SecretValue::new)
}

/// The request body of a Secret that is made.
pub fn body(wish: &SecretWish, release_label: (&str, &str), action: &Action) -> Value {
    let mut labels: Map<String, Value> = wish
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.clone())))
        .collect();
    labels.insert(release_label.0.to_owned(), Value::from(release_label.1));
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": wish.name, "namespace": wish.namespace, "labels": labels },
        "type": wish.kind,
        "data": action.data(),
    })
}

/// Values by their logical name: what is not known is made.
pub struct Values<'a> {
    known: BTreeMap<Logical, SecretValue>,
    randomness: &'a Randomness,
}

impl<'a> Values<'a> {
    /// Some that are known.
    pub fn new(known: BTreeMap<Logical, SecretValue>, randomness: &'a Randomness) -> Self {
        Self { known, randomness }
    }

    /// Takes the values that a live Secret has.
    fn learn(&mut self, wish: &SecretWish, secret: Option<&DynamicObject>) {
        let Some(secret) = secret else { return };
        for key in &wish.keys {
            let (How::Made { value, .. } | How::MadePair { value, .. } | How::Given { value }) =
                &key.how
            else {
                continue;
            };
            if let Some(held) = held(secret, &key.key) {
                self.known.entry(value.clone()).or_insert(held);
            }
        }
    }

    /// The value of a key. What it is composed of must be known by then.
    pub fn of(&mut self, wish: &SecretWish, key: &KeyWish) -> Result<SecretValue, ShipError> {
        match &key.how {
            How::Made { value, make } => Ok(self.made(value, *make)),
            How::MadePair { value, kind } => self.made_pair(value, kind),
            How::Given { value } => self.stand_in(wish, key, value),
            How::Composed { parts } => self.composed(parts),
        }
    }

    fn made(&mut self, value: &Logical, make: Make) -> SecretValue {
        if let Some(known) = self.known.get(value) {
            return known.clone();
        }
        let made = one(make, &mut *self.randomness.of(&value.to_string()));
        self.known.insert(value.clone(), made.clone());
        made
    }

    /// Both halves in one go. One half alone cannot be completed: the other would not fit.
    fn made_pair(&mut self, value: &Logical, kind: &PairKind) -> Result<SecretValue, ShipError> {
        if let Some(known) = self.known.get(value) {
            return Ok(known.clone());
        }
        let of = |half| Logical {
            name: value.name.clone(),
            half: Some(half),
        };
        if self.known.contains_key(&of(Half::Private)) || self.known.contains_key(&of(Half::Public))
        {
            return Err(ShipError::HalfPair(value.name.clone()));
        }
        let made = pair(kind, &mut *self.randomness.of(&value.name));
        let made = made.map_err(|source| ShipError::Make {
            what: value.to_string(),
            source,
        })?;
        for half in [Half::Private, Half::Public] {
            self.known.insert(of(half), made.half(half).clone());
        }
        Ok(made.half(value.half.unwrap_or(Half::Private)).clone())
    }

    /// Something of the form that the API checks.
    fn stand_in(
        &mut self,
        wish: &SecretWish,
        key: &KeyWish,
        value: &Logical,
    ) -> Result<SecretValue, ShipError> {
        if let Some(known) = self.known.get(value) {
            return Ok(known.clone());
        }
        let half = match (wish.kind.as_str(), key.key.as_str()) {
            ("kubernetes.io/dockerconfigjson", _) => {
                return Ok(SecretValue::new(br#"{"auths":{}}"#.to_vec()));
            }
            ("kubernetes.io/tls", "tls.key") => Half::Private,
            ("kubernetes.io/tls", _) => Half::Public,
            _ => return Ok(self.made(value, Make::Password { length: 32 })),
        };
        let halved = Logical {
            name: format!("{}/{}", wish.namespace, wish.name),
            half: Some(half),
        };
        self.made_pair(&halved, &PairKind::Tls { hosts: Vec::new() })
    }

    fn composed(&mut self, parts: &[Part]) -> Result<SecretValue, ShipError> {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Part::Value { value, escape } => {
                    let known = self.already(value)?;
                    match escape {
                        true => bytes.extend(percent_encoded(known.expose())),
                        false => bytes.extend_from_slice(known.expose()),
                    }
                }
                Part::Hashed { value } => {
                    bytes.extend_from_slice(b"{SHA}");
                    let hash = plimsoll_secrets::sha1(&self.already(value)?);
                    bytes.extend(STANDARD.encode(hash).into_bytes());
                }
            }
        }
        Ok(SecretValue::new(bytes))
    }

    /// A value that is known by now.
    fn already(&self, value: &Logical) -> Result<SecretValue, ShipError> {
        let known = self.known.get(value).cloned();
        known.ok_or_else(|| {
            let cause = "a Secret is composed of it, and nothing makes it";
            let remedy = "name a secret of the file";
            ShipError::Obstacles(vec![Obstacle::about(
                Cause::SecretNotBrought,
                value.to_string(),
                cause,
                remedy,
            )])
        })
    }
}

/// Everything but unreserved characters (RFC 3986 §2.3).
fn percent_encoded(bytes: &[u8]) -> Vec<u8> {
    let encode = |&byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => vec![byte],
        _ => format!("%{byte:02X}").into_bytes(),
    };
    bytes.iter().flat_map(encode).collect()
}

#[cfg(test)]
mod tests;
