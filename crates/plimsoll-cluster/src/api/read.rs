//! Reading: one object, or a list with selectors, in pages.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use super::reply::Reply;
use super::selector::Selector;
use super::shown::Shown;
use crate::error::ApiError;
use crate::kinds::{Kind, api_version};
use crate::object;
use crate::state::State;
use crate::store::Stored;

/// The part of the store that a request is about.
#[derive(Clone, Debug)]
pub struct Place {
    /// The kind.
    pub kind: Arc<Kind>,
    /// The version that the client speaks.
    pub version: String,
    /// The namespace; absent for all of them and for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// The object's name; empty for collections.
    pub name: String,
}

impl Place {
    /// A collection.
    pub fn collection(
        state: &State,
        group: &str,
        version: &str,
        plural: &str,
        namespace: Option<String>,
    ) -> Result<Self, ApiError> {
        let kind = state
            .kinds()
            .by_plural(group, version, plural)
            .ok_or_else(ApiError::unknown_path)?;
        if namespace.is_some() && !kind.namespaced {
            return Err(ApiError::unknown_path());
        }
        Ok(Self {
            kind: kind.clone(),
            version: version.to_owned(),
            namespace,
            name: String::new(),
        })
    }

    /// One object.
    pub fn object(
        state: &State,
        group: &str,
        version: &str,
        plural: &str,
        namespace: Option<String>,
        name: String,
    ) -> Result<Self, ApiError> {
        let mut place = Self::collection(state, group, version, plural, namespace)?;
        if place.kind.namespaced && place.namespace.is_none() {
            return Err(ApiError::unknown_path());
        }
        place.name = name;
        Ok(place)
    }

    /// The namespace, empty when there is none.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The object that this names.
    pub fn find(&self, state: &State) -> Result<Stored, ApiError> {
        let missing = || ApiError::not_found(&self.kind.group, &self.kind.plural, &self.name);
        state
            .store
            .stored(&self.kind.key, self.namespace(), &self.name)
            .cloned()
            .ok_or_else(missing)
    }

    /// `apiVersion` as the client speaks it.
    pub fn api_version(&self) -> String {
        api_version(&self.kind.group, &self.version)
    }

    /// A stored object in the client's version and form.
    pub fn present<'a>(&self, stored: &'a Stored, call: &Call) -> Shown<'a> {
        Shown::stored(stored)
            .in_version((self.version != self.kind.version).then(|| self.api_version()))
            .partial(call.wants("PartialObjectMetadata"))
    }

    /// A list of stored objects.
    pub fn list<'a>(
        &self,
        items: impl Iterator<Item = &'a Stored>,
        metadata: Value,
        call: &Call,
    ) -> List<'a> {
        let items = items.map(|stored| self.present(stored, call)).collect();
        if call.wants("PartialObjectMetadata") {
            return List {
                kind: "PartialObjectMetadataList".to_owned(),
                api_version: "meta.k8s.io/v1".to_owned(),
                metadata,
                items,
            };
        }
        List {
            kind: format!("{}List", self.kind.kind),
            api_version: self.api_version(),
            metadata,
            items,
        }
    }
}

/// Many objects as an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List<'a> {
    kind: String,
    api_version: String,
    metadata: Value,
    items: Vec<Shown<'a>>,
}

/// Answers one object.
pub fn get(state: &State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    Ok(Reply::ok(place.present(&place.find(state)?, call)))
}

/// The selector of a request.
pub fn selector(call: &Call) -> Result<Selector, ApiError> {
    let text = |name| call.query(name).unwrap_or_default();
    Selector::parse(text("labelSelector"), text("fieldSelector"))
}

/// All objects of a place that a selector chooses, ordered by namespace and name.
pub fn select<'a>(state: &'a State, place: &Place, selector: &Selector) -> Vec<&'a Stored> {
    let fits = |stored: &&Stored| selector.is_everything() || selector.matches(&stored.object);
    let store = &state.store;
    match &place.namespace {
        Some(space) => store
            .list_stored_in(&place.kind.key, space)
            .filter(fits)
            .collect(),
        None => store.list_stored(&place.kind.key).filter(fits).collect(),
    }
}

/// Answers a list.
pub fn list(state: &State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let mut items = select(state, place, &selector(call)?);
    if let Some(version) = call.query("resourceVersion") {
        check_list_version(state, version)?;
    }
    if let Some(token) = call.query("continue") {
        let after = decode_token(token)?;
        items.retain(|item| {
            (object::namespace(&item.object), object::name(&item.object))
                > (after.0.as_str(), after.1.as_str())
        });
    }
    let limit = call
        .query("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(0_usize);
    let mut metadata = json!({"resourceVersion": state.version().to_string()});
    if limit > 0 && items.len() > limit {
        let left = items.len() - limit;
        items.truncate(limit);
        if let Some(last) = items.last() {
            let last = &last.object;
            metadata["continue"] = json!(encode_token(object::namespace(last), object::name(last)));
        }
        metadata["remainingItemCount"] = json!(left);
    }
    Ok(Reply::ok(place.list(items.into_iter(), metadata, call)))
}

fn check_list_version(state: &State, version: &str) -> Result<(), ApiError> {
    let wanted: u64 = version.parse().map_err(|_| {
        ApiError::bad_request(format!(
            "Invalid value: \"{version}\": resourceVersion must be a number"
        ))
    })?;
    if wanted > state.version() {
        let message = format!(
            "Timeout: Too large resource version: {wanted}, current: {}",
            state.version()
        );
        let mut error = ApiError::internal(message);
        error.code = 504;
        error.reason = "Timeout";
        error.details.retry_after_seconds = Some(1);
        return Err(error);
    }
    Ok(())
}

fn encode_token(namespace: &str, name: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{namespace}/{name}"))
}

fn decode_token(token: &str) -> Result<(String, String), ApiError> {
    let bad = || ApiError::bad_request(format!("continue key is not valid: {token}"));
    let text = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(bad)?;
    let (namespace, name) = text.split_once('/').ok_or_else(bad)?;
    Ok((namespace.to_owned(), name.to_owned()))
}
