//! Readers of types that are neither one scalar nor one block.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Knob, Node, Sourced, Str};

use super::{Reader, Word};
use crate::app::env::EnvIf;
use crate::app::kubernetes::Manifest;
use crate::app::namespace::Quota;
use crate::app::observe::Notify;
use crate::app::pod::Writable;
use crate::app::route::{RouteTls, TlsKind};
use crate::app::scale::{Amount, Replicas};
use crate::app::{EnvValue, Port, Ports, Spent};
use crate::rules::relations;
use crate::shape::canonical::mend;
use crate::shape::{Keys, Leaf as LeafShape, Map, Shape};
use crate::types::{Check, Leaf, Percent, Problem, Range, RouteTarget, Target, Template};
use plimsoll_source::near::near;
use plimsoll_spec_derive::Spec;

impl Word for Ports {
    fn shape() -> Shape {
        let map = Shape::Map(Map {
            value: Box::new(Port::shape()),
            keys: Keys::Port,
            single: Some("http"),
            lead: true,
        });
        Shape::WordOr(&["none"], Box::new(map))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            all: IndexMap::read(node, cx)?,
            origin: node.origin().clone(),
        })
    }

    fn absent(cx: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            all: IndexMap::new(),
            origin: cx.nothing().origin().clone(),
        })
    }
}

/// `3..50`, `3` or `single`.
#[derive(Clone, Copy, Debug)]
enum Pods {
    Single,
    Range(Range),
}

impl Leaf for Pods {
    const WHAT: &'static str = "a number, a range or single";
    const WRITTEN: &'static str = "`3`, `3..50`, `single`";
    const PATTERN: &'static str = r"^([0-9]+(\.\.[0-9]+)?|single)$";

    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "single" => Ok(Self::Single),
            _ => Range::parse(text).map(Self::Range),
        }
    }
}

impl Word for Replicas {
    fn shape() -> Shape {
        Pods::shape()
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let pods = Sourced::<Pods>::read(node, cx)?;
        let range = pods.map(|pods| match pods {
            Pods::Single => Range { min: 1, max: 1 },
            Pods::Range(range) => *range,
        });
        let mut parent = cx.handle().0.to_string();
        parent.truncate(parent.rfind('.').unwrap_or(0));
        let handle = |word: &str| plimsoll_source::Handle(format!("{parent}.{word}").into());
        Some(Self {
            single: pods.map(|pods| matches!(pods, Pods::Single)),
            auto: Knob::new(handle("auto"), range.map(|range| !range.is_single())),
            min: Knob::new(handle("min"), range.map(|range| range.min)),
            max: Knob::new(handle("max"), range.map(|range| range.max)),
            count: Knob::new(handle("replicas"), range.map(|range| range.min)),
            origin: node.origin().clone(),
        })
    }
}

impl Leaf for Amount {
    const WHAT: &'static str = "a number or a percentage";
    const WRITTEN: &'static str = "`1`, `25%`";
    const PATTERN: &'static str = r"^[0-9]+%?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        if text.ends_with('%') {
            Percent::parse(text).map(Self::Percent)
        } else {
            u32::parse(text).map(Self::Count)
        }
    }
}

impl Word for Writable {
    fn shape() -> Shape {
        Shape::WordOr(&["all"], Box::new(Vec::<Str>::shape()))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.text().map(Str::as_str) {
            Some("all") => Some(Self::All(node.origin().clone())),
            _ => Vec::read(node, cx).map(Self::Paths),
        }
    }

    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        Some(Self::Paths(Vec::new()))
    }
}

impl Word for Quota {
    fn shape() -> Shape {
        Shape::WordOr(&["auto"], Box::new(Shape::Raw))
    }

    fn read(node: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(match node {
            Node::Map(..) => Self::Hard(node.clone()),
            _ => Self::Auto(node.origin().clone()),
        })
    }
}

impl Word for Notify {
    fn shape() -> Shape {
        Shape::LeafOr(Shape::leaf::<Str>(), Box::new(Shape::Raw))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node {
            Node::Map(..) | Node::Seq(..) => Some(Self::Receiver(node.clone())),
            _ => Sourced::read(node, cx).map(Self::Named),
        }
    }
}

impl Word for Manifest {
    fn shape() -> Shape {
        Shape::LeafOr(Shape::leaf::<Str>(), Box::new(Shape::Raw))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if let Node::Map(..) = node {
            return Some(Self::Object(node.clone()));
        }
        let pattern = Sourced::<Str>::read(node, cx)?;
        let paths = cx.texts.glob(pattern.peek());
        if paths.is_empty() {
            let what = format!("no file is `{}`", pattern.peek());
            let finding = Finding::new(&relations::MISSING_FILE, what);
            cx.report(finding.mark_origin(node.origin(), "finds nothing"));
        }
        let mut objects = Vec::new();
        for path in paths {
            objects.extend(cx.texts.documents(&path, &mut cx.findings));
        }
        let objects = objects.iter().map(Node::resolve).collect();
        Some(Self::Glob { pattern, objects })
    }
}

/// The long form of a value of `env`.
#[derive(Clone, Debug, Spec)]
#[expect(
    dead_code,
    reason = "the branches are read by hand: only the one that holds must be right"
)]
struct EnvForm {
    /// A field of the pod, `metadata.name`.
    #[spec(over = "if then else")]
    field: Option<Sourced<Str>>,
    /// What must be here and enabled; `"!TARGET"`: must not.
    #[spec(over = "field")]
    r#if: Spent<Sourced<Str>>,
    /// The value then.
    then: Spent<Template>,
    /// The value otherwise; nothing: absent.
    else_: Spent<Template>,
}

impl Word for EnvValue {
    fn shape() -> Shape {
        let form = Shape::Block(EnvForm::block);
        Shape::LeafOr(super::template::leaf(), Box::new(form))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Node::Map(..) = node else {
            return Template::read(node, cx).map(Self::Text);
        };
        let form = EnvForm::read(node, cx)?;
        let is_bare = node.get("then").or_else(|| node.get("else")).is_none();
        match (form.field, node.get("if")) {
            (Some(field), None) if is_bare => Some(Self::Field(field)),
            (None, Some(condition)) => env_if(node, condition, cx).map(Self::If),
            _ => {
                let what = format!("`{}` is neither `field` nor `if`", cx.key());
                let finding = Finding::new(&relations::CHOICE, what);
                cx.report(finding.mark_origin(node.origin(), "exactly one of the two"));
                None
            }
        }
    }
}

fn env_if(node: &Node, condition: &Node, cx: &mut Reader<'_>) -> Option<EnvIf> {
    let written = Sourced::<Str>::read(condition, cx)?;
    let negated = written.peek().starts_with('!');
    let name = written.map(|text| Str::from(text.trim_start_matches('!')));
    let target = cx.things.find(name.peek());
    if target.is_none() && !cx.known.contains(name.peek()) {
        unknown_target(&name, negated, cx);
    }
    let here = present(cx, target.as_ref(), &name);
    let holds = here.map(|here| *here != negated);
    let branch = |key: &str, wanted: bool, cx: &mut Reader<'_>| {
        let branch = node.get(key)?;
        let known = std::mem::take(&mut cx.findings);
        let read = Template::read(branch, cx);
        let new = std::mem::replace(&mut cx.findings, known);
        if wanted {
            cx.findings.extend(new);
        }
        read
    };
    let then = branch("then", *holds.peek(), cx);
    let else_ = branch("else", !*holds.peek(), cx);
    Some(EnvIf {
        target,
        name,
        negated,
        holds,
        then,
        else_,
        origin: node.origin().clone(),
    })
}

/// A name that no layer defines is none that another environment could have.
fn unknown_target(name: &Sourced<Str>, negated: bool, cx: &mut Reader<'_>) {
    let what = format!(
        "there is no `{}` in any layer, so it is never here",
        name.peek()
    );
    let finding = Finding::new(&relations::UNKNOWN_TARGET, what);
    let names = cx.things.names();
    let near = near(name.peek(), names.iter().map(String::as_str));
    let finding = match near {
        Some(near) if !negated => mend(finding, name.origin(), "unknown", near),
        Some(near) => finding
            .mark_origin(name.origin(), "unknown")
            .help(format!("write `\"!{near}\"`")),
        None => finding
            .mark_origin(name.origin(), "unknown")
            .help("define it in `services`, `stores` or `externals`"),
    };
    cx.report(finding);
}

/// Whether a target is here and enabled.
fn present(cx: &Reader<'_>, target: Option<&Target>, name: &Sourced<Str>) -> Sourced<bool> {
    let off = |block: &str, thing: &str| {
        let enabled = cx.root.at(&[block, thing, "enabled"]);
        match enabled {
            Some(node) => {
                let on = node.text().is_none_or(|text| text != "false");
                Sourced::new(on, node.origin().clone())
            }
            None => Sourced::rule("target-is-here", true),
        }
    };
    let here = match target {
        None => Sourced::rule("target-is-here", false),
        Some(Target::External(_)) => Sourced::rule("target-is-here", true),
        Some(Target::Service(service)) => off("services", service),
        Some(Target::Store { store, .. }) => off("stores", store),
        Some(Target::Slot(slot)) => {
            let choice = cx.root.at(&["platform", slot, "use"]);
            let filled = !cx.things.is_slot_none(slot);
            match choice {
                Some(node) => Sourced::new(filled, node.origin().clone()),
                None => Sourced::rule("target-is-here", filled),
            }
        }
    };
    here.because(name.origin())
}

impl Word for RouteTls {
    fn shape() -> Shape {
        Shape::LeafOr(Shape::leaf::<Str>(), Box::new(Shape::Block(TlsForm::block)))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let kind = match node {
            Node::Map(..) => {
                let form = TlsForm::read(node, cx)?;
                form.secret.map(|name| TlsKind::Existing(name.clone()))
            }
            _ => Sourced::<Str>::read(node, cx)?.map(|text| match text.as_str() {
                "auto" => TlsKind::Auto,
                "none" => TlsKind::None,
                _ => TlsKind::Named(text.clone()),
            }),
        };
        Some(Self {
            kind,
            handle: cx.handle(),
        })
    }
}

/// The long form of a certificate that exists.
#[derive(Clone, Debug, Spec)]
struct TlsForm {
    /// Name of a Secret that exists.
    secret: Sourced<Str>,
}

impl Word for Check {
    const REQUIRED: bool = true;

    fn shape() -> Shape {
        let leaf = LeafShape {
            what: Check::WHAT,
            written: Check::WRITTEN,
            words: &[],
            word_docs: &[],
            pattern: "",
            template: false,
            check: |text| Check::parse(text).map(drop),
        };
        Shape::LeafOr(leaf, Box::new(Vec::<Str>::shape()))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if let Node::Seq(..) = node {
            return Vec::<Sourced<Str>>::read(node, cx).map(Self::Command);
        }
        match Check::parse(node.text()?) {
            Ok(check) => Some(check),
            Err(problem) => {
                let Shape::LeafOr(leaf, _) = Self::shape() else {
                    return None;
                };
                let text = node.text()?;
                let finding = crate::shape::canonical::wrong_value(
                    &leaf,
                    &problem,
                    text,
                    node.origin(),
                    &cx.key(),
                );
                cx.report(finding);
                None
            }
        }
    }
}

impl Word for RouteTarget {
    const REQUIRED: bool = true;

    fn shape() -> Shape {
        let leaf = LeafShape {
            what: "a service, a platform slot, a URL or none",
            written: "`SERVICE[:PORT]`, `platform.SLOT[:PORT]`, `https://…`, `none`",
            words: &[],
            word_docs: &[],
            pattern: "",
            template: false,
            check: |_| Ok(()),
        };
        Shape::Leaf(leaf)
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let text = node.text()?;
        if text == "none" {
            return Some(Self::None);
        }
        if text.contains("://") {
            return Some(Self::Redirect(text.clone()));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(Str::from(port))),
            None => (text.as_str(), None),
        };
        match cx.things.find(name) {
            Some(target @ (Target::Service(_) | Target::Slot(_))) => {
                Some(Self::Backend { target, port })
            }
            _ => None,
        }
    }
}
