//! Damaged application files: whatever stands in a file, it is read and compiled or refused, never a
//! panic, and every mark lies inside of its file. Seeds are fixed.

use crate::project::{EXAMPLES, compiled, read, text};
use plimsoll_source::Findings;
use plimsoll_source::file::Sources;

/// As many as may take some seconds.
const ROUNDS: usize = 240;

/// What a value becomes.
const ODD: [&str; 16] = [
    "~",
    "{}",
    "[]",
    "none",
    "-1",
    "0",
    "1e309",
    "\"\"",
    "\"${env}\"",
    "\"${nobody.url}\"",
    "3..2",
    "100%",
    "..",
    "[a, [b, { c: d }]]",
    "{ name: x, name: y }",
    "\u{1f6a2}",
];

/// Xorshift: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below the bound")
    }

    /// One to three things that happen to lines.
    fn damage(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for _ in 0..=self.below(3) {
            let at = self.below(lines.len());
            match self.below(5) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => {
                    let other = self.below(lines.len());
                    lines.swap(at, other);
                }
                3 => lines[at].insert_str(0, "  "),
                _ => {
                    let key = lines[at]
                        .find(": ")
                        .map(|colon| lines[at][..colon].to_owned());
                    if let Some(key) = key {
                        lines[at] = format!("{key}: {}", ODD[self.below(ODD.len())]);
                    }
                }
            }
        }
        lines.join("\n")
    }
}

fn marks_lie_inside(findings: &Findings, sources: &Sources) {
    for finding in findings.sorted() {
        for mark in &finding.marks {
            let length = sources.file(mark.span.file).text.len();
            let (start, end) = (mark.span.start as usize, mark.span.end as usize);
            assert!(start <= end && end <= length, "{}", finding.message);
        }
    }
}

#[test]
fn no_damage_of_a_file_makes_reading_or_compiling_panic() {
    let texts: Vec<String> = EXAMPLES.iter().map(|example| text(example)).collect();
    let mut dice = Dice(0x0f10_ad1e);
    let mut well = 0;
    for round in 0..ROUNDS {
        let damaged = dice.damage(&texts[round % texts.len()]);
        let loaded = read(&damaged);
        marks_lie_inside(&loaded.findings, &loaded.sources);
        for (_, compiled) in compiled(&loaded) {
            marks_lie_inside(&compiled.findings, &loaded.sources);
            well += 1;
        }
    }
    // Much damage leaves a file that can be compiled: otherwise this would only try the reader.
    assert!(well > ROUNDS / 2, "{well}");
}
