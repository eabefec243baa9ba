//! Wrong files, what is said about them, and the edit that mends them.

use crate::harness::{file, files, findings};

/// A wrong file: all findings, and the file after the edit of the first.
struct Case {
    name: &'static str,
    text: &'static str,
    found: &'static [&'static str],
    mended: Option<(&'static str, &'static str)>,
}

fn check(cases: &[Case]) {
    for case in cases {
        let loaded = file(case.text);
        let found = findings(&loaded);
        assert_eq!(found, case.found, "{}:\n{}", case.name, found.join("\n"));
        let edit = loaded
            .findings
            .sorted()
            .iter()
            .find_map(|finding| finding.edit.clone());
        let mended = edit.map(|edit| {
            let mut text = case.text.to_owned();
            let range = edit.span.start as usize..edit.span.end as usize;
            text.replace_range(range, &edit.text);
            text
        });
        let wanted = case
            .mended
            .map(|(from, to)| case.text.replacen(from, to, 1));
        assert_eq!(mended, wanted, "{}", case.name);
    }
}

#[test]
fn a_key_shows_its_own_mistakes() {
    check(&[Case {
        name: "an unknown key has a near name",
        text: "app: a\nservices: { web: { prots: 80 } }\n",
        found: &["plimsoll.yaml:2:20 PL0130 a service has no key `prots`; write `ports`"],
        mended: Some(("prots", "ports")),
    }]);
}
