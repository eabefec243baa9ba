//! Questions about one's own rights: answered, never stored.

use serde_json::{Value, json};

use super::call::Call;
use super::read::Place;
use super::reply::Reply;
use super::rights::{self, Wish};
use crate::error::ApiError;
use crate::state::State;

/// The group of the questions.
pub const GROUP: &str = "authorization.k8s.io";

/// Answers a review with what was asked, and whether whoever asks may do it.
pub fn answer(state: &State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let mut review: Value = call.json()?;
    if !review["spec"].is_object() {
        return Err(ApiError::bad_request("the review asks for nothing"));
    }
    review["apiVersion"] = json!("authorization.k8s.io/v1");
    review["kind"] = json!(place.kind.kind);
    review["status"] = match &call.user {
        None => json!({"allowed": true}),
        Some(user) => match rights::granted(state, user, &wish(&review["spec"])) {
            Some(reason) => json!({"allowed": true, "reason": reason}),
            None => json!({"allowed": false}),
        },
    };
    Ok(Reply::json(201, review))
}

fn wish(spec: &Value) -> Wish {
    let asked = &spec["resourceAttributes"];
    let text = |field: &str| asked[field].as_str().unwrap_or_default().to_owned();
    let mut resource = text("resource");
    let part = text("subresource");
    if !part.is_empty() {
        resource = format!("{resource}/{part}");
    }
    Wish {
        verb: text("verb"),
        group: text("group"),
        resource,
        namespace: text("namespace"),
        name: text("name"),
    }
}
