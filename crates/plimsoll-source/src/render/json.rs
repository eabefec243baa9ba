//! Findings for programs.

use super::word;
use crate::{Edit, Finding, Findings, Sources, Span, Str};
use serde_json::{Map, Value, json};

/// An array with an object for each finding.
///
/// `file`, `line`, `column`, `endLine`, `endColumn` say where (null without a place); `marks` are
/// all places with what is there. `edit` has the same words and the bytes `start..end` to replace
/// by `text`. Lines and columns count from 1, columns in characters.
pub fn json(findings: &Findings, sources: &Sources) -> Value {
    let all = findings.sorted();
    all.into_iter()
        .map(|finding| object(finding, sources))
        .collect()
}

fn object(finding: &Finding, sources: &Sources) -> Value {
    let mut object = Map::new();
    object.insert("code".into(), finding.rule.code.into());
    object.insert("name".into(), finding.rule.name.into());
    object.insert("level".into(), word(finding.level).into());
    object.insert("message".into(), finding.message.as_str().into());
    object.extend(place(finding.place(), sources));
    object.insert("help".into(), finding.help.as_deref().into());
    object.insert(
        "edit".into(),
        finding
            .edit
            .as_ref()
            .map_or(Value::Null, |e| edit(e, sources)),
    );
    object.insert("consequence".into(), finding.rule.consequence.into());
    let environments = finding.environments.iter().map(Str::as_str);
    object.insert("environments".into(), environments.collect());
    object.insert("object".into(), finding.object.as_deref().into());
    let marks = finding.marks.iter().map(|mark| {
        let mut value = place(Some(mark.span), sources);
        value.insert("label".into(), mark.label.as_str().into());
        Value::Object(value)
    });
    object.insert("marks".into(), marks.collect());
    Value::Object(object)
}

fn edit(edit: &Edit, sources: &Sources) -> Value {
    let mut value = place(Some(edit.span), sources);
    value.extend([
        ("start".to_owned(), json!(edit.span.start)),
        ("end".to_owned(), json!(edit.span.end)),
        ("text".to_owned(), json!(edit.text)),
    ]);
    Value::Object(value)
}

fn place(span: Option<Span>, sources: &Sources) -> Map<String, Value> {
    let names = ["file", "line", "column", "endLine", "endColumn"];
    let values = match span {
        None => [const { Value::Null }; 5],
        Some(span) => {
            let file = sources.file(span.file);
            let (start, end) = (file.position(span.start), file.position(span.end));
            [
                json!(file.name.as_str()),
                json!(start.line),
                json!(start.column),
                json!(end.line),
                json!(end.column),
            ]
        }
    };
    names.map(str::to_owned).into_iter().zip(values).collect()
}
