//! Questions about rights: answered, never stored. Whoever reaches this server may do everything.

use serde_json::{Value, json};

use super::call::Call;
use super::read::Place;
use super::reply::Reply;
use crate::error::ApiError;

/// The group of the questions.
pub const GROUP: &str = "authorization.k8s.io";

/// Answers a review with what was asked, and yes.
pub fn answer(place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let mut review: Value = call.json()?;
    if !review["spec"].is_object() {
        return Err(ApiError::bad_request("the review asks for nothing"));
    }
    review["apiVersion"] = json!("authorization.k8s.io/v1");
    review["kind"] = json!(place.kind.kind);
    review["status"] = json!({ "allowed": true });
    Ok(Reply::json(201, review))
}
