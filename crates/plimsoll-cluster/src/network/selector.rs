//! Label selectors as written in objects.

use super::read;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a `LabelSelector` takes `labels`. An empty selector takes everything.
///
/// Source: Kubernetes 1.37 `metav1.LabelSelector`. An unknown operator takes nothing.
pub fn matches(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let equal = read::entries(selector, "/matchLabels")
        .into_iter()
        .flatten();
    let by_labels = equal
        .into_iter()
        .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    by_labels
        && read::items(selector, "/matchExpressions")
            .iter()
            .all(|e| expression(e, labels))
}

fn expression(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let found = labels.get(read::text(expression, "/key"));
    let listed = |value: &String| {
        read::items(expression, "/values")
            .iter()
            .any(|v| v == value.as_str())
    };
    match read::text(expression, "/operator") {
        "In" => found.is_some_and(listed),
        "NotIn" => !found.is_some_and(listed),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn takes(selector: Value, labels: &[(&str, &str)]) -> bool {
        let labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        matches(&selector, &labels)
    }

    #[test]
    fn an_empty_selector_takes_everything() {
        assert!(takes(json!({}), &[]));
        assert!(takes(json!({}), &[("app", "web")]));
    }

    #[test]
    fn all_labels_and_all_expressions_must_hold() {
        let selector = json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]});
        assert!(takes(selector.clone(), &[("app", "web"), ("tier", "b")]));
        assert!(!takes(selector.clone(), &[("app", "web"), ("tier", "c")]));
        assert!(!takes(selector, &[("tier", "b")]));
    }

    #[test]
    fn not_in_takes_what_lacks_the_label() {
        let selector =
            json!({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]});
        assert!(takes(selector.clone(), &[]));
        assert!(!takes(selector, &[("tier", "a")]));
    }
}
