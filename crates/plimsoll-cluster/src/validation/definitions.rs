//! Definitions of custom resources: their names.

use serde_json::Value;

use crate::error::Cause;

/// A definition is named by what it defines.
pub fn check(object: &Value, causes: &mut Vec<Cause>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spec = &object["spec"];
    let name = format!(
        "{}.{}",
        text(&spec["names"]["plural"]),
        text(&spec["group"])
    );
    if object["metadata"]["name"] != *name {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid(
            "metadata.name",
            &object["metadata"]["name"],
            detail,
        ));
    }
}
