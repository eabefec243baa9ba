//! One line for a finding, as compilers write it and editors read it.

use super::{count, one_line, word};
use crate::{Findings, Sources};
use std::fmt::Write;

/// `plimsoll.yaml:31:21: error[PL0412]: message`, one line each, the count last.
pub fn short(findings: &Findings, sources: &Sources) -> String {
    let mut text = String::new();
    for finding in findings.sorted() {
        if let Some(span) = finding.place() {
            let at = sources.position(span);
            let name = one_line(&sources.file(span.file).name);
            let _ = write!(text, "{name}:{}:{}: ", at.line, at.column);
        }
        let (level, code) = (word(finding.level), finding.rule.code);
        let _ = writeln!(text, "{level}[{code}]: {}", one_line(&finding.message));
    }
    if let Some(count) = count(findings) {
        text.push_str(&count);
        text.push('\n');
    }
    text
}
