//! YAML documents as JSON values, as far as published CRDs need it: no aliases, no tags.
use anyhow::{Result, bail};
use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The documents of a file.
pub fn documents(text: &str) -> Result<Vec<Value>> {
    let mut reader = Reader {
        documents: Vec::new(),
        open: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        reader.take(&event?.0)?;
    }
    Ok(reader.documents)
}

struct Reader {
    documents: Vec<Value>,
    open: Vec<Open>,
}

/// A collection whose end is not yet read.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Reader {
    fn take(&mut self, event: &Event<'_>) -> Result<()> {
        match event {
            Event::SequenceStart(..) => self.open.push(Open::List(Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Map(Map::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(items)) => self.put(Value::Array(items)),
                Some(Open::Map(map, _)) => self.put(Value::Object(map)),
                None => bail!("a collection ends that did not begin"),
            },
            Event::Scalar(text, style, ..) => match self.open.last_mut() {
                Some(Open::Map(_, key @ None)) => *key = Some(text.to_string()),
                _ if *style == ScalarStyle::Plain => self.put(plain(text)),
                _ => self.put(Value::String(text.to_string())),
            },
            Event::Alias(..) | Event::UnresolvedAlias(..) => bail!("aliases are not read"),
            _ => {}
        }
        Ok(())
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(map, key)) => {
                map.insert(key.take().unwrap_or_default(), value);
            }
            None => self.documents.push(value),
        }
    }
}

/// The value of a scalar without quotes.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // JSON and YAML agree on the numbers that CRDs hold.
        _ => match serde_json::from_str(text) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_the_types_of_their_scalars() {
        let documents =
            documents("a: [1, '1', yes, true]\n---\nb:\n- c: |\n    x\n").expect("reads");
        let expected = [
            serde_json::json!({"a": [1, "1", "yes", true]}),
            serde_json::json!({"b": [{"c": "x\n"}]}),
        ];
        assert_eq!(documents, expected);
    }
}
