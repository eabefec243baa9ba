//! Many values files in one process of Helm: a chart that holds another one many times, under a name
//! for each values file.

use crate::project::{documents, key};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

/// A chart with many values.
pub struct Batch {
    folder: tempfile::TempDir,
    count: usize,
}

/// What values make: objects by what identifies them, each as often as it stands there.
#[derive(Default)]
pub struct Made(BTreeMap<String, Vec<Value>>);

impl Made {
    /// Of objects.
    pub fn of(objects: impl IntoIterator<Item = Value>) -> Self {
        let mut made = Self::default();
        for object in objects {
            made.0.entry(key(&object)).or_default().push(object);
        }
        for same in made.0.values_mut() {
            same.sort_by_key(ToString::to_string);
        }
        made
    }

    /// The first difference.
    pub fn difference(&self, other: &Self) -> Option<String> {
        for (id, objects) in &self.0 {
            let Some(others) = other.0.get(id) else {
                return Some(format!("{id} is missing"));
            };
            if objects.len() != others.len() {
                return Some(format!(
                    "{id} is there {} times, not {}",
                    others.len(),
                    objects.len()
                ));
            }
            for (one, two) in objects.iter().zip(others) {
                if let Some(text) = crate::helm::difference("", one, two) {
                    return Some(format!("{id}{text}"));
                }
            }
        }
        let mut extra = other.0.keys().filter(|id| !self.0.contains_key(*id));
        extra.next().map(|id| format!("{id} should not be there"))
    }
}

thread_local! {
    /// Most objects are the same under most values.
    static READ: RefCell<BTreeMap<String, Vec<Value>>> = RefCell::default();
}

impl Batch {
    /// The chart in a folder with values of its own, and under each of these over them.
    pub fn new(chart: &Path, own: &Value, values: &[&Value]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("charts/inner");
        copy(chart, &inner);
        std::fs::write(inner.join("values.yaml"), text(own)).expect("writes");
        let own = std::fs::read_to_string(chart.join("Chart.yaml")).expect("a chart");
        let word = |name: &str| {
            let mut lines = own.lines().filter_map(|line| line.strip_prefix(name));
            lines.next().expect("a word").trim().to_owned()
        };
        let (name, version) = (word("name:"), word("version:"));
        let aliases: Vec<Value> = (0..values.len())
            .map(|at| json!({ "name": name, "version": version, "repository": "", "alias": alias(at) }))
            .collect();
        let outer = json!({ "apiVersion": "v2", "name": "outer", "version": "0.1.0", "dependencies": aliases });
        std::fs::write(folder.path().join("Chart.yaml"), outer.to_string()).expect("writes");
        let all = values.iter().enumerate();
        let all: Map<String, Value> = all
            .map(|(at, values)| (alias(at), (*values).clone()))
            .collect();
        std::fs::write(folder.path().join("own.yaml"), text(&Value::Object(all))).expect("writes");
        let count = values.len();
        Self { folder, count }
    }

    fn run(&self, program: &Path, namespace: &str) -> Output {
        let run = Command::new(program)
            .args([
                "template",
                "release",
                "--skip-tests",
                "--kube-version",
                "1.36.0",
                "-n",
                namespace,
            ])
            .arg("-f")
            .arg(self.folder.path().join("own.yaml"))
            .arg(self.folder.path())
            .output();
        run.expect("helm runs")
    }

    /// What each of the values makes.
    pub fn render(&self, program: &Path, namespace: &str) -> Result<Vec<Made>, String> {
        let output = self.run(program, namespace);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut objects = vec![Vec::new(); self.count];
        for part in text.split("\n---\n# Source: outer/charts/") {
            let part = part.trim_start_matches("---\n# Source: outer/charts/");
            let Some((alias, rest)) = part.split_once('/') else {
                continue;
            };
            let at: usize = alias.trim_start_matches('v').parse().expect("an alias");
            let (_, body) = rest.split_once('\n').unwrap_or_default();
            objects[at].extend(read(body));
        }
        Ok(objects.into_iter().map(Made::of).collect())
    }

    /// Which of the values are refused.
    pub fn refused(&self, program: &Path, namespace: &str) -> BTreeSet<usize> {
        let output = self.run(program, namespace);
        let said = String::from_utf8_lossy(&output.stderr);
        let named = said
            .lines()
            .filter_map(|line| line.strip_prefix('v')?.strip_suffix(':')?.parse().ok());
        let named: BTreeSet<usize> = named.collect();
        assert!(output.status.success() || !named.is_empty(), "{said}");
        named
    }
}

/// Values as Helm's reader takes them: it refuses control characters that are not escaped.
fn text(values: &Value) -> String {
    let text = values.to_string();
    text.replace('\u{7f}', "\\u007f")
        .replace('\u{85}', "\\u0085")
}

fn alias(at: usize) -> String {
    format!("v{at}")
}

fn read(text: &str) -> Vec<Value> {
    READ.with_borrow_mut(|read| {
        let known = read.entry(text.to_owned());
        known.or_insert_with(|| documents(text.as_bytes())).clone()
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}
