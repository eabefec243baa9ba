//! Label selectors as workloads, budgets and affinities write them.

use serde_json::Value;

/// Whether a `LabelSelector` (`matchLabels`, `matchExpressions`) matches labels. The empty selector
/// matches everything, an absent one nothing.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    selector.is_object()
        && matches_all(&selector["matchLabels"], labels)
        && selector["matchExpressions"]
            .as_array()
            .is_none_or(|all| all.iter().all(|one| expression_matches(one, labels)))
}

/// Whether every pair of a plain selector map is among the labels.
pub fn matches_all(wanted: &Value, labels: &Value) -> bool {
    wanted.as_object().is_none_or(|wanted| {
        wanted
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
    })
}

/// Whether one expression (`key`, `operator`, `values`) holds of the labels; knows the operators of
/// label selectors and the two numeric ones of node selectors.
pub fn expression_matches(expression: &Value, labels: &Value) -> bool {
    let key = expression["key"].as_str().unwrap_or_default();
    let label = labels.get(key).and_then(Value::as_str);
    let listed = |label: &str| {
        expression["values"]
            .as_array()
            .is_some_and(|values| values.iter().any(|one| one == label))
    };
    match expression["operator"].as_str().unwrap_or_default() {
        "In" => label.is_some_and(listed),
        "NotIn" => !label.is_some_and(listed),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        "Gt" => compare(expression, label).is_some_and(|(label, bound)| label > bound),
        "Lt" => compare(expression, label).is_some_and(|(label, bound)| label < bound),
        _ => false,
    }
}

fn compare(expression: &Value, label: Option<&str>) -> Option<(i64, i64)> {
    let bound = expression["values"].get(0)?.as_str()?.parse().ok()?;
    Some((label?.parse().ok()?, bound))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::matches;

    #[test]
    fn selectors_match_as_upstream_documents() {
        let labels = json!({"app": "api", "tier": "web"});
        assert!(matches(&json!({}), &labels));
        assert!(!matches(&json!(null), &labels));
        assert!(matches(&json!({"matchLabels": {"app": "api"}}), &labels));
        assert!(!matches(&json!({"matchLabels": {"app": "job"}}), &labels));
        let not_in =
            json!({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]});
        assert!(matches(&not_in, &labels));
        let exists = json!({"matchExpressions": [{"key": "zone", "operator": "Exists"}]});
        assert!(!matches(&exists, &labels));
    }
}
