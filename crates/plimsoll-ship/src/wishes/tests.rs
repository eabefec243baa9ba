//! Values made, kept, shared and composed.

use super::*;

fn wish(name: &str, keys: Vec<(&str, How)>) -> SecretWish {
    SecretWish {
        namespace: "shop".into(),
        name: name.into(),
        kind: "Opaque".into(),
        labels: Vec::new(),
        keys: keys
            .into_iter()
            .map(|(key, how)| KeyWish {
                key: key.into(),
                how,
            })
            .collect(),
        unit: String::new(),
        place: None,
    }
}

fn password(name: &str) -> How {
    How::Made {
        value: Logical::whole(name),
        make: Make::Password { length: 24 },
    }
}

fn url() -> How {
    How::Composed {
        parts: vec![
            Part::Text("postgres://db:".into()),
            Part::Value {
                value: Logical::whole("db.password"),
                escape: true,
            },
            Part::Text("@db:5432/shop".into()),
        ],
    }
}

fn secret(data: &Value) -> DynamicObject {
    let object =
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" }, "data": data });
    serde_json::from_value(object).expect("a Secret")
}

fn system(wishes: &[SecretWish], live: &BTreeMap<&str, DynamicObject>) -> Vec<Action> {
    plan(
        wishes,
        &[],
        |wish| live.get(wish.name.as_str()),
        &Randomness::System,
        Given::Demanded,
    )
    .expect("a plan")
}

fn value(action: &Action, key: &str) -> String {
    let data = action.data();
    let encoded = data[key].as_str().expect("base64");
    String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("text")
}

#[test]
fn a_composed_value_holds_what_was_made_for_another_secret() {
    let wishes = [
        wish("api-secrets", vec![("DATABASE_URL", url())]),
        wish(
            "db-credentials",
            vec![("password", password("db.password"))],
        ),
    ];
    let actions = system(&wishes, &BTreeMap::new());
    let made = value(&actions[1], "password");
    assert_eq!(
        value(&actions[0], "DATABASE_URL"),
        format!("postgres://db:{made}@db:5432/shop")
    );
}

/// Holds V6, W8.
#[test]
fn a_value_that_is_there_is_never_replaced_and_others_take_it_over() {
    let wishes = [
        wish(
            "api-secrets",
            vec![("SESSION", password("session")), ("NEW", password("new"))],
        ),
        wish("worker-secrets", vec![("SESSION", password("session"))]),
    ];
    let live = BTreeMap::from([(
        "api-secrets",
        secret(&json!({ "SESSION": STANDARD.encode("old") })),
    )]);
    let actions = system(&wishes, &live);
    assert_eq!(actions[0].data().keys().collect::<Vec<_>>(), ["NEW"]);
    assert_eq!(value(&actions[1], "SESSION"), "old");
}

#[test]
fn nothing_is_done_where_everything_is_there() {
    let wishes = [wish("api-secrets", vec![("SESSION", password("session"))])];
    let live = BTreeMap::from([(
        "api-secrets",
        secret(&json!({ "SESSION": STANDARD.encode("x") })),
    )]);
    assert!(matches!(system(&wishes, &live)[..], [Action::Keep]));
}

#[test]
fn a_composed_value_follows_its_parts() {
    let wishes = [
        wish("db", vec![("password", password("db.password"))]),
        wish("api", vec![("DATABASE_URL", url())]),
    ];
    let old = STANDARD.encode("postgres://db:one@elsewhere:5432/shop");
    let live = BTreeMap::from([
        ("db", secret(&json!({ "password": STANDARD.encode("o/e") }))),
        ("api", secret(&json!({ "DATABASE_URL": old }))),
    ]);
    let actions = system(&wishes, &live);
    assert_eq!(
        value(&actions[1], "DATABASE_URL"),
        "postgres://db:o%2Fe@db:5432/shop"
    );
}

#[test]
fn all_given_values_that_are_missing_are_named_at_once() {
    let given = |name: &str| How::Given {
        value: Logical::whole(name),
    };
    let wishes = [wish("api", vec![("A", given("a")), ("B", given("b"))])];
    let error = plan(&wishes, &[], |_| None, &Randomness::System, Given::Demanded).err();
    let Some(ShipError::Obstacles(missing)) = error else {
        panic!("{error:?}");
    };
    let causes: Vec<&str> = missing.iter().map(|one| one.cause.as_str()).collect();
    assert_eq!(
        causes,
        [
            "key A must be there, and only a person knows it",
            "key B must be there, and only a person knows it",
        ]
    );
}

#[test]
fn one_half_of_a_pair_is_never_made_alone() {
    let half = |half| How::MadePair {
        value: Logical {
            name: "jwt".into(),
            half: Some(half),
        },
        kind: PairKind::JwtEs256,
    };
    let wishes = [wish(
        "api",
        vec![
            ("PRIVATE", half(Half::Private)),
            ("PUBLIC", half(Half::Public)),
        ],
    )];
    let actions = system(&wishes, &BTreeMap::new());
    assert_eq!(actions[0].data().len(), 2);
    let live = BTreeMap::from([("api", secret(&json!({ "PRIVATE": STANDARD.encode("x") })))]);
    let error = plan(
        &wishes,
        &[],
        |w| live.get(w.name.as_str()),
        &Randomness::System,
        Given::Demanded,
    );
    assert!(matches!(error, Err(ShipError::HalfPair(name)) if name == "jwt"));
}

#[test]
fn stand_ins_have_the_form_that_the_api_checks() {
    let given = How::Given {
        value: Logical::whole("pull"),
    };
    let registry = SecretWish {
        kind: "kubernetes.io/dockerconfigjson".into(),
        ..wish("pull", vec![(".dockerconfigjson", given)])
    };
    let seeded = Randomness::Seeded(b"seed".to_vec());
    let actions = plan(&[registry], &[], |_| None, &seeded, Given::StandIn).expect("a plan");
    assert_eq!(value(&actions[0], ".dockerconfigjson"), r#"{"auths":{}}"#);
}

/// Holds V6: a gateway is given the hash of a password, as `htpasswd -s` writes it.
#[test]
fn a_gateway_is_given_a_hash_of_the_password() {
    let line = How::Composed {
        parts: vec![
            Part::Text("monitoring:".into()),
            Part::Hashed {
                value: Logical::whole("DOOR"),
            },
        ],
    };
    let wishes = [wish(
        "door",
        vec![(".htpasswd", line), ("password", password("DOOR"))],
    )];
    let known = secret(&json!({ "password": STANDARD.encode("password") }));
    let actions = system(&wishes, &BTreeMap::from([("door", known)]));
    let line = value(&actions[0], ".htpasswd");
    assert_eq!(line, "monitoring:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=");
}

/// A service that gets another name or namespace keeps what it had, also what a person brought.
#[test]
fn values_of_a_secret_that_leaves_move_to_the_new_one() {
    let given = || How::Given {
        value: Logical::whole("licence"),
    };
    let old = wish("api", vec![("KEY", password("key")), ("LICENCE", given())]);
    let new = wish(
        "front",
        vec![("KEY", password("key")), ("LICENCE", given())],
    );
    let live = secret(&json!({ "KEY": "b2xk", "LICENCE": "cGFpZA==" }));
    let find = |wish: &SecretWish| (wish.name == "api").then_some(&live);
    let actions = plan(&[new], &[old], find, &Randomness::System, Given::Demanded);
    let actions = actions.expect("nobody has to bring anything");
    assert_eq!(value(&actions[0], "KEY"), "old");
    assert_eq!(value(&actions[0], "LICENCE"), "paid");
}
