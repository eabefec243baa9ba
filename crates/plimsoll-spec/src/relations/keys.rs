//! Keys that do not go with what another key chose.

use plimsoll_source::{Entry, Finding, Findings, Node};

use crate::rules::shapes;
use crate::shape::{Block, Shape};

/// Checks every block below a node. Runs before defaults are filled in.
pub fn check(shape: &Shape, node: &Node, findings: &mut Findings) {
    match (shape, node) {
        (Shape::WordOr(_, inner) | Shape::LeafOr(_, inner), _) => check(inner, node, findings),
        (Shape::List(item), Node::Seq(_, items)) => {
            items.iter().for_each(|node| check(item, node, findings));
        }
        (Shape::Map(map) | Shape::Set(map), Node::Map(_, entries)) => {
            entries
                .iter()
                .for_each(|entry| check(&map.value, &entry.value, findings));
        }
        (Shape::Block(block) | Shape::OneKey(block), Node::Map(_, entries)) => {
            let block = block();
            for entry in entries.iter() {
                idle(block, node, entry, findings);
                if let Some(shape) = block.shape_of(&entry.key) {
                    check(&shape, &entry.value, findings);
                }
            }
        }
        _ => {}
    }
}

fn idle(block: &Block, node: &Node, entry: &Entry, findings: &mut Findings) {
    let Some(only) = block.field(&entry.key).and_then(|field| field.only) else {
        return;
    };
    let chooser = node.entry(only.chooser);
    let written = chooser.and_then(|chooser| chooser.value.text()).cloned();
    let default = block.field(only.chooser).and_then(|field| field.default);
    let Some(choice) = written.as_deref().or(default) else {
        return;
    };
    let is_none = entry.value.text().is_some_and(|text| text == "none");
    if only.fits(choice) || is_none {
        return;
    }
    let what = format!(
        "`{}` does not go with `{}: {choice}`",
        entry.key, only.chooser
    );
    let finding = Finding::new(&shapes::IDLE_KEY, what);
    let finding = finding.mark_origin(&entry.at, "would do nothing");
    let finding = match chooser {
        Some(chooser) => finding.mark_origin(chooser.value.origin(), "chosen here"),
        None => finding,
    };
    let help = if only.except {
        format!("leave it out, or choose another `{}`", only.chooser)
    } else {
        let values = only.values.join(", ");
        format!("it goes with `{}` {values}", only.chooser)
    };
    findings.report(finding.help(help));
}
