//! What our schemas say about values: the words of JSON Schema that they use, read by ourselves.

use regex::Regex;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static PATTERNS: RefCell<BTreeMap<String, Regex>> = RefCell::default();
}

/// Whether a text fits a pattern.
pub fn is_match(pattern: &str, text: &str) -> bool {
    PATTERNS.with_borrow_mut(|patterns| {
        let known = patterns.entry(pattern.to_owned());
        known
            .or_insert_with(|| Regex::new(pattern).expect("a pattern"))
            .is_match(text)
    })
}

/// Nothing where the schema admits the value, else the first place that it does not.
pub fn verdict(schema: &Value, value: &Value) -> Result<(), String> {
    judge(schema, value, "")
}

fn judge(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{at}: {what}"));
    for word in schema
        .as_object()
        .into_iter()
        .flatten()
        .map(|(word, _)| word)
    {
        let known = [
            "$schema",
            "title",
            "description",
            "type",
            "enum",
            "anyOf",
            "pattern",
            "minLength",
            "minimum",
            "maximum",
            "items",
            "required",
            "properties",
            "patternProperties",
            "additionalProperties",
        ];
        assert!(known.contains(&word.as_str()), "nobody here knows {word}");
    }
    if let Some(all) = schema["anyOf"].as_array() {
        let fits = all.iter().any(|one| judge(one, value, at).is_ok());
        return if fits { Ok(()) } else { wrong("none fits") };
    }
    let fits = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("nobody here knows {other}"),
    };
    let kinds = match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.into_iter().any(fits) {
        return wrong("of another type");
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|all| !all.contains(value))
    {
        return wrong("none of the words");
    }
    if let Some(text) = value.as_str() {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if schema["minLength"]
            .as_u64()
            .is_some_and(|least| length < least)
        {
            return wrong("too short");
        }
        if schema["pattern"]
            .as_str()
            .is_some_and(|pattern| !is_match(pattern, text))
        {
            return wrong("not of the pattern");
        }
    }
    if let Some(number) = value.as_f64() {
        let beyond = |word: &str, is: fn(&f64, &f64) -> bool| {
            schema[word]
                .as_f64()
                .is_some_and(|bound| is(&number, &bound))
        };
        if beyond("minimum", f64::lt) || beyond("maximum", f64::gt) {
            return wrong("beyond its bounds");
        }
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            judge(&schema["items"], item, &format!("{at}[{number}]"))?;
        }
    }
    object(schema, value, at)
}

fn object(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(map) = value.as_object() else {
        return Ok(());
    };
    for key in schema["required"].as_array().into_iter().flatten() {
        if !map.contains_key(key.as_str().unwrap_or_default()) {
            return Err(format!("{at}: {key} is missing"));
        }
    }
    for (key, value) in map {
        let at = format!("{at}.{key}");
        let patterns = schema["patternProperties"]
            .as_object()
            .into_iter()
            .flatten();
        let mut known = false;
        for (_, inner) in patterns.filter(|(pattern, _)| is_match(pattern, key)) {
            judge(inner, value, &at)?;
            known = true;
        }
        if let Some(inner) = schema["properties"].get(key) {
            judge(inner, value, &at)?;
            known = true;
        }
        match &schema["additionalProperties"] {
            _ if known => {}
            Value::Bool(false) => return Err(format!("{at}: unknown")),
            inner if inner.is_object() => judge(inner, value, &at)?,
            _ => {}
        }
    }
    Ok(())
}
