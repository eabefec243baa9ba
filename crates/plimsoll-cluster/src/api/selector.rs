//! Label and field selectors, as text in queries and as objects in specs.

use serde_json::Value;

use crate::error::ApiError;
use crate::object;

/// One requirement on a label or a field.
#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::In(allowed) => value.is_some_and(|value| allowed.iter().any(|one| one == value)),
            Self::NotIn(banned) => value.is_none_or(|value| banned.iter().all(|one| one != value)),
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Greater(than) => number().is_some_and(|number| number > *than),
            Self::Less(than) => number().is_some_and(|number| number < *than),
        }
    }
}

/// Which objects a request is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

impl Selector {
    /// Reads the two selectors of a query; both may be empty.
    pub fn parse(labels: &str, fields: &str) -> Result<Self, ApiError> {
        let label = |text: &str| parse_label(text).ok_or_else(|| unable(labels));
        let field = |text: &str| parse_field(text).ok_or_else(|| unable(fields));
        Ok(Self {
            labels: split_outside_brackets(labels)
                .into_iter()
                .map(label)
                .collect::<Result<_, _>>()?,
            fields: split_outside_brackets(fields)
                .into_iter()
                .map(field)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether every object is meant.
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether this object is meant.
    pub fn matches(&self, object: &Value) -> bool {
        self.labels
            .iter()
            .all(|one| one.test.holds(object::label(object, &one.key)))
            && self
                .fields
                .iter()
                .all(|one| one.test.holds(Some(&field_text(object, &one.key))))
    }
}

/// Whether a `LabelSelector` object (`matchLabels`, `matchExpressions`) selects these labels.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let value = |key: &str| labels.get(key).and_then(Value::as_str);
    let pairs = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    pairs
        .into_iter()
        .all(|(key, wanted)| value(key) == wanted.as_str())
        && expressions
            .into_iter()
            .all(|one| expression(one).holds(one["key"].as_str().and_then(value)))
}

fn expression(expression: &Value) -> Test {
    let values = || {
        expression["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    match expression["operator"].as_str() {
        Some("In") => Test::In(values()),
        Some("NotIn") => Test::NotIn(values()),
        Some("Exists") => Test::Exists,
        Some("DoesNotExist") => Test::Absent,
        _ => Test::In(Vec::new()),
    }
}

fn unable(text: &str) -> ApiError {
    ApiError::bad_request(format!(
        "unable to parse requirement: found '{text}', expected: a selector"
    ))
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn parse_label(text: &str) -> Option<Requirement> {
    let with = |key: &str, test| {
        let key = key.trim();
        (!key.is_empty() && !key.contains(char::is_whitespace)).then(|| Requirement {
            key: key.to_owned(),
            test,
        })
    };
    if let Some((key, list)) = text.split_once(" notin ") {
        return with(key, Test::NotIn(bracketed(list)?));
    }
    if let Some((key, list)) = text.split_once(" in ") {
        return with(key, Test::In(bracketed(list)?));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return with(key, Test::NotIn(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return with(key, Test::In(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = text.split_once('>') {
        return with(key, Test::Greater(value.trim().parse().ok()?));
    }
    if let Some((key, value)) = text.split_once('<') {
        return with(key, Test::Less(value.trim().parse().ok()?));
    }
    match text.strip_prefix('!') {
        Some(key) => with(key, Test::Absent),
        None => with(text, Test::Exists),
    }
}

fn bracketed(list: &str) -> Option<Vec<String>> {
    let inner = list.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').map(|one| one.trim().to_owned()).collect())
}

fn parse_field(text: &str) -> Option<Requirement> {
    let (key, test) = if let Some((key, value)) = text.split_once("!=") {
        (key, Test::NotIn(vec![value.to_owned()]))
    } else {
        let (key, value) = text.split_once("==").or_else(|| text.split_once('='))?;
        (key, Test::In(vec![value.to_owned()]))
    };
    Some(Requirement {
        key: key.trim().to_owned(),
        test,
    })
}

/// The text of a dotted field; an absent one is the empty text.
fn field_text(object: &Value, path: &str) -> String {
    let mut value = object;
    for part in path.split('.') {
        value = &value[part];
    }
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chosen(labels: &str, fields: &str) -> bool {
        let object = json!({"metadata": {"name": "a", "labels": {"app": "web", "tier": "2"}}, "spec": {"nodeName": "n"}});
        Selector::parse(labels, fields)
            .expect("a selector")
            .matches(&object)
    }

    #[test]
    fn each_operator_selects_by_label() {
        for yes in [
            "app=web",
            "app==web",
            "app!=db",
            "app",
            "!other",
            "app in (db, web),tier",
            "app notin (db)",
            "tier>1",
            "other!=x",
        ] {
            assert!(chosen(yes, ""), "{yes}");
        }
        for no in [
            "app=db",
            "app!=web",
            "other",
            "!app",
            "app in (db)",
            "app notin (web)",
            "tier<2",
            "app=web,other",
        ] {
            assert!(!chosen(no, ""), "{no}");
        }
    }

    #[test]
    fn fields_select_by_path() {
        assert!(chosen("", "metadata.name=a,spec.nodeName!=m"));
        assert!(!chosen("", "metadata.name=b"));
        assert!(chosen("", "status.phase!=Running"));
    }

    #[test]
    fn a_selector_object_needs_all_of_its_terms() {
        let labels = json!({"app": "web"});
        assert!(selects(&json!({}), &labels));
        assert!(selects(
            &json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}),
            &labels
        ));
        assert!(!selects(
            &json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["db"]}]}),
            &labels
        ));
    }

    #[test]
    fn a_broken_selector_is_refused() {
        assert_eq!(
            Selector::parse("app in web", "").map_err(|error| error.code),
            Err(400)
        );
    }
}
