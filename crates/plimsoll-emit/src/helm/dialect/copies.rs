//! Copies of what the first hooks need: secrets, files and policies that stand in the same chart and
//! are not there yet when hooks run. They have names of their own, so that Helm, which removes hooks,
//! never removes what runs.

use super::super::bind::{closed_seq, joined};
use super::super::family::kind_of;
use super::super::{canon, logic};
use super::gates::{Gate, Moment, is_empty};
use super::tree::{at, entry, items, map, parts, text, with};
use super::{NEEDED, hook, same};
use plimsoll_source::{Node, Origin};
use plimsoll_world::{Cond, Expr, Form, MapPart, ObjectForm, SeqPart, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the name of a copy ends with.
pub(super) const SUFFIX: &str = "-hook";

/// Copies of a chart.
pub(super) struct Copies {
    /// By the place of what they are copies of.
    pub(super) objects: BTreeMap<usize, ObjectForm>,
    /// Kind and name of what is copied, with the conditions of the copies.
    names: BTreeMap<(Target, String), Vec<Cond>>,
}

/// What a pod names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Secret,
    ConfigMap,
    ServiceAccount,
}

impl Copies {
    /// The copies that the hooks of a chart need.
    /// `sealed` gives sealed values that open in the copy.
    pub(super) fn of(
        objects: &[ObjectForm],
        gates: &BTreeMap<usize, Gate>,
        sealed: &mut dyn FnMut(&ObjectForm) -> Option<ObjectForm>,
    ) -> Self {
        let mut copies = Self {
            objects: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        let first: Vec<&ObjectForm> = gates
            .iter()
            .filter(|(_, gate)| gate.moment == Moment::Before)
            .map(|(at, _)| &objects[*at])
            .collect();
        let mut needed = BTreeSet::new();
        for job in &first {
            let mut visit = |target: Target, name: &Form| {
                needed.insert((target, canon::form(name)));
            };
            references(&job.body, "", &mut visit);
        }
        for (place, object) in objects.iter().enumerate() {
            if gates.values().any(|gate| gate.takes_along(object)) {
                continue;
            }
            if let Some((target, name)) = brings(object)
                && needed.contains(&(target, canon::form(&name)))
            {
                let is_sealed = *kind_of(object) == *"SealedSecret";
                let Some(object) = (if is_sealed {
                    sealed(object)
                } else {
                    Some(object.clone())
                }) else {
                    continue;
                };
                let conditions = copies
                    .names
                    .entry((target, canon::form(&name)))
                    .or_default();
                conditions.push(object.when.clone());
                copies.objects.insert(place, copy(&object));
            } else if is_for_all_pods(object) && first.iter().any(|job| share(job, object)) {
                let policy = with(&object.body, &["spec", "podSelector"], pods_of(&first));
                let policy = ObjectForm {
                    body: policy,
                    ..object.clone()
                };
                copies.objects.insert(place, copy(&policy));
            }
        }
        copies
    }

    /// The body of a hook that names the copies where there are any.
    pub(super) fn renamed(&self, job: &ObjectForm) -> Form {
        let mut rename = |target: Target, name: &Form| {
            let conditions = self.names.get(&(target, canon::form(name)))?;
            let mut one = Cond::Known(false, Origin::rule("helm", []));
            for cond in conditions {
                one = logic::or(one, logic::known(cond, &job.when));
            }
            let copy = suffixed(name);
            Some(match one {
                Cond::Known(true, _) => form(copy),
                open => form(Expr::If(Arc::new((open, copy, as_expr(name))))),
            })
        };
        rewritten(&job.body, "", &mut rename)
    }
}

/// What an object brings that a pod can name.
fn brings(object: &ObjectForm) -> Option<(Target, Form)> {
    let name = |path: &[&str]| at(&object.body, path);
    let own = ["metadata", "name"];
    Some(match &*kind_of(object) {
        "Secret" | "SealedSecret" => (Target::Secret, name(&own)?),
        "ExternalSecret" => (Target::Secret, name(&["spec", "target", "name"])?),
        "ConfigMap" => (Target::ConfigMap, name(&own)?),
        "ServiceAccount" => (Target::ServiceAccount, name(&own)?),
        _ => return None,
    })
}

/// The same object as a hook under a name of its own.
fn copy(object: &ObjectForm) -> ObjectForm {
    let mut body = object.body.clone();
    let names = [
        &["metadata", "name"][..],
        &["spec", "target", "name"],
        &["spec", "template", "metadata", "name"],
    ];
    let is_sealed = *kind_of(object) == *"SealedSecret";
    for path in names.iter().take(if is_sealed { 3 } else { 2 }) {
        if let Some(name) = at(&body, path) {
            body = with(&body, path, form(suffixed(&name)));
        }
    }
    ObjectForm {
        body: hook(&body, Moment::Before, NEEDED),
        protected: false,
        ..object.clone()
    }
}

pub(super) fn as_expr(name: &Form) -> Expr {
    match name {
        Form::Expr(expr) => expr.clone(),
        Form::Plain(node) => Expr::Lit(node.clone()),
        other => Expr::tree(other.clone()),
    }
}

pub(super) fn form(expr: Expr) -> Form {
    match expr {
        Expr::Lit(node) => Form::Plain(node),
        open => Form::Expr(open),
    }
}

fn suffixed(name: &Form) -> Expr {
    let suffix = Node::Text(Origin::rule("helm", []), SUFFIX.into());
    joined([as_expr(name), Expr::Lit(suffix)])
}

/// Whether it is a policy of all pods of a namespace, so that no pod reaches a name server before
/// it is there.
fn is_for_all_pods(object: &ObjectForm) -> bool {
    *kind_of(object) == *"NetworkPolicy"
        && matches!(object.unit, Unit::Namespace(_))
        && at(&object.body, &["spec", "podSelector"]).is_some_and(|pods| is_empty(&pods))
}

fn share(job: &ObjectForm, policy: &ObjectForm) -> bool {
    let namespace = |object: &ObjectForm| at(&object.body, &["metadata", "namespace"]);
    match (namespace(job), namespace(policy)) {
        (Some(one), Some(other)) => same(&one, &other),
        _ => false,
    }
}

/// The pods of the first hooks alone: a copy decides nothing about others.
fn pods_of(jobs: &[&ObjectForm]) -> Form {
    const NAME: &str = "app.kubernetes.io/name";
    let label = |job: &&ObjectForm| at(&job.body, &["metadata", "labels", NAME]);
    let names = jobs.iter().filter_map(label);
    let names = names.map(|value| SeqPart::Item { when: None, value });
    let names = closed_seq(&Origin::rule("helm", []), names.collect());
    let expression = map(vec![
        entry("key", text(NAME)),
        entry("operator", text("In")),
        entry("values", names),
    ]);
    let item = SeqPart::Item {
        when: None,
        value: expression,
    };
    let list = closed_seq(&Origin::rule("helm", []), vec![item]);
    map(vec![entry("matchExpressions", list)])
}

/// What the entry of that key names, in a block of that key.
fn target(block: &str, key: &str) -> Option<Target> {
    match (block, key) {
        (_, "secretName")
        | ("secretKeyRef" | "secretRef" | "secret" | "imagePullSecrets", "name") => {
            Some(Target::Secret)
        }
        ("configMapKeyRef" | "configMapRef" | "configMap", "name") => Some(Target::ConfigMap),
        (_, "serviceAccountName") => Some(Target::ServiceAccount),
        _ => None,
    }
}

/// Visits every name of what pods read and run as.
fn references(form: &Form, block: &str, visit: &mut dyn FnMut(Target, &Form)) {
    let mut look = |target: Target, name: &Form| {
        visit(target, name);
        None
    };
    rewritten(form, block, &mut look);
}

/// The form with other names of what pods read and run as.
fn rewritten(
    form: &Form,
    block: &str,
    rename: &mut dyn FnMut(Target, &Form) -> Option<Form>,
) -> Form {
    let is_list = match form {
        Form::Seq(..) => true,
        Form::Plain(node) => matches!(node, Node::Seq(..)),
        Form::Shrinking(inner) => {
            return Form::Shrinking(Arc::new(rewritten(inner, block, rename)));
        }
        Form::Expr(_) => return form.clone(),
        Form::Map(..) => false,
    };
    if is_list {
        let mut all = items(form);
        for part in &mut all {
            if let SeqPart::Item { value, .. } | SeqPart::Each { item: value, .. } = part {
                *value = rewritten(value, block, rename);
            }
        }
        return closed_seq(&Origin::rule("helm", []), all);
    }
    if let Form::Plain(node) = form
        && !matches!(node, Node::Map(..))
    {
        return form.clone();
    }
    let mut all = parts(form);
    for part in &mut all {
        if let MapPart::Entry { key, value, .. } = part {
            let renamed = target(block, key).and_then(|target| rename(target, value));
            *value = renamed.unwrap_or_else(|| rewritten(value, key, rename));
        }
    }
    map(all)
}
