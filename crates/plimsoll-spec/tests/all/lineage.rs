//! Where values come from.

use crate::harness::{app_in, file};
use plimsoll_source::Span;
use plimsoll_spec::Loaded;

const FILE: &str = "\
app: shop
vars: { tag: v1 }
images: { tag: \"${tag}\" }
defaults: { size: { memory: 512Mi } }
services:
  web: { ports: 8080, scale: 4 }
cap: { replicas: 3 }
environments:
  prod: { services: { web: { scale: 6 } } }
";

fn texts(loaded: &Loaded, spans: impl IntoIterator<Item = Span>) -> Vec<String> {
    spans
        .into_iter()
        .map(|span| loaded.sources.text(span).to_owned())
        .collect()
}

#[test]
fn a_variable_drives_what_it_stands_in() {
    let loaded = file(FILE);
    let app = app_in(FILE, "prod");
    let driven = texts(&loaded, app.images.tag.origin().driven());
    assert_eq!(driven, ["v1", "\"${tag}\""]);
}

#[test]
fn a_default_of_the_file_drives_a_service() {
    let loaded = file(FILE);
    let app = app_in(FILE, "prod");
    let driven = texts(&loaded, app.services["web"].size.memory.origin().driven());
    assert_eq!(driven, ["512Mi"]);
}

#[test]
fn a_bound_drives_and_what_it_lowers_touches() {
    let loaded = file(FILE);
    let app = app_in(FILE, "prod");
    let count = app.services["web"].scale.replicas.count.origin();
    assert_eq!(texts(&loaded, count.driven()), ["3"]);
    assert_eq!(texts(&loaded, count.touched()), ["4", "3", "6"]);
}

#[test]
fn a_built_in_default_is_driven_by_nothing() {
    let app = app_in(FILE, "prod");
    assert!(app.services["web"].size.cpu.origin().touched().is_empty());
}
