//! What was sealed for an environment: a file beside the application file that holds no value anybody
//! but a controller can read, as objects that `kubeseal` knows too.

use plimsoll_source::{Entry, Finding, Node, Origin, Str};
use std::collections::BTreeMap;

use super::platform::SealScope;
use crate::read::{Given, Reader};
use crate::rules::relations::BAD_SEALED_FILE;

/// Says with which certificates the values of an object were sealed: fingerprints, with commas.
pub const SEALED_WITH: &str = "plimsoll.dev/sealed-with";

/// What was sealed for an environment.
#[derive(Clone, Debug, Default)]
pub struct Sealed {
    /// The text of the certificate to seal with, where the file is there.
    pub certificate: Option<Str>,
    /// By namespace and name of the Secret.
    pub secrets: BTreeMap<(Str, Str), SealedValues>,
}

/// The sealed values of one Secret.
#[derive(Clone, Debug)]
pub struct SealedValues {
    /// How far they hold.
    pub scope: SealScope,
    /// Fingerprints of the certificates that they were sealed with, as far as it is known.
    pub with: Vec<Str>,
    /// Key → sealed value.
    pub values: Node,
    /// The object as it stands.
    pub document: Node,
}

/// The file of the values of an environment, from the application file.
pub fn path(environment: &str) -> String {
    format!("sealed/{environment}.yaml")
}

impl Given for Sealed {
    fn given(cx: &mut Reader<'_>) -> Self {
        let mut sealed = Self::default();
        let root = cx.root;
        let Some(source) = root.at(&["platform", "secrets"]) else {
            return sealed;
        };
        let is_sealed = source.get("use").and_then(Node::text);
        if is_sealed.is_none_or(|text| text != "sealed") {
            return sealed;
        }
        if let Some(path) = source.get("certificate").and_then(Node::text)
            && let Some(file) = cx.texts.file(path)
        {
            sealed.certificate = Some(cx.texts.sources().file(file).text.clone());
        }
        let path = path(cx.environment().name.peek());
        let documents = cx.texts.documents(&path, &mut cx.findings);
        for document in &documents {
            match object(document) {
                Ok((id, values)) if !sealed.secrets.contains_key(&id) => {
                    sealed.secrets.insert(id, values);
                }
                Ok(((namespace, name), _)) => {
                    bad(cx, document, format!("{namespace}/{name} is there twice"));
                }
                Err(what) => bad(cx, document, what),
            }
        }
        sealed
    }
}

fn bad(cx: &mut Reader<'_>, document: &Node, what: String) {
    let finding = Finding::new(&BAD_SEALED_FILE, what);
    cx.report(finding.mark_origin(document.origin(), "this object"));
}

/// What an object of the file holds, or why it does not.
fn object(document: &Node) -> Result<((Str, Str), SealedValues), String> {
    let text = |path: &[&str]| document.at(path).and_then(Node::text).cloned();
    if text(&["kind"]).is_none_or(|kind| kind != "SealedSecret") {
        return Err("the file holds something that is no `SealedSecret`".to_owned());
    }
    let (Some(namespace), Some(name)) = (
        text(&["metadata", "namespace"]),
        text(&["metadata", "name"]),
    ) else {
        return Err("a `SealedSecret` lacks its name or its namespace".to_owned());
    };
    let Some(data @ Node::Map(..)) = document.at(&["spec", "encryptedData"]) else {
        return Err(format!("{namespace}/{name} holds no `encryptedData`"));
    };
    let mut entries = Vec::new();
    for entry in data.entries() {
        let Some(value) = entry.value.text() else {
            return Err(format!("{namespace}/{name}: {} is no text", entry.key));
        };
        entries.push(Entry {
            value: Node::Text(entry.value.origin().clone(), value.clone()),
            ..entry.clone()
        });
    }
    let named = ["namespace", "name"].iter();
    let named = named.filter_map(|key| document.at(&["metadata", key]));
    let named = Origin::all(named.map(|node| node.origin().clone()));
    let said = |wanted: &str| text(&["metadata", "annotations", wanted]);
    let is_on = |scope: SealScope| {
        scope
            .annotation()
            .and_then(said)
            .is_some_and(|on| on == "true")
    };
    let scope = [SealScope::Cluster, SealScope::Namespace]
        .into_iter()
        .find(|scope| is_on(*scope));
    let with = said(SEALED_WITH).unwrap_or_default();
    let values = SealedValues {
        scope: scope.unwrap_or(SealScope::Strict),
        with: with
            .split(',')
            .filter(|one| !one.is_empty())
            .map(Str::from)
            .collect(),
        // Under another name they would be another Secret's.
        values: Node::map(data.origin().because(&named), entries),
        document: document.resolve(),
    };
    Ok(((namespace, name), values))
}
