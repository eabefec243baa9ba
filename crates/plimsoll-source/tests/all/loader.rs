//! Text to trees: spans, aliases, merge keys, and what is said about mistakes.

use plimsoll_source::{Findings, Node, Sources, Str, yaml};
use serde_json::{Value, json};

/// Reads a text: its documents, its findings as `code line:column message`, and the sources.
fn read(text: &str) -> (Sources, Vec<Node>, Findings) {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = sources.add("plimsoll.yaml", text);
    let documents = yaml::read(&sources, file, &mut findings);
    (sources, documents, findings)
}

/// The only document as JSON, plain scalars as they are written.
fn tree(text: &str) -> Value {
    let (_, documents, findings) = read(text);
    let messages: Vec<_> = findings
        .sorted()
        .iter()
        .map(|f| f.message.clone())
        .collect();
    assert_eq!(messages, Vec::<String>::new(), "in {text:?}");
    documents[0].to_json()
}

/// The findings as `code line:column`.
fn found(text: &str) -> Vec<String> {
    let (sources, _, findings) = read(text);
    let show = |f: &&plimsoll_source::Finding| {
        let at = sources.position(f.place().expect("a finding of the loader has a place"));
        format!("{} {}:{}", f.rule.code, at.line, at.column)
    };
    findings.sorted().iter().map(show).collect()
}

/// The written text of the value at a path.
fn written(text: &str, path: &[&str]) -> String {
    let (sources, documents, _) = read(text);
    let node = documents[0].at(path).expect("the path is there");
    sources
        .text(node.origin().place().expect("it was written"))
        .to_owned()
}

#[test]
fn scalars_keep_the_text_that_was_written() {
    let text = "version: 1.30\ntag: 012\nempty:\nquoted: \"012\"\nblock: |\n  a\n  b\n";
    let (_, documents, _) = read(text);
    let plain = |node: Option<&Node>| matches!(node, Some(Node::Plain(..)));
    assert!(plain(documents[0].get("version")) && plain(documents[0].get("empty")));
    assert!(!plain(documents[0].get("quoted")) && !plain(documents[0].get("block")));
    let want =
        json!({"version": "1.30", "tag": "012", "empty": "", "quoted": "012", "block": "a\nb\n"});
    assert_eq!(tree(text), want);
}

#[test]
fn spans_are_bytes_of_the_file_as_it_is() {
    let text = "\u{feff}ä: 'é ß'\r\nb:\r\n  - x: 1\r\n    y: {z: \"ü\"}\r\n\r\n# end\r\nc: >-\r\n  one\r\n  two\r\nd: e\r\n";
    assert_eq!(written(text, &["ä"]), "'é ß'");
    assert_eq!(written(text, &["b"]), "- x: 1\r\n    y: {z: \"ü\"}");
    assert_eq!(written(text, &["b", "0", "y"]), "{z: \"ü\"}");
    assert_eq!(written(text, &["c"]), ">-\r\n  one\r\n  two");
    assert_eq!(written(text, &["d"]), "e");
    assert_eq!(tree(text)["c"], "one two");
    let (sources, documents, _) = read(text);
    let key = documents[0]
        .entry("ä")
        .expect("it is there")
        .at
        .place()
        .expect("it was written");
    assert_eq!(sources.text(key), "ä");
    assert_eq!(sources.position(key).line, 1);
}

#[test]
fn an_alias_repeats_a_value_and_keeps_its_origin() {
    let text = "a: &x { k: v }\nb: *x\nc: [*x, *x]\n";
    assert_eq!(tree(text)["c"], json!([{"k": "v"}, {"k": "v"}]));
    assert_eq!(written(text, &["b", "k"]), "v");
    let (_, documents, _) = read(text);
    let place = |path: &[&str]| documents[0].at(path).and_then(|n| n.origin().place());
    assert_eq!(place(&["a", "k"]), place(&["c", "1", "k"]));
}

#[test]
fn a_merge_key_takes_over_what_the_map_does_not_say() {
    let text =
        "base: &b { a: 1, b: 2 }\nmore: &m { b: 3, c: 4 }\nuse:\n  x: 0\n  <<: [*b, *m]\n  a: 9\n";
    let (_, documents, _) = read(text);
    let merged = documents[0].get("use").expect("it is there");
    let keys: Vec<_> = merged.entries().iter().map(|e| e.key.to_string()).collect();
    assert_eq!(keys, ["x", "b", "c", "a"]);
    assert_eq!(
        tree(text)["use"],
        json!({"x": "0", "b": "2", "c": "4", "a": "9"})
    );
    assert_eq!(found("x: { <<: 1 }\n"), ["PL0009 1:10"]);
}

#[test]
fn a_key_that_stands_twice_is_shown_at_both_places() {
    let (sources, documents, findings) = read("a: 1\nb: 2\na: 3\n");
    let marks = &findings.sorted()[0].marks;
    let lines: Vec<_> = marks
        .iter()
        .map(|m| sources.position(m.span).line)
        .collect();
    assert_eq!(lines, [3, 1]);
    assert_eq!(
        documents[0].get("a").and_then(Node::text),
        Some(&Str::from("1"))
    );
}

#[test]
fn a_variable_without_quotes_in_braces_is_mended_and_read() {
    let text = "a: { url: http://${x.host}:80/${y}, b: [${z}, c] }\nd: ${e}\n";
    let (sources, documents, findings) = read(text);
    let want = json!({"a": {"url": "http://${x.host}:80/${y}", "b": ["${z}", "c"]}, "d": "${e}"});
    assert_eq!(documents[0].to_json(), want);
    let edits: Vec<_> = findings
        .sorted()
        .iter()
        .map(|f| {
            let edit = f.edit.as_ref().expect("it can be mended");
            assert_eq!(f.rule.name, "unquoted-variable");
            (sources.text(edit.span).to_owned(), edit.text.clone())
        })
        .collect();
    let quoted = |text: &str| (text.to_owned(), format!("\"{text}\""));
    assert_eq!(edits, [quoted("http://${x.host}:80/${y}"), quoted("${z}")]);
}

#[test]
fn tabs_in_indentation_are_replaced_by_blanks() {
    let (sources, _, findings) = read("a:\n\tb: c\n\td:\n\t\te: f\ng: h\n");
    let edit = findings.sorted()[0].edit.clone().expect("it can be mended");
    assert_eq!(sources.text(edit.span), "\tb: c\n\td:\n\t\te: f\n");
    assert_eq!(edit.text, "  b: c\n  d:\n    e: f\n");
    let text = "a:\n\tb: c\nd: e\nf:\n  \tg: h\n\ti: j\nk: l";
    assert_eq!(found(text), ["PL0004 2:1"]);
    let (_, _, findings) = read(text);
    let edits = findings
        .sorted()
        .into_iter()
        .filter_map(|f| f.edit.as_ref());
    let mended = plimsoll_source::edit::apply(text, edits).expect("there is one edit");
    assert_eq!(mended, "a:\n  b: c\nd: e\nf:\n  \tg: h\n  i: j\nk: l");
}

#[test]
fn text_that_yaml_would_cut_is_offered_in_quotes() {
    for (text, mended) in [
        ("a: @x y # why\nb: c\n", "a: \"@x y\" # why\nb: c\n"),
        ("a: b: c\n", "a: \"b: c\"\n"),
        ("- `x`\n", "- \"`x`\"\n"),
        ("a: !vault x\n", "a: x\n"),
    ] {
        let (_, _, findings) = read(text);
        let edits = findings
            .sorted()
            .into_iter()
            .filter_map(|f| f.edit.as_ref());
        assert_eq!(
            plimsoll_source::edit::apply(text, edits),
            Ok(mended.to_owned())
        );
        assert_eq!(found(mended), Vec::<String>::new());
    }
}

#[test]
fn mistakes_behind_the_first_one_are_found_too() {
    let text = "a: b: c\nd: 1\ne: @x\nf:\n  g: \"\\q\"\n  h: 2\ni: 'x' y\nj: - 1\nk: 3\n";
    let (_, documents, _) = read(text);
    assert_eq!(
        documents[0].to_json(),
        json!({"d": "1", "f": {"h": "2"}, "k": "3"})
    );
    let want = [
        "PL0001 1:5",
        "PL0001 3:4",
        "PL0001 5:6",
        "PL0001 7:8",
        "PL0001 8:4",
    ];
    assert_eq!(found(text), want);
}

#[test]
fn one_mistake_is_one_finding() {
    for text in [
        "a: 'xx\nb: c\nd: e\n",
        "a: [b, c\nd: e\nf: g\n",
        "a: { b: c\nd: e\n",
        "key value\nb: c\nd: e\nf: g\n",
        "a: b\n  c: d\nx: y\nz: w\n",
        "a:\n    b: c\n  d: e\nf: g\nh:\n  i: j\n",
        "a: \"x\nb: c\n",
        "a: ]\nb: c\n",
        "a: [1, 2}\nb: c\n",
        "a:\n  - b\n  c: d\ne: f\n",
        "a: !e!x y\nb: c\n",
        "a: * b\nc: d\n",
        "- a\nb: c\nd: e\n",
    ] {
        assert_eq!(found(text).len(), 1, "in {text:?}: {:?}", found(text));
    }
}

#[test]
fn other_documents_are_read_behind_a_broken_one() {
    let (_, documents, _) = read("a: 1\nb: [\n---\nc: 2\n");
    let all: Vec<_> = documents.iter().map(Node::to_json).collect();
    assert_eq!(all, [json!({"a": "1", "b": []}), json!({"c": "2"})]);
}

#[test]
fn aliases_tags_and_keys_that_mean_nothing_are_found() {
    assert_eq!(found("a: *b\nc: 1\n"), ["PL0005 1:4"]);
    assert_eq!(found("a: &x [*x]\n"), ["PL0006 1:8"]);
    assert_eq!(found("a: !vault x\n"), ["PL0007 1:4"]);
    assert_eq!(found("? [a]\n: b\n"), ["PL0008 1:3"]);
    assert_eq!(found("a: {{ name }}\n"), ["PL0008 1:5"]);
    assert_eq!(found(": b\n"), ["PL0008 1:1"]);
    assert_eq!(found("a: !!int x\n"), ["PL0015 1:10"]);
    assert_eq!(
        tree("a: !!str 1\nb: !!int 1\nc: ! true\n"),
        json!({"a": "1", "b": 1, "c": "true"})
    );
}

#[test]
fn nesting_and_aliases_are_bounded() {
    let deep = format!("a: {}{}", "[".repeat(127), "]".repeat(127));
    assert_eq!(found(&deep), Vec::<String>::new());
    let deep = format!("a: {}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(found(&deep), ["PL0010 1:132"]);
    let level = |level| [" ".repeat(level), "a:\n".to_owned()].concat();
    let blocks: Vec<_> = (0..400).map(level).collect();
    assert_eq!(found(&blocks.concat()).len(), 1);

    let line = |at: usize, times: usize| {
        let items = vec![format!("*a{}", at.saturating_sub(1)); times].join(", ");
        format!("a{at}: &a{at} [{items}]\n")
    };
    let chain: String = (0..200).map(|at| line(at, at.min(1))).collect();
    let bomb: String = (0..200).map(|at| line(at, at.min(1) * 9)).collect();
    assert!(found(&chain)[0].starts_with("PL0010 128:"));
    assert_eq!(found(&bomb).len(), 1);
    assert!(found(&bomb)[0].starts_with("PL0011"));
}

#[test]
fn a_large_file_is_refused_and_an_empty_one_named() {
    assert_eq!(found(&"a".repeat(16 * 1024 * 1024 + 1)), ["PL0012 1:1"]);
    let one = |text: &str| {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let file = sources.add("plimsoll.yaml", text);
        let node = yaml::read_one(&sources, file, &mut findings);
        (
            node.map(|n| n.to_json()),
            findings.sorted().first().map(|f| f.rule.code),
        )
    };
    assert_eq!(one("# nothing\n"), (None, Some("PL0013")));
    assert_eq!(one("---\n"), (None, Some("PL0013")));
    assert_eq!(
        one("a: 1\n---\nb: 2\n"),
        (Some(json!({"a": "1"})), Some("PL0014"))
    );
    assert_eq!(one("a: 1\n"), (Some(json!({"a": "1"})), None));
}

#[test]
fn bytes_that_are_not_text_are_found_where_they_stand() {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    yaml::decode(&mut sources, "x.yaml", b"a: 1\nb: \xff\n", &mut findings);
    let place = findings.sorted()[0].place().expect("it has a place");
    assert_eq!(
        (sources.position(place).line, sources.position(place).column),
        (2, 4)
    );
}

#[test]
fn plain_scalars_resolve_as_kubectl_reads_them() {
    let resolved = |text: &str| {
        let (_, documents, _) = read(&format!("- {text}\n"));
        documents[0].resolve().to_json()[0].clone()
    };
    for (text, want) in [
        ("~", json!(null)),
        ("", json!(null)),
        ("NULL", json!(null)),
        ("True", json!(true)),
        ("yes", json!("yes")),
        ("on", json!("on")),
        ("12", json!(12)),
        ("-7", json!(-7)),
        ("+7", json!(7)),
        ("0o17", json!(15)),
        ("0644", json!(420)),
        ("0x1F", json!(31)),
        ("089", json!(89)),
        ("1.5", json!(1.5)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("1.", json!(1.0)),
        ("1.2.3", json!("1.2.3")),
        ("1_000", json!("1_000")),
        ("12e03", json!(12000.0)),
        ("0o8", json!("0o8")),
        (".inf", json!(".inf")),
        ("1:30", json!("1:30")),
        ("9223372036854775807", json!(i64::MAX)),
        ("1e999", json!("1e999")),
        ("'12'", json!("12")),
    ] {
        assert_eq!(resolved(text), want, "of {text:?}");
    }
}
