//! A workload that does not select the pods that it makes.

use crate::objects::Objects;
use plimsoll_source::{Finding, Findings, Level, Rule};

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0710",
    name: "selector-mismatch",
    level: Level::Error,
    consequence: "the API server refuses the object",
    docs: "`spec.selector.matchLabels` of a Deployment, a StatefulSet, a DaemonSet or a Rollout must be among the labels \
           of `spec.template`: a workload counts the pods that it selects, and would make new ones without end.",
};

/// Reports each label that is selected and not carried.
pub fn check(objects: Objects, findings: &mut Findings) {
    for (object, template) in objects.pods() {
        let Some(wanted) = object.body.at(&["spec", "selector", "matchLabels"]) else {
            continue;
        };
        let carried = template.at(&["metadata", "labels"]);
        for entry in wanted.entries() {
            let label = carried.and_then(|labels| labels.entry(&entry.key));
            if label.is_some_and(|label| label.value == entry.value) {
                continue;
            }
            let finding = Finding::new(
                &RULE,
                format!("{} selects pods by `{}`, which its own pods do not carry", object.key, entry.key),
            );
            let finding = finding.mark_origin(entry.value.origin(), "selected");
            let finding = match label {
                Some(label) => finding.mark_origin(label.value.origin(), "carried"),
                None => finding,
            };
            findings.report(
                finding
                    .about(object.key.to_string())
                    .help("write the same label under `spec.template.metadata.labels`"),
            );
        }
    }
}
