//! Broken files: whatever is written, loading ends, and every place is inside a file.

use crate::harness::files;
use plimsoll_spec::Loaded;

const CORPUS: [&str; 3] = [
    include_str!("every-key/plimsoll.yaml"),
    "app: shop\nservices:\n  web: { image: a:1, ports: 8080, health: /ready, uses: [db] }\nstores:\n  db: { engine: postgres, storage: 20Gi }\nroutes:\n  main: { hosts: x.example.org, paths: { /: web } }\n",
    "app: a\nvars: { a: \"${b}\", b: \"${a}\" }\ndefaults: { like: web }\nservices: { web: { like: api }, api: { like: web } }\nenvironments: { x: { extends: y }, y: { extends: x } }\n",
];

/// Words that are put where others stood.
const WORDS: [&str; 24] = [
    "null",
    "none",
    "{}",
    "[]",
    "${x}",
    "${db.url}",
    "${secrets.a}",
    "${",
    "-1",
    "99999999999999999999",
    "1..",
    "..2",
    "5..2",
    "512m",
    "true",
    "single",
    "custom",
    "external",
    "é",
    "\"\"",
    "[[]]",
    "{ a: { b: [] } }",
    "/",
    "*",
];

/// A generator of numbers; the same seed gives the same numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).expect("below a length")
    }
}

fn mutate(text: &str, numbers: &mut Numbers) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(chars.len());
        let end = (at + numbers.below(12)).min(chars.len());
        match numbers.below(4) {
            0 => drop(chars.drain(at..end)),
            1 => {
                let word = WORDS[numbers.below(WORDS.len())];
                chars.splice(at..end, word.chars());
            }
            2 => word_for_value(&mut chars, numbers),
            _ => {
                let copy: Vec<char> = chars[at..end].to_vec();
                let to = numbers.below(chars.len());
                chars.splice(to..to, copy);
            }
        }
    }
    chars.into_iter().collect()
}

/// Puts a word in the place of a whole value, so that more than syntax is broken.
fn word_for_value(chars: &mut Vec<char>, numbers: &mut Numbers) {
    let starts: Vec<usize> = (2..chars.len())
        .filter(|at| chars[at - 2] == ':' && chars[at - 1] == ' ')
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = starts[numbers.below(starts.len())];
    let end = (start..chars.len()).find(|at| matches!(chars[*at], ',' | '}' | '\n'));
    let word = WORDS[numbers.below(WORDS.len())];
    chars.splice(start..end.unwrap_or(chars.len()), word.chars());
}

fn check(loaded: &Loaded) {
    for finding in loaded.findings.sorted() {
        for mark in &finding.marks {
            let text = &loaded.sources.file(mark.span.file).text;
            assert!(
                text.get(mark.span.start as usize..mark.span.end as usize)
                    .is_some()
            );
        }
        assert!(!finding.message.is_empty());
    }
}

#[test]
fn whatever_is_written_loading_ends() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..120 {
        let text = mutate(CORPUS[round % CORPUS.len()], &mut numbers);
        check(&files(&[("plimsoll.yaml", &text), ("parts/a.yaml", &text)]));
    }
}
