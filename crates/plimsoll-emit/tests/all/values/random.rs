//! Values that a schema admits, and values that it does not, from a seed.

use super::verdict::{is_match, verdict};
use serde_json::{Map, Value, json};

/// A small generator of numbers: the same seed gives the same values everywhere.
pub struct Random(u64);

/// Texts that YAML, templates or quotes take for something else.
const TEXTS: &[&str] = &[
    "",
    "a",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "N",
    "true",
    "null",
    "~",
    "0755",
    "0x1F",
    "1e3",
    "12:30",
    "1_000",
    "1.5",
    "2",
    "<<",
    "{{",
    "}}",
    "{{ .Values }}",
    " leading",
    "trailing ",
    "two  blanks",
    "several\nlines",
    "ends\n\n",
    "\ttab",
    "#x",
    "- x",
    "a: b",
    "'q'",
    "\"dq\"",
    "back\\slash",
    "$(X)",
    "%s",
    "100m",
    "1Gi",
    "0.5",
    "é",
    "𝄞",
    "\u{7f}",
    "\u{85}",
    "\u{1}",
    "\u{2028}",
    "app.example.com",
    "own-name",
    "2001-01-01",
    "=",
    "!tag",
    "&a",
    "*a",
    "[",
    "|",
    ">",
];

impl Random {
    /// A generator of that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap_or(0) % end.max(1)
    }

    /// Whether something of that percentage happens.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A value that the schema admits; `None` where none was found.
    pub fn valid(&mut self, schema: &Value) -> Option<Value> {
        (0..40).find_map(|_| {
            let value = self.guess(schema);
            verdict(schema, &value).is_ok().then_some(value)
        })
    }

    fn guess(&mut self, schema: &Value) -> Value {
        if let Some(all) = schema["enum"].as_array() {
            return self.pick(all).clone();
        }
        if let Some(all) = schema["anyOf"].as_array() {
            let one = self.pick(all).clone();
            return self.guess(&one);
        }
        let kind = match &schema["type"] {
            Value::Array(all) => self.pick(all).clone(),
            one => one.clone(),
        };
        match kind.as_str().unwrap_or_default() {
            "boolean" => json!(self.percent(50)),
            "integer" => self.integer(schema),
            "number" => json!(f64::from(u32::try_from(self.below(40)).unwrap_or(0)) / 4.0),
            "array" => (0..self.below(4))
                .map(|_| self.guess(&schema["items"]))
                .collect(),
            "object" => self.object(schema),
            _ => json!(*self.pick(TEXTS)),
        }
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_i64().unwrap_or(-5);
        let most = schema["maximum"].as_i64().unwrap_or(i64::from(i32::MAX));
        let all = [least, least + 1, least + 2, 5, 10, 999_999, 1_000_000, most];
        json!(self.pick(&all))
    }

    fn object(&mut self, schema: &Value) -> Value {
        let mut map = Map::new();
        let required = schema["required"].as_array();
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let must = required.is_some_and(|all| all.iter().any(|own| own == key));
            if must || self.percent(60) {
                map.insert(key.clone(), self.guess(inner));
            }
        }
        let patterns = schema["patternProperties"].as_object();
        let free = &schema["additionalProperties"];
        for _ in 0..self.below(4) {
            let key = if self.percent(50) {
                *self.pick(&["KEY_ONE", "KEY_TWO", "a.b/c", "cpu", "memory"])
            } else {
                *self.pick(TEXTS)
            };
            let by_pattern =
                patterns.and_then(|all| all.iter().find(|(pattern, _)| is_match(pattern, key)));
            let inner = by_pattern
                .map(|(_, inner)| inner)
                .or(free.is_object().then_some(free));
            if let Some(inner) = inner {
                map.insert(key.to_owned(), self.guess(inner));
            }
        }
        Value::Object(map)
    }

    /// The same with something wrong in one place, or by chance with nothing wrong.
    pub fn spoiled(&mut self, values: &Value) -> Value {
        let mut spoiled = values.clone();
        let mut place = &mut spoiled;
        while let Value::Object(map) = place {
            if map.is_empty() || self.percent(20) {
                match self.below(3) {
                    0 => drop(map.insert("unheard".to_owned(), json!("of"))),
                    1 if !map.is_empty() => {
                        let key = map.keys().nth(self.below(map.len())).cloned();
                        map.insert(key.expect("a key"), Value::Null);
                    }
                    _ => drop(map.insert("<<".to_owned(), json!("x"))),
                }
                return spoiled;
            }
            let key = map
                .keys()
                .nth(self.below(map.len()))
                .cloned()
                .expect("a key");
            place = map.get_mut(&key).expect("the key is there");
        }
        *place = match self.below(7) {
            0 => json!(true),
            1 => json!(-1),
            2 => json!(2.5),
            3 => json!([]),
            4 => json!({}),
            5 => json!("\u{7f}"),
            _ => json!(""),
        };
        spoiled
    }
}
