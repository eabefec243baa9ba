//! Who may call, and what may be asked of the API server.

use super::cidr::Cidr;
use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;

/// Who calls from outside this file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// All pods of a namespace.
    Namespace(Str),
    /// The pods of one name in a namespace.
    Pods {
        /// The namespace.
        namespace: Str,
        /// Their `app.kubernetes.io/name`.
        name: Str,
    },
    /// A range of addresses.
    Cidr(Cidr),
}

impl Leaf for Caller {
    const WHAT: &'static str = "a caller";
    const WRITTEN: &'static str = "`NAMESPACE`, `NAMESPACE/NAME`, a range of addresses";

    fn parse(text: &str) -> Result<Self, Problem> {
        if text.contains([':', '.']) {
            return Cidr::parse(text).map(Self::Cidr);
        }
        let label = |part: &str, shift: usize| {
            super::name::check(part, 63).map_err(|problem| {
                Problem::new(
                    problem.at.start + shift..problem.at.end + shift,
                    problem.what,
                )
            })
        };
        match text.split_once('/') {
            None => label(text, 0).map(|()| Self::Namespace(text.into())),
            Some((namespace, name)) => {
                label(namespace, 0)?;
                label(name, namespace.len() + 1)?;
                Ok(Self::Pods {
                    namespace: namespace.into(),
                    name: name.into(),
                })
            }
        }
    }
}

/// `get,list pods`: what may be asked of the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What may be done.
    pub verbs: Vec<Str>,
    /// To what, plural.
    pub resource: Str,
    /// Its API group; empty: the core.
    pub group: Str,
    /// To which one; nothing: to all.
    pub name: Option<Str>,
}

/// Verbs of the API server.
const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "*",
    "impersonate",
    "bind",
    "escalate",
    "use",
    "approve",
    "sign",
];

impl Leaf for Permission {
    const WHAT: &'static str = "a permission";
    const WRITTEN: &'static str = "`get,list pods`, `patch deployments.apps api`";

    fn parse(text: &str) -> Result<Self, Problem> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (verbs, resource, name) = match words.as_slice() {
            [verbs, resource] => (*verbs, *resource, None),
            [verbs, resource, name] => (*verbs, *resource, Some(*name)),
            _ => {
                let what = format!("`{text}` is no permission; write `get,list pods`");
                return Err(Problem::whole(text, what));
            }
        };
        for verb in verbs.split(',') {
            if !VERBS.contains(&verb) {
                let start = text.find(verb).unwrap_or(0);
                let what = format!("`{verb}` is no verb of the API server");
                return Err(Problem::new(start..start + verb.len(), what));
            }
        }
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        Ok(Self {
            verbs: verbs.split(',').map(Str::from).collect(),
            resource: resource.into(),
            group: group.into(),
            name: name.map(Str::from),
        })
    }
}
