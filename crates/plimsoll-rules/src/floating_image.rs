//! An image whose content is another one tomorrow.

use crate::objects::{Objects, containers};
use plimsoll_source::{Finding, Findings, Level, Rule};

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0713",
    name: "floating-image",
    level: Level::Warning,
    consequence: "pods of one release run different programs, and a rollback brings nothing back",
    docs: "The image has no tag, or `latest`. What it is changes while the object stays the same, so nothing rolls out \
           when it does, and pods that start later differ from those that run. Name a version, or a digest.",
};

/// Reports each image without a version.
pub fn check(objects: Objects, findings: &mut Findings) {
    for (object, template) in objects.pods() {
        for container in containers(template) {
            let Some((node, image)) = container.get("image").and_then(|node| Some((node, node.text()?))) else {
                continue;
            };
            if !floats(image) {
                continue;
            }
            findings.report(
                Finding::new(&RULE, format!("{} runs `{image}`, which names no version", object.key))
                    .mark_origin(node.origin(), "any content")
                    .about(object.key.to_string())
                    .help("write a tag that never moves, or a digest"),
            );
        }
    }
}

/// Whether an image says neither a digest nor a tag but `latest`.
fn floats(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    !image.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::floats;

    #[test]
    fn a_port_of_a_registry_is_no_tag() {
        assert!(floats("registry.example:5000/team/app"));
        assert!(floats("nginx:latest"));
        assert!(!floats("registry.example:5000/team/app:1.2"));
        assert!(!floats("nginx@sha256:0123"));
    }
}
