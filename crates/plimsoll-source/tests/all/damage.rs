//! Damaged files: the loader never panics, every place lies inside the file, and what can be read
//! can be shown, mended and printed.

use plimsoll_source::render::{self, Look};
use plimsoll_source::{Findings, Node, Sources, Span, edit, yaml};

/// Text with everything that the language of the files has.
const SEEDS: &[&str] = &[
    "app: shop\nservices:\n  api:\n    image: registry.example/api:1.2\n    ports: { http: 8080, metrics: 9090 }\n    env:\n      URL: http://${db.host}:5432/${app}\n",
    "base: &base { cpu: 500m..2, memory: 512Mi }\nservices:\n  a:\n    <<: *base\n    args: [-c, \"x y\", 'it''s', ${port}]\n  b: { <<: [*base, { cpu: 1 }], env: { A: ${b}, B: x${c}y } }\n",
    "text: |\n  one\n    two\n\n  three\nfolded: >-\n  a\n  b\nkeep: |+\n  x\n\n\nlast: \"\\u00e9\\n\\x41\"\n",
    "\u{feff}ä: 'é ß'\r\nb:\r\n- x: 1\r\n  y: {z: \"ü😀\"}\r\n- - 日本\r\n  - ~\r\n# end\r\n",
    "--- # first\na: !!str 1\nb: !!int 2\n? c\n: d\n...\n---\n- {a: [b, {c: d}]}\n- *x\n- &x !foo y\n",
    "key value\na: b: c\nd:\n\te: f\n   g: h\ni: 'x' y\nj: @k\nl: [1, 2\nm: {n\n",
];

/// Pieces that YAML gives a meaning to.
const PIECES: &[&str] = &[
    ":",
    ": ",
    "- ",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "#",
    " #",
    "&a ",
    "*a",
    "<<: ",
    "!",
    "!!int ",
    "|\n",
    ">-\n",
    "|2-\n",
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "${x}",
    "{ a: ${x} }",
    "é",
    "😀",
    "\u{feff}",
    "\u{85}",
    "\0",
    "~",
    "\\",
    "@",
    "`",
    "\u{2028}",
    "\r",
    "${",
    "$",
    "!<a",
    "&",
    "*",
];

/// A generator of numbers that is the same everywhere.
struct Dice(u64);

impl Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("it is below a usize")
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// The text with a few wounds.
    fn damage(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..=self.below(4) {
            let (a, b) = (self.place(&text), self.place(&text));
            let (start, end) = (a.min(b), a.max(b));
            match self.below(6) {
                0 => text.truncate(end),
                1 => text.replace_range(start..end, ""),
                2 => text.insert_str(start, &text.clone()[start..end]),
                _ => text.insert_str(start, PIECES[self.below(PIECES.len())]),
            }
        }
        text
    }
}

/// Reads a text and checks all that must hold for any.
fn check(text: &str) -> Findings {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = sources.add("damaged.yaml", text);
    let documents = yaml::read(&sources, file, &mut findings);
    for node in &documents {
        check_spans(&sources, node);
    }
    for finding in findings.sorted() {
        assert!(finding.place().is_some(), "{} has a place", finding.message);
        finding
            .marks
            .iter()
            .for_each(|mark| check_span(&sources, mark.span));
        finding
            .edit
            .iter()
            .for_each(|edit| check_span(&sources, edit.span));
    }
    let look = Look {
        color: true,
        width: 80,
    };
    assert!(findings.is_empty() == render::terminal(&findings, &sources, look).is_empty());
    assert!(findings.is_empty() == render::short(&findings, &sources).is_empty());
    assert_eq!(
        render::json(&findings, &sources).as_array().map(Vec::len),
        Some(findings.sorted().len())
    );
    let edits: Vec<_> = findings
        .sorted()
        .into_iter()
        .filter_map(|f| f.edit.clone())
        .collect();
    assert!(edits.iter().all(|one| edit::apply(text, [one]).is_ok()));
    documents
        .iter()
        .filter(|node| !node.is_null())
        .for_each(check_print);
    findings
}

fn check_span(sources: &Sources, span: Span) {
    assert!(span.start <= span.end);
    let text = &sources.file(span.file).text;
    assert!(text.get(span.start as usize..span.end as usize).is_some());
}

fn check_spans(sources: &Sources, node: &Node) {
    check_span(
        sources,
        node.origin().place().expect("all of it was written"),
    );
    for entry in node.entries() {
        check_span(sources, entry.at.place().expect("keys were written"));
        check_spans(sources, &entry.value);
    }
    node.items()
        .iter()
        .for_each(|item| check_spans(sources, item));
}

/// What was read prints to text that reads the same.
fn check_print(node: &Node) {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let bytes = yaml::write(&node.resolve());
    let file = yaml::decode(&mut sources, "printed.yaml", &bytes, &mut findings);
    let back = yaml::read(&sources, file, &mut findings);
    assert!(findings.is_empty(), "{:?}", findings.sorted());
    assert_eq!(back[0].resolve(), node.resolve());
}

#[test]
fn the_seeds_hold() {
    let clean: Vec<_> = SEEDS.iter().map(|seed| check(seed).is_empty()).collect();
    assert_eq!(clean, [true, false, true, true, false, false]);
}

/// The texts of the example systems.
fn examples() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let folders = std::fs::read_dir(folder).expect("the examples are there");
    let mut files: Vec<_> = folders
        .filter_map(|folder| Some(folder.ok()?.path().join("plimsoll.yaml")))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let text = |file| std::fs::read_to_string(file).expect("an example is text");
    files.iter().map(text).collect()
}

#[test]
fn the_examples_are_read_without_a_finding() {
    let examples = examples();
    assert!(examples.len() >= 5);
    for text in &examples {
        let found = check(text);
        let messages: Vec<_> = found.sorted().iter().map(|f| f.message.clone()).collect();
        assert_eq!(messages, Vec::<String>::new());
    }
}

#[test]
fn no_damage_of_an_example_makes_the_loader_panic() {
    let mut dice = Dice(0xcafe);
    let examples = examples();
    for round in 0..ROUNDS / 25 {
        check(&dice.damage(&examples[round % examples.len()]));
    }
}

#[test]
fn no_damage_makes_the_loader_panic_or_point_outside() {
    let mut dice = Dice(0x5eed);
    for round in 0..ROUNDS {
        check(&dice.damage(SEEDS[round % SEEDS.len()]));
    }
}

#[test]
fn no_heap_of_pieces_makes_the_loader_panic() {
    let mut dice = Dice(0xbad);
    for _ in 0..ROUNDS / 2 {
        let count = 1 + dice.below(24);
        let pieces: Vec<_> = (0..count)
            .map(|_| PIECES[dice.below(PIECES.len())])
            .collect();
        check(&pieces.concat());
    }
}

/// As many as a test may take: about a second.
const ROUNDS: usize = 1000;
