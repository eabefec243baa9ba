//! JSON patch, RFC 6902.

use serde_json::Value;

use crate::error::ApiError;

/// The outcome of a JSON patch.
pub fn apply(target: &Value, patch: &Value) -> Result<Value, ApiError> {
    let steps = patch
        .as_array()
        .ok_or_else(|| ApiError::bad_request("error decoding patch: not a list of operations"))?;
    steps.iter().try_fold(target.clone(), step)
}

fn step(mut object: Value, step: &Value) -> Result<Value, ApiError> {
    let path = step["path"]
        .as_str()
        .ok_or_else(|| ApiError::bad_request("error decoding patch: operation without path"))?;
    let from = || {
        step["from"]
            .as_str()
            .ok_or_else(|| ApiError::bad_request("error decoding patch: operation without from"))
    };
    let value = || step.get("value").cloned().unwrap_or(Value::Null);
    match step["op"].as_str().unwrap_or_default() {
        "add" => add(&mut object, path, value())?,
        "remove" => drop(remove(&mut object, path)?),
        "replace" => {
            let place = object
                .pointer_mut(path)
                .ok_or_else(|| missing("replace", path))?;
            *place = value();
        }
        "move" => {
            let moved = remove(&mut object, from()?)?;
            add(&mut object, path, moved)?;
        }
        "copy" => {
            let copied = object
                .pointer(from()?)
                .cloned()
                .ok_or_else(|| missing("copy", path))?;
            add(&mut object, path, copied)?;
        }
        "test" => {
            if object.pointer(path).unwrap_or(&Value::Null) != &value() {
                return Err(unprocessable(format!(
                    "testing value {path} failed: test failed"
                )));
            }
        }
        other => {
            return Err(ApiError::bad_request(format!(
                "error decoding patch: Unexpected kind: {other}"
            )));
        }
    }
    Ok(object)
}

fn missing(operation: &str, path: &str) -> ApiError {
    unprocessable(format!(
        "{operation} operation does not apply: doc is missing path: \"{path}\": missing value"
    ))
}

fn unprocessable(message: String) -> ApiError {
    let mut error = ApiError::bad_request(message);
    error.code = 422;
    error.reason = "Invalid";
    error
}

/// The path of the parent, and the last key unescaped.
fn split(path: &str) -> Option<(&str, String)> {
    let (parent, key) = path.rsplit_once('/')?;
    Some((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn add(object: &mut Value, path: &str, value: Value) -> Result<(), ApiError> {
    let Some((parent, key)) = split(path) else {
        *object = value;
        return Ok(());
    };
    match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.insert(key, value);
            Ok(())
        }
        Some(Value::Array(items)) if key == "-" => {
            items.push(value);
            Ok(())
        }
        Some(Value::Array(items)) => match key.parse::<usize>() {
            Ok(at) if at <= items.len() => {
                items.insert(at, value);
                Ok(())
            }
            _ => Err(missing("add", path)),
        },
        _ => Err(missing("add", path)),
    }
}

fn remove(object: &mut Value, path: &str) -> Result<Value, ApiError> {
    let gone = || missing("remove", path);
    let (parent, key) = split(path).ok_or_else(gone)?;
    match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.shift_remove(&key).ok_or_else(gone),
        Some(Value::Array(items)) => {
            let at = key
                .parse::<usize>()
                .ok()
                .filter(|at| *at < items.len())
                .ok_or_else(gone)?;
            Ok(items.remove(at))
        }
        _ => Err(gone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_operation_changes_its_place() {
        let before = json!({"a": [1, 2], "b": {"x/y": 1}});
        let patch = json!([
            {"op": "test", "path": "/a/0", "value": 1},
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "add", "path": "/a/0", "value": 0},
            {"op": "replace", "path": "/b/x~1y", "value": 2},
            {"op": "copy", "from": "/b", "path": "/c"},
            {"op": "move", "from": "/b", "path": "/d"},
            {"op": "remove", "path": "/a/1"},
        ]);
        let after = apply(&before, &patch).expect("the patch applies");
        assert_eq!(
            after,
            json!({"a": [0, 2, 3], "c": {"x/y": 2}, "d": {"x/y": 2}})
        );
    }

    #[test]
    fn a_failed_test_or_a_missing_place_is_refused() {
        let object = json!({"a": 1});
        for patch in [
            json!([{"op": "test", "path": "/a", "value": 2}]),
            json!([{"op": "remove", "path": "/b"}]),
            json!([{"op": "replace", "path": "/b/c", "value": 1}]),
        ] {
            assert_eq!(
                apply(&object, &patch).map_err(|error| error.code),
                Err(422),
                "{patch}"
            );
        }
    }
}
