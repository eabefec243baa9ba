//! The objects of the examples, whole, as they were agreed on.
//!
//! `tests/golden/EXAMPLE.yaml` holds the default environment for the newest Kubernetes;
//! `EXAMPLE-1.27.yaml` and the like hold the objects that differ there, and name those that are
//! gone. `PLIMSOLL_WRITE=1` writes them anew.

use crate::project::{EXAMPLES, read_well, text, world};
use plimsoll_schema::Minor;
use plimsoll_source::yaml;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Versions whose differences are kept: the oldest, and those that brought something.
const OLDER: [u8; 3] = [27, 29, 30];

/// The objects of an example's default environment, by name.
fn objects(example: &str, target: Minor) -> BTreeMap<String, String> {
    let loaded = read_well(&text(example));
    let app = loaded.environments[loaded.default].app.as_ref();
    let compiled = plimsoll_compile::compile(app.expect("an application"), target);
    let objects = world(&compiled).objects.into_iter().map(|object| {
        let text = String::from_utf8(yaml::write(&object.body)).expect("text");
        (object.key.to_string(), text)
    });
    objects.collect()
}

/// All of them as one text.
fn whole(objects: &BTreeMap<String, String>) -> String {
    objects
        .values()
        .map(|object| format!("---\n{object}"))
        .collect()
}

/// What differs from the newest.
fn difference(newest: &BTreeMap<String, String>, older: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for name in newest.keys().filter(|name| !older.contains_key(*name)) {
        writeln!(text, "# gone: {name}").expect("writing to a text");
    }
    for (_, object) in older
        .iter()
        .filter(|(name, object)| newest.get(*name) != Some(object))
    {
        write!(text, "---\n{object}").expect("writing to a text");
    }
    text
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person who runs the tests says so"
)]
fn compare(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("PLIMSOLL_WRITE").is_some() {
        std::fs::write(&path, text).expect("the golden file is written");
        return;
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    let mut lines = agreed.lines().zip(text.lines()).enumerate();
    let first = lines.find(|(_, (one, two))| one != two);
    let first = first.map_or_else(
        || "one of the two goes on".to_owned(),
        |(at, (one, two))| format!("line {}: `{one}` is now `{two}`", at + 1),
    );
    assert!(
        agreed == text,
        "{name}.yaml, {first}; if that is meant: PLIMSOLL_WRITE=1 cargo test -p plimsoll-compile golden"
    );
}

#[test]
fn the_examples_make_what_was_agreed_on_for_old_and_new_clusters() {
    for example in EXAMPLES {
        let newest = objects(example, Minor::LAST);
        compare(example, &whole(&newest));
        for minor in OLDER {
            let text = difference(&newest, &objects(example, Minor::new(minor)));
            compare(&format!("{example}-1.{minor}"), &text);
        }
    }
}
