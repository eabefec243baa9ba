//! Admission webhooks: nothing runs behind one here, so each that is asked fails, as a real server says
//! it of one whose service is gone. Follows `pkg/admission/plugin/webhook` of apiserver 1.37.

use serde_json::Value;

use crate::api::selector::selects;
use crate::error::{ApiError, Cause};
use crate::key::group_of;
use crate::kinds::Kind;
use crate::object;
use crate::state::State;

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed one.
    Update,
    /// One that goes.
    Delete,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// Fails if a webhook wants to be asked that may not fail.
pub fn check(
    state: &State,
    kind: &Kind,
    operation: Operation,
    object: &Value,
) -> Result<(), ApiError> {
    for form in ["Mutating", "Validating"] {
        let key = format!("admissionregistration.k8s.io/{form}WebhookConfiguration");
        // Webhooks are not asked about webhooks.
        if *kind.key == *key {
            return Ok(());
        }
        for configuration in state.store.list(&key) {
            let hooks = configuration["webhooks"].as_array().into_iter().flatten();
            for hook in hooks {
                if hook["failurePolicy"] != "Ignore" && asks(state, hook, kind, operation, object) {
                    return Err(failure(state, hook));
                }
            }
        }
    }
    Ok(())
}

fn asks(state: &State, hook: &Value, kind: &Kind, operation: Operation, object: &Value) -> bool {
    let rules = hook["rules"].as_array().into_iter().flatten();
    rules.into_iter().any(|rule| names(rule, kind, operation))
        && chooses(&hook["objectSelector"], &object["metadata"]["labels"])
        && chooses(
            &hook["namespaceSelector"],
            &labels_around(state, kind, object),
        )
}

fn names(rule: &Value, kind: &Kind, operation: Operation) -> bool {
    let lists = |field: &str, wanted: &str| {
        let listed = rule[field].as_array().into_iter().flatten();
        listed.into_iter().any(|one| one == wanted || one == "*")
    };
    let scope = rule["scope"].as_str().unwrap_or("*");
    lists("operations", operation.as_str())
        && lists("apiGroups", group_of(&kind.storage_version))
        && kind
            .versions
            .iter()
            .any(|version| lists("apiVersions", version))
        && (lists("resources", &kind.plural) || lists("resources", "*/*"))
        && (scope == "*" || (scope == "Namespaced") == kind.namespaced)
}

fn chooses(selector: &Value, labels: &Value) -> bool {
    selector.as_object().is_none_or(serde_json::Map::is_empty) || selects(selector, labels)
}

/// The labels of the object's namespace; a namespace lies in itself.
fn labels_around(state: &State, kind: &Kind, object: &Value) -> Value {
    if &*kind.key == "Namespace" {
        return object["metadata"]["labels"].clone();
    }
    let home = state.store.get("Namespace", "", object::namespace(object));
    home.map(|home| home["metadata"]["labels"].clone())
        .unwrap_or_default()
}

fn failure(state: &State, hook: &Value) -> ApiError {
    let name = hook["name"].as_str().unwrap_or_default();
    let seconds = hook["timeoutSeconds"].as_u64().unwrap_or(10);
    let service = &hook["clientConfig"]["service"];
    let text = |field: &str| service[field].as_str().unwrap_or_default();
    let (url, why) = match hook["clientConfig"]["url"].as_str() {
        Some(url) => (url.to_owned(), "nothing outside is reached".to_owned()),
        None => {
            let path = text("path").trim_start_matches('/');
            let port = service["port"].as_u64().unwrap_or(443);
            let url = format!(
                "https://{}.{}.svc:{port}/{path}",
                text("name"),
                text("namespace")
            );
            let known = state.store.get("Service", text("namespace"), text("name"));
            let why = match known {
                None => format!("service \"{}\" not found", text("name")),
                Some(_) => "nothing answers in the embedded cluster".to_owned(),
            };
            (url, why)
        }
    };
    let message = format!(
        "failed calling webhook \"{name}\": failed to call webhook: Post \"{url}?timeout={seconds}s\": {why}"
    );
    let mut error = ApiError::internal(format!("Internal error occurred: {message}"));
    error.details.causes = vec![Cause {
        reason: "",
        message,
        field: String::new(),
    }];
    error
}
