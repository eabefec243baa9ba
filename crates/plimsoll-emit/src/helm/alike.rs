//! Templates that several services have alike are printed once, as a named template that is told
//! whose it is.

use super::path::camel;
use plimsoll_source::Str;
use plimsoll_world::Unit;
use std::collections::BTreeMap;
use std::fmt::Write;

/// As many must be alike before a name of its own reads better.
const ENOUGH: usize = 3;

/// A template of an object.
pub struct Template {
    /// Its file below `templates`, without ending.
    pub file: String,
    /// The block of the object.
    pub unit: Unit,
    /// Its lines.
    pub lines: Vec<String>,
}

/// File and lines of templates that are alike, with the places and services of those.
type Groups = BTreeMap<(String, Vec<String>), Vec<(usize, Str)>>;

/// Named templates, by name.
pub type Named = BTreeMap<String, Vec<String>>;

/// Takes what services have alike out of their templates.
pub fn taken_out(chart: &str, templates: &mut [Template]) -> Named {
    let mut groups = Groups::new();
    for (at, template) in templates.iter().enumerate() {
        let Unit::Service(service) = &template.unit else {
            continue;
        };
        let Some((_, kind)) = template.file.rsplit_once('/') else {
            continue;
        };
        if let Some(lines) = general(service, &template.lines) {
            let group = groups.entry((kind.to_owned(), lines)).or_default();
            group.push((at, service.clone()));
        }
    }
    let mut named = Named::new();
    for ((kind, lines), members) in groups {
        if members.len() < ENOUGH {
            continue;
        }
        let taken = |name: &str| named.contains_key(name);
        let name = super::path::free(&taken, &format!("{chart}.{}", camel(&kind)));
        for (at, service) in members {
            templates[at].lines = vec![call(&name, &service, &lines)];
        }
        named.insert(name, lines);
    }
    named
}

/// The one line of a template that another holds.
fn call(name: &str, service: &str, lines: &[String]) -> String {
    let uses = |word: &str| lines.iter().any(|line| line.contains(word));
    let mut call = format!("{{{{- include \"{name}\" (dict \"root\" $");
    if uses("$.name") {
        let _ = write!(call, " \"name\" \"{service}\"");
    }
    let key = camel(service);
    if uses("$.key") {
        let _ = write!(call, " \"key\" \"{key}\"");
    }
    if uses("$.values") {
        let _ = write!(call, " \"values\" .Values.{key}");
    }
    call + ") }}"
}

/// Lines in which nothing says whose they are; `None` where a named template is called with all.
fn general(service: &str, lines: &[String]) -> Option<Vec<String>> {
    let calls = |line: &String| line.contains("include \"") && !line.contains("(dict ");
    if lines.iter().any(calls) {
        return None;
    }
    lines
        .iter()
        .map(|line| general_line(service, line))
        .collect()
}

fn general_line(service: &str, line: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("{{") {
        let length = rest[start..].find("}}")? + 2;
        out.push_str(&named(service, &rest[..start], "{{ $.name }}"));
        out.push_str(&action(service, &rest[start..start + length]));
        rest = &rest[start + length..];
    }
    out.push_str(&named(service, rest, "{{ $.name }}"));
    Some(out)
}

/// A text with something else for the name of the service.
fn named(service: &str, text: &str, instead: &str) -> String {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(service) {
        let before = rest[..at].chars().next_back().or(out.chars().next_back());
        let after = rest[at + service.len()..].chars().next();
        let whole = !before.is_some_and(|c| inner(c) || c == '-') && !after.is_some_and(inner);
        out.push_str(&rest[..at]);
        out.push_str(if whole { instead } else { service });
        rest = &rest[at + service.len()..];
    }
    out + rest
}

/// What stands in braces: names in texts, paths of values, and the root, which is another here.
fn action(service: &str, action: &str) -> String {
    let mut out = String::new();
    for (at, part) in action.split('"').enumerate() {
        if at % 2 == 0 {
            out.push_str(&rooted(service, part));
            continue;
        }
        match named(service, part, "%s") {
            same if same == part => {
                let _ = write!(out, "\"{part}\"");
            }
            only if only == "%s" => out.push_str("$.name"),
            format if format.matches('%').count() == 1 => {
                let _ = write!(out, "(printf \"{format}\" $.name)");
            }
            _ => {
                let _ = write!(out, "\"{part}\"");
            }
        }
    }
    out
}

/// Code without texts: `.Values.api.x` as `$.values.x`, other paths below the root.
fn rooted(service: &str, code: &str) -> String {
    let words: Vec<String> = code
        .split(' ')
        .map(|word| rooted_word(service, word))
        .collect();
    words.join(" ")
}

fn rooted_word(service: &str, word: &str) -> String {
    let bare = word.trim_start_matches('(');
    let open = &word[..word.len() - bare.len()];
    let path = bare.strip_prefix('$').unwrap_or(bare);
    let end = path.find(')').unwrap_or(path.len());
    let (path, close) = path.split_at(end);
    let root = match path {
        "" if bare.starts_with('$') && bare[1..].starts_with(')') || bare == "$" => {
            "$.root".to_owned()
        }
        ".Values" => "$.root.Values".to_owned(),
        _ if path.starts_with(".Values.") => value(service, path),
        _ if path.starts_with(".Release.") || path.starts_with(".Chart.") => {
            format!("$.root{path}")
        }
        _ => return word.to_owned(),
    };
    format!("{open}{root}{close}")
}

/// A path of the values.
fn value(service: &str, path: &str) -> String {
    let key = camel(service);
    let steps: Vec<&str> = path[".Values.".len()..].split('.').collect();
    let Some(at) = steps.iter().position(|step| *step == key) else {
        return format!("$.root{path}");
    };
    let after: String = steps[at + 1..]
        .iter()
        .map(|step| format!(".{step}"))
        .collect();
    if at == 0 && !after.is_empty() {
        return format!("$.values{after}");
    }
    let before: String = steps[..at].iter().map(|step| format!(".{step}")).collect();
    format!("(index $.root.Values{before} $.key){after}")
}

#[cfg(test)]
mod tests {
    use super::general_line;

    #[test]
    fn a_line_says_nothing_of_its_service() {
        for (line, general) in [
            ("name: api-gateway", "name: {{ $.name }}"),
            ("name: api-gateway-pods", "name: {{ $.name }}-pods"),
            ("name: old-api-gateway", "name: old-api-gateway"),
            (
                "  minReplicas: {{ .Values.autoscaling.minReplicas }}",
                "  minReplicas: {{ $.root.Values.autoscaling.minReplicas }}",
            ),
            (
                "  replicas: {{ $.Values.replicaCount.apiGateway }}",
                "  replicas: {{ (index $.root.Values.replicaCount $.key) }}",
            ),
            (
                "{{- if not (and .Values.apiGateway.enabled .Values.x) }}",
                "{{- if not (and $.values.enabled $.root.Values.x) }}",
            ),
            (
                "{{ .Values.apiGateway.secretName | default \"api-gateway-secrets\" | quote }}",
                "{{ $.values.secretName | default (printf \"%s-secrets\" $.name) | quote }}",
            ),
            (
                "{{ .Release.Namespace | quote }}",
                "{{ $.root.Release.Namespace | quote }}",
            ),
            ("{{- toYaml . | nindent 4 }}", "{{- toYaml . | nindent 4 }}"),
        ] {
            assert_eq!(general_line("api-gateway", line).as_deref(), Some(general));
        }
    }
}
