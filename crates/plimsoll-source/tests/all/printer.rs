//! Trees to text: what is printed reads back as the same tree, and looks like kubectl's.

use plimsoll_source::{Entry, Findings, Node, Origin, Sources, yaml};
use proptest::prelude::*;

fn origin() -> Origin {
    Origin::rule("test", [])
}

fn text(text: &str) -> Node {
    Node::Text(origin(), text.into())
}

fn map(entries: impl IntoIterator<Item = (String, Node)>) -> Node {
    let entry = |(key, value): (String, Node)| Entry {
        key: key.into(),
        at: origin(),
        value,
    };
    Node::map(origin(), entries.into_iter().map(entry))
}

fn printed(node: &Node) -> String {
    String::from_utf8(yaml::write(node)).expect("the printer writes UTF-8")
}

fn read_back(bytes: &[u8]) -> Vec<Node> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = yaml::decode(&mut sources, "printed.yaml", bytes, &mut findings);
    let documents = yaml::read(&sources, file, &mut findings);
    let messages: Vec<_> = findings
        .sorted()
        .iter()
        .map(|f| f.message.clone())
        .collect();
    assert_eq!(
        messages,
        Vec::<String>::new(),
        "in {:?}",
        String::from_utf8_lossy(bytes)
    );
    documents
}

/// Texts that some reader takes for something else, or that are hard to write.
#[rustfmt::skip]
const NASTY: &[&str] = &[
    "", " ", "~", "null", "Null", "NULL", "true", "True", "no", "NO", "y", "n", "on", "Off", "<<", "=", "-",
    "--", "---", "...", "--- a", "-a", "- a", "?", "? a", ":", ":a", "a:", "a: b", "a:b", "a #b", "a#b", "#a",
    "#", " a", "a ", "a\t", "\ta", "a\tb", "'", "\"", "it's", "say \"x\"", "\\", "a\\b", "%a", "@a", "`a",
    "!a", "&a", "*a", "|", ">", "{", "}", "[", "]", ",", "a,b", "{a}", "[a]", "0", "1", "-1", "+1", "007",
    "0o7", "0x1F", "0b11", "1_000", "1.5", ".5", "1.", ".", "..", "1e3", "1E-3", "12e45", "1.2.3", "1.30",
    "190:20:30", "8080:80", "10:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00", ".inf", "-.INF", ".NaN",
    "1-2", "+", "é", "日本", "😀", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "\u{feff}a", "\0",
    "\x07\x08\x1b\x7f", "\u{9f}", "\r", "a\r\nb", "a\nb", "a\nb\n", "a\n\n", "\n", "\n\n", "\na", "a\n\nb",
    "a\n b\n", " a\nb", "  a\n b\n\n", "a\n \nb", "a\n ", "a \nb ", "\ta\nb", "a\n\tb", "a\n---\nb", "# a\nb",
    "a: b\nc: d\n", "- a\n- b", "\u{fffe}", "\u{ffff}", "\u{e000}", "\u{10ffff}", "${x}", "{{ .Values.x }}",
    "a\\n",
];

#[test]
fn nasty_text_reads_back_the_same_everywhere() {
    for nasty in NASTY {
        let value = text(nasty);
        let seq = Node::seq(
            origin(),
            [value.clone(), Node::seq(origin(), [value.clone()])],
        );
        let key = map([((*nasty).to_owned(), value.clone())]);
        for node in [
            value.clone(),
            seq.clone(),
            key.clone(),
            map([("a".into(), seq), ("b".into(), key)]),
        ] {
            let bytes = yaml::write(&node);
            let back = read_back(&bytes);
            assert_eq!(back.len(), 1, "of {nasty:?}");
            assert_eq!(
                back[0].resolve(),
                node,
                "of {nasty:?} in {}",
                printed(&node)
            );
        }
    }
}

#[test]
fn objects_look_as_kubectl_shows_them() {
    let node = map([
        ("apiVersion".into(), text("v1")),
        (
            "data".into(),
            map([
                ("run.sh".into(), text("#!/bin/sh\necho 1\n")),
                ("motd".into(), text("a\nb")),
            ]),
        ),
        ("empty".into(), map([])),
        ("none".into(), Node::seq(origin(), [])),
        ("on".into(), text("true")),
        ("port".into(), Node::Int(origin(), -80)),
        ("ratio".into(), Node::Float(origin(), 1e16)),
        ("ready".into(), Node::Bool(origin(), true)),
        ("nothing".into(), Node::Null(origin())),
        (
            "containers".into(),
            Node::seq(
                origin(),
                [
                    map([
                        ("name".into(), text("api")),
                        (
                            "args".into(),
                            Node::seq(origin(), [text("-c"), text("a: b")]),
                        ),
                    ]),
                    Node::seq(origin(), [Node::seq(origin(), [text("x\ny")]), text("")]),
                ],
            ),
        ),
    ]);
    let want = "\
apiVersion: v1
data:
  run.sh: |
    #!/bin/sh
    echo 1
  motd: |-
    a
    b
empty: {}
none: []
\"on\": \"true\"
port: -80
ratio: 1.0e+16
ready: true
nothing: null
containers:
- name: api
  args:
  - -c
  - 'a: b'
- - - |-
      x
      y
  - \"\"
";
    assert_eq!(printed(&node), want);
    assert_eq!(read_back(want.as_bytes())[0].resolve(), node);
}

#[test]
fn text_of_versions_names_and_durations_stays_plain() {
    for plain in [
        "1.2.3",
        "30s",
        "500m",
        "nginx:1.27",
        "10.0.0.1",
        "é",
        "a,b",
        "-c",
        "--flag=x",
        "yes-man",
        "http://a:80/b#c",
    ] {
        assert_eq!(printed(&text(plain)), format!("{plain}\n"));
    }
}

#[test]
fn documents_are_divided_by_a_line() {
    let documents = [
        map([("a".into(), text("b"))]),
        map([("c".into(), text("d\n\n"))]),
    ];
    let bytes = yaml::write_all(&documents);
    assert_eq!(String::from_utf8_lossy(&bytes), "a: b\n---\nc: |+\n  d\n\n");
    assert_eq!(
        read_back(&bytes),
        read_back(&yaml::write_all(&read_back(&bytes)))
    );
    let resolved: Vec<_> = read_back(&bytes).iter().map(Node::resolve).collect();
    assert_eq!(resolved, documents);
}

#[test]
fn a_file_of_a_user_prints_to_the_same_tree() {
    let written = "a: 012\nb:\nc:\n- 1.30\n-\n- ${x}\nd: yes\n";
    let tree = read_back(written.as_bytes()).remove(0);
    assert_eq!(printed(&tree), written);
    let folded = read_back(b"a: b\n\n  c\nd: e\n").remove(0);
    assert_eq!(
        read_back(&yaml::write(&folded))[0].resolve(),
        folded.resolve()
    );
}

#[test]
fn long_keys_are_written_so_that_readers_find_them() {
    let node = map([("k".repeat(3000), map([("x: ".repeat(600), text("v"))]))]);
    assert_eq!(read_back(&yaml::write(&node))[0].resolve(), node);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9.:/-]{0,12}",
        2 => prop::sample::select(NASTY).prop_map(str::to_owned),
        2 => "[ \\n\\t:#'\"\\-?a0\\\\.,{}&*!|>%@~é\u{85}\u{2028}]{0,10}",
        1 => ".{0,8}",
        1 => "[0-9+\\-._:eExobT ]{0,10}",
    ]
}

fn any_node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null(origin())),
        any::<bool>().prop_map(|value| Node::Bool(origin(), value)),
        any::<i64>().prop_map(|value| Node::Int(origin(), value)),
        prop::num::f64::NORMAL.prop_map(|value| Node::Float(origin(), value)),
        any_text().prop_map(|value| text(&value)),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            items.prop_map(|items| Node::seq(origin(), items)),
            prop::collection::btree_map(any_text(), inner, 0..5).prop_map(map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_printed_reads_back_as_the_same_tree(node in any_node()) {
        let back = read_back(&yaml::write(&node));
        prop_assert_eq!(back.len(), 1);
        prop_assert_eq!(&back[0].resolve(), &node, "printed as {}", printed(&node));
    }
}
