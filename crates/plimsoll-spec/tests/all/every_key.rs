//! One file that uses every key of the language.

use std::collections::BTreeSet;

use crate::harness::{files, findings, one};
use plimsoll_source::{Node, Sources, yaml};
use plimsoll_spec::App;
use plimsoll_spec::app::platform::{Component, Platform};
use plimsoll_spec::read::Word as _;
use plimsoll_spec::shape::Shape;
use plimsoll_spec::shape::canonical::Speller;

const FILE: &str = include_str!("every-key/plimsoll.yaml");

const PARTS: [(&str, &str); 5] = [
    (
        "parts/routes.yaml",
        include_str!("every-key/parts/routes.yaml"),
    ),
    ("rules.json", include_str!("every-key/rules.json")),
    ("extra/one.yaml", include_str!("every-key/extra/one.yaml")),
    ("seal.pem", include_str!("every-key/seal.pem")),
    ("sealed/dev.yaml", include_str!("every-key/sealed/dev.yaml")),
];

fn texts() -> Vec<(&'static str, &'static str)> {
    [("plimsoll.yaml", FILE)].into_iter().chain(PARTS).collect()
}

#[test]
fn nothing_is_wrong_with_a_file_of_every_key() {
    let loaded = files(&texts());
    let found = findings(&loaded);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let prod = one(loaded, Some("prod"));
    assert_eq!(prod.namespace.name.peek(), "shop-prod");
    assert_eq!(prod.services.len(), 4);
}

#[test]
fn every_key_of_the_language_stands_in_it() {
    let mut written = BTreeSet::new();
    for (name, text) in texts()
        .into_iter()
        .filter(|(name, _)| *name == "plimsoll.yaml" || name.starts_with("parts/"))
    {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let mut findings = plimsoll_source::Findings::default();
        let node = yaml::read(&sources, file, &mut findings).remove(0);
        let long = Speller::default().spell(&App::shape(), &node, "the file");
        collect(&App::shape(), &long.expect("a map"), &mut written);
    }
    let mut all = BTreeSet::new();
    keys(&App::shape(), &mut all);
    let missing: Vec<_> = all.difference(&written).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Keys that a tree has, as `Block.key`.
fn collect(shape: &Shape, node: &Node, found: &mut BTreeSet<String>) {
    match shape {
        Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) => collect(inner, node, found),
        Shape::List(item) => node
            .items()
            .iter()
            .for_each(|node| collect(item, node, found)),
        Shape::Map(map) | Shape::Set(map) => {
            for entry in node.entries() {
                collect(&map.value, &entry.value, found);
            }
        }
        Shape::Block(block) | Shape::OneKey(block) => {
            for entry in node.entries() {
                found.insert(label(block().name, &entry.key));
                if let Some(shape) = block().shape_of(&entry.key) {
                    collect(&shape, &entry.value, found);
                }
            }
        }
        Shape::Leaf(_) | Shape::Raw => {}
    }
}

/// `Block.key`. What every slot of the platform has counts once.
fn label(block: &str, key: &str) -> String {
    let common = Component::block().field(key).is_some();
    let is_slot = Platform::block()
        .fields
        .iter()
        .any(|field| matches!((field.shape)(), Shape::Block(slot) if slot().name == block));
    let block = if is_slot && common {
        "Component"
    } else {
        block
    };
    format!("{block}.{key}")
}

/// Keys that a shape has. An environment has those of the top level again.
fn keys(shape: &Shape, found: &mut BTreeSet<String>) {
    match shape {
        Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) | Shape::List(inner) => {
            keys(inner, found);
        }
        Shape::Map(map) | Shape::Set(map) => keys(&map.value, found),
        Shape::Block(block) | Shape::OneKey(block) => {
            let block = block();
            let again = block.name == "Environment";
            let own = ["default", "extends", "short"];
            for field in block
                .fields
                .iter()
                .filter(|f| !again || own.contains(&f.key))
            {
                if found.insert(label(block.name, field.key)) {
                    keys(&(field.shape)(), found);
                }
            }
        }
        Shape::Leaf(_) | Shape::Raw => {}
    }
}
