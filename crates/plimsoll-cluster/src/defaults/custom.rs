//! Defaults of a custom resource's schema.

use serde_json::Value;

/// Fills in the `default` of each schema node whose parent is there.
pub fn apply(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                let nullable = schema["nullable"] == true;
                let absent = fields
                    .get(name)
                    .is_none_or(|value| value.is_null() && !nullable);
                if let (true, Some(default)) = (absent, schema.get("default")) {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(value) = fields.get_mut(name) {
                    apply(schema, value);
                }
            }
            let extra = &schema["additionalProperties"];
            if extra.is_object() {
                for (name, value) in fields {
                    if schema["properties"].get(name).is_none() {
                        apply(extra, value);
                    }
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| apply(&schema["items"], item)),
        _ => {}
    }
}
