//! Writing: create, update, patch, delete.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Call;
use super::read::{self, Place};
use super::reply::{Reply, to_bytes};
use crate::delete::Deleted;
use crate::error::{ApiError, Cause};
use crate::object;
use crate::patch::Patch;
use crate::state::{DeleteOptions, Propagation, State};
use crate::store::Stored;
use crate::write::{Written, metadata_mut};

/// Answers a write.
pub fn written(place: &Place, call: &Call, written: Written) -> Reply {
    let code = if written.created { 201 } else { 200 };
    Reply::Json {
        code,
        body: to_bytes(&place.present(&written.stored, call)),
        warnings: written.warnings,
    }
}

/// Creates the object in the body.
pub fn create(state: &mut State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let mut body = call.json()?;
    check_body(place, &body)?;
    place_body(place, &mut body)?;
    let outcome = state.create_with(body, &call.write("")?)?;
    Ok(written(place, call, outcome))
}

/// Replaces the object, or its part, by the body.
pub fn update(
    state: &mut State,
    place: &Place,
    call: &Call,
    subresource: &str,
) -> Result<Reply, ApiError> {
    let mut body = call.json()?;
    check_body(place, &body)?;
    place_body(place, &mut body)?;
    if object::name(&body).is_empty() {
        metadata_mut(&mut body).insert("name".to_owned(), json!(place.name));
    }
    if object::name(&body) != place.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            object::name(&body),
            place.name
        )));
    }
    let write = call.write(subresource)?;
    let is_missing = subresource.is_empty() && place.find(state).is_err();
    let outcome = if is_missing && place.kind.is_made_by_update() {
        state.create_with(body, &write)?
    } else {
        if !is_missing
            && body["metadata"]["resourceVersion"]
                .as_str()
                .unwrap_or_default()
                .is_empty()
        {
            require_version(place)?;
        }
        state.update_with(body, &write)?
    };
    Ok(written(place, call, outcome))
}

/// Some kinds are only replaced by those who say which version they saw.
fn require_version(place: &Place) -> Result<(), ApiError> {
    let kind = &place.kind;
    if kind.is_updated_blindly() {
        return Ok(());
    }
    let cause = Cause::invalid(
        "metadata.resourceVersion",
        &json!(0),
        "must be specified for an update",
    );
    let causes = vec![cause];
    Err(ApiError::invalid(
        &kind.group,
        &kind.plural,
        &place.name,
        causes,
    ))
}

/// Patches the object or its part.
pub fn patch(
    state: &mut State,
    place: &Place,
    call: &Call,
    subresource: &str,
) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let is_apply = call.media_type().starts_with("application/apply-patch+");
    if !is_apply && call.query("force").is_some() {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(ApiError::option("PatchOptions", cause));
    }
    let patch = match call.media_type() {
        "application/merge-patch+json" => Patch::Merge(body),
        "application/json-patch+json" => Patch::Json(body),
        "application/strategic-merge-patch+json" => Patch::Strategic(body),
        "application/apply-patch+yaml" | "application/apply-patch+json" => {
            check_body(place, &body)?;
            require_manager(call)?;
            Patch::Apply {
                config: body,
                force: call.flag("force"),
            }
        }
        other => {
            return Err(ApiError::unsupported_media_type(format!(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, not {other}"
            )));
        }
    };
    let outcome = state.patch_with(
        &place.kind,
        place.namespace(),
        &place.name,
        &patch,
        &call.write(subresource)?,
    )?;
    Ok(written(place, call, outcome))
}

/// Who applies says so.
pub fn require_manager(call: &Call) -> Result<(), ApiError> {
    if call.query("fieldManager").is_some() {
        return Ok(());
    }
    let cause = Cause::required("fieldManager", "is required for apply patch");
    Err(ApiError::option("PatchOptions", cause))
}

/// Deletes the object.
pub fn delete(state: &mut State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let options = delete_options(call)?;
    let outcome = state.delete_with(&place.kind.key, place.namespace(), &place.name, &options)?;
    Ok(match outcome {
        // Pods answer themselves even when they are gone at once.
        Deleted::Gone(stored)
            if matches!(place.kind.key.as_ref(), "Pod" | "Namespace" | "Service") =>
        {
            Reply::ok(place.present(&stored, call))
        }
        Deleted::Gone(stored) => Reply::ok(success(place, &stored.object)),
        Deleted::Marked(stored) => Reply::ok(place.present(&stored, call)),
    })
}

/// Deletes all objects that the selector chooses.
pub fn delete_collection(state: &mut State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let options = delete_options(call)?;
    let chosen = read::select(state, place, &read::selector(call)?);
    let chosen: Vec<Stored> = chosen.into_iter().cloned().collect();
    for Stored { object, .. } in &chosen {
        state.delete_with(
            &place.kind.key,
            object::namespace(object),
            object::name(object),
            &options,
        )?;
    }
    let metadata = json!({"resourceVersion": state.version().to_string()});
    Ok(Reply::ok(place.list(chosen.iter(), metadata, call)))
}

fn success(place: &Place, object: &Arc<Value>) -> Value {
    let mut details = json!({"name": place.name});
    if !place.kind.group.is_empty() {
        details["group"] = json!(place.kind.group);
    }
    details["kind"] = json!(place.kind.plural);
    details["uid"] = json!(object::uid(object));
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details, "code": 200})
}

fn delete_options(call: &Call) -> Result<DeleteOptions, ApiError> {
    let body = if call.body.is_empty() {
        Value::Null
    } else {
        call.json()?
    };
    let grace = call
        .query("gracePeriodSeconds")
        .and_then(|text| text.parse().ok());
    let wanted = call
        .query("propagationPolicy")
        .or_else(|| body["propagationPolicy"].as_str());
    if let (Some(wanted), true) = (wanted, body["orphanDependents"].is_boolean()) {
        let why = "orphanDependents and deletionPropagation cannot be both set";
        let cause = Cause::invalid("propagationPolicy", &json!(wanted), why);
        return Err(ApiError::option("DeleteOptions", cause));
    }
    let propagation = match wanted {
        None => match body["orphanDependents"].as_bool() {
            Some(true) => Some(Propagation::Orphan),
            Some(false) => Some(Propagation::Background),
            None => None,
        },
        Some("Background") => Some(Propagation::Background),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Orphan") => Some(Propagation::Orphan),
        Some(other) => {
            let known = ["Foreground", "Background", "Orphan", "nil"];
            let cause = Cause::not_supported("propagationPolicy", &json!(other), &known);
            return Err(ApiError::option("DeleteOptions", cause));
        }
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let dry_run = call.query("dryRun") == Some("All")
        || body["dryRun"].as_array().is_some_and(|all| !all.is_empty());
    Ok(DeleteOptions {
        grace_period_seconds: grace.or_else(|| body["gracePeriodSeconds"].as_i64()),
        propagation,
        uid: text(&body["preconditions"]["uid"]),
        resource_version: text(&body["preconditions"]["resourceVersion"]),
        dry_run,
    })
}

/// The body must be an object of the kind and version of the path.
fn check_body(place: &Place, body: &Value) -> Result<(), ApiError> {
    if !body.is_object() {
        return Err(ApiError::bad_request(
            "the body of the request is not an object",
        ));
    }
    let (version, kind) = (
        body["apiVersion"].as_str().unwrap_or_default(),
        body["kind"].as_str().unwrap_or_default(),
    );
    let expected = place.api_version();
    if (!version.is_empty() && version != expected) || (!kind.is_empty() && kind != place.kind.kind)
    {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({version}, Kind={kind}) does not match the expected API version ({expected}, Kind={})",
            place.kind.kind
        )));
    }
    Ok(())
}

/// Gives the body the stored version and the namespace of the path.
fn place_body(place: &Place, body: &mut Value) -> Result<(), ApiError> {
    body["apiVersion"] = json!(place.kind.storage_version);
    body["kind"] = json!(place.kind.kind);
    let own = object::namespace(body).to_owned();
    match &place.namespace {
        Some(namespace) if own.is_empty() => {
            metadata_mut(body).insert("namespace".to_owned(), json!(namespace));
            Ok(())
        }
        Some(namespace) if *namespace != own => Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
        Some(_) => Ok(()),
        None => {
            if !place.kind.namespaced {
                metadata_mut(body).shift_remove("namespace");
            }
            Ok(())
        }
    }
}
