//! The containers before and beside a program: its init containers and sidecars.

use crate::address::SecretValue;
use crate::cx::Cx;
use crate::program::Program;
use crate::secrets::plan;
use crate::text;
use crate::workload::container::{image, ports, security, words};
use crate::workload::volume::{self, Volumes, volume_name};
use crate::workload::{config, env, probe, resources};
use indexmap::IndexMap;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::pod::{Companion, Writable};
use plimsoll_spec::app::{EnvValue, Ports};
use plimsoll_spec::types::{Part, PortRef, Target, Template};
use plimsoll_world::{Cond, Form, Fragment, MapBuilder, Scope, SeqBuilder, form};
use std::collections::BTreeSet;

/// A port of a companion.
fn find_port(ports: &Ports, port: &PortRef) -> Option<(Sourced<u16>, Option<Str>)> {
    let found = match port {
        PortRef::Main => ports.main(),
        PortRef::Named(name) => ports.all.get_key_value(name),
        PortRef::Number(number) => {
            return Some((Sourced::rule("workload/container", *number), None));
        }
    };
    found.map(|(name, port)| (port.port.clone(), Some(name.clone())))
}

/// What kind of companion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Runs before the program and ends.
    Init,
    /// Runs beside it.
    Sidecar,
}

/// A companion of a program; `native` where the target knows sidecars.
pub fn container(
    cx: &Cx,
    program: &Program,
    companion: &Companion,
    beside: Beside,
    native: bool,
) -> Form {
    let s = &Scope::new("workload/companion").because(program.origin);
    let sidecar = beside == Beside::Sidecar;
    let mut map = MapBuilder::new(s);
    map.splice(
        s,
        form!(s; {
            name: &companion.name,
            image: image(cx, &companion.image),
            when (Cond::known(sidecar && native, program.origin)) restartPolicy: "Always",
            command: words(cx, program, companion.command.as_deref()),
            args: words(cx, program, companion.args.as_deref()),
            env: Fragment(variables(cx, program, companion)),
            ports: Fragment(ports(&companion.ports)),
            ..resources::of_size(&companion.size),
            securityContext: security(program.security, &Writable::Paths(Vec::new())),
        }),
    );
    if sidecar {
        let find = |port: &PortRef| find_port(&companion.ports, port);
        map.splice(s, probe::of(&companion.health, &find));
    }
    map.put(
        s,
        "volumeMounts",
        Fragment(mounts(cx, s, program, companion)),
    );
    map.build()
}

/// The program's paths as the companion sees them.
fn mounts(cx: &Cx, s: &Scope, program: &Program, companion: &Companion) -> Form {
    let mut list = SeqBuilder::new(s);
    let mut folders: BTreeSet<Str> = BTreeSet::new();
    for (own, mount) in &companion.mounts {
        let s = &s.because(&mount.origin);
        let path = mount.path.clone();
        let path = path.unwrap_or_else(|| Sourced::new(own.clone(), s.origin().clone()));
        if let Some(file) = config::mounted(program, path.peek(), own) {
            if folders.insert(file.at.clone()) {
                list.push(
                    s,
                    form!(s; {
                        name: path.map(|_| file.volume),
                        mountPath: s.text(file.at),
                        subPath: file.file.map(|name| s.text(name)),
                        readOnly: true,
                    }),
                );
            }
            continue;
        }
        let what = kind_of_path(program, path.peek());
        list.push(
            s,
            form!(s; {
                name: path.map(|path| volume::volume_name(what, path)),
                mountPath: s.text(own.clone()),
            }),
        );
    }
    for (path, _) in files(cx, companion) {
        list.push(
            s,
            form!(s; {
                name: path.map(|path| file_volume(companion, path)),
                mountPath: &path,
                subPath: path.map(|path| file_name(path)),
                readOnly: true,
            }),
        );
    }
    for store in stores(companion) {
        let store = cx.app.stores.get(store);
        let Some(store) = store.filter(|store| volume::authority(cx, program, store).is_some())
        else {
            continue;
        };
        list.push(
            s,
            form!(s; {
                name: volume::authority_name(store),
                mountPath: volume::authority_folder(store),
                readOnly: true,
            }),
        );
    }
    list.build()
}

fn kind_of_path(program: &Program, path: &str) -> &'static str {
    if program.volumes.contains_key(path) {
        "disk"
    } else {
        "scratch"
    }
}

/// Variables of a companion, its own alone: first the secrets that it is given or that its texts name, so
/// that `$(KEY)` in the others finds them.
fn variables(cx: &Cx, program: &Program, companion: &Companion) -> Form {
    let s = &Scope::new("workload/env");
    let name = env::secret_name(cx, program);
    let mut list = SeqBuilder::new(s);
    let given = secrets(cx, program, companion);
    for secret in given.values() {
        let s = &s.because(&secret.origin);
        list.push(
            s,
            form!(s; {
                name: s.text(secret.key.clone()),
                valueFrom: { secretKeyRef: { name: name.clone(), key: s.text(secret.key.clone()) } },
            }),
        );
    }
    for (key, value) in companion.env.peek() {
        let secret = given.get(key).map(|secret| &secret.origin);
        if env::is_given(cx, program, (key, value), secret) {
            continue;
        }
        let mut text = |when: Cond, template: &Template| {
            if let Some(text) = text::resolve(cx, program, template) {
                list.push_when(
                    s,
                    when,
                    || form!(s; { name: s.text(key.clone()), value: text.expr }),
                );
            }
        };
        match value {
            EnvValue::Text(template) => {
                text(Cond::known(true, template.written.origin()), template);
            }
            EnvValue::If(either) => {
                let holds = env::holds(cx, either);
                either
                    .then
                    .iter()
                    .for_each(|then| text(holds.clone(), then));
                either
                    .else_
                    .iter()
                    .for_each(|other| text(holds.clone().not(), other));
            }
            EnvValue::Field(path) => list.push(
                s,
                form!(s; {
                    name: s.text(key.clone()),
                    valueFrom: { fieldRef: { fieldPath: path } },
                }),
            ),
        }
    }
    list.build()
}

/// The secrets that a companion has as variables, by their keys: those that it is given, and those that its
/// texts name.
fn secrets(cx: &Cx, program: &Program, companion: &Companion) -> IndexMap<Str, SecretValue> {
    let given = companion
        .secrets
        .values()
        .filter(|uses| uses.file.is_none());
    let given = given.flat_map(|uses| plan::asked(cx, uses));
    let named = templates(companion).into_iter();
    let named = named.filter_map(|template| text::resolve(cx, program, template));
    let all = given.chain(named.flat_map(|text| text.secrets));
    let mut by_key = IndexMap::new();
    for secret in all {
        by_key.entry(secret.key.clone()).or_insert(secret);
    }
    by_key
}

/// Every secret of a companion, files as well: keys of the program's Secret.
pub fn all_secrets(cx: &Cx, program: &Program, companion: &Companion) -> Vec<SecretValue> {
    let files = files(cx, companion).into_iter().map(|(_, secret)| secret);
    let variables = secrets(cx, program, companion).into_values();
    variables.chain(files).collect()
}

/// The secrets that a companion reads as files, with their paths.
fn files(cx: &Cx, companion: &Companion) -> Vec<(Sourced<Str>, SecretValue)> {
    let given = companion.secrets.values();
    given.flat_map(|uses| plan::files(cx, uses)).collect()
}

/// Every text of a companion.
fn templates(companion: &Companion) -> Vec<&Template> {
    let mut all: Vec<&Template> = Vec::new();
    for value in companion.env.peek().values() {
        match value {
            EnvValue::Text(template) => all.push(template),
            EnvValue::If(either) => all.extend(either.then.iter().chain(&either.else_)),
            EnvValue::Field(_) => {}
        }
    }
    all.extend(companion.command.iter().flatten());
    all.extend(companion.args.iter().flatten());
    all
}

/// The stores that its texts speak of.
fn stores(companion: &Companion) -> BTreeSet<&Str> {
    let parts = templates(companion)
        .into_iter()
        .flat_map(|text| &text.parts);
    let targets = parts.filter_map(|part| match part {
        Part::Target { target, .. } | Part::Credential { target, .. } => Some(target),
        _ => None,
    });
    let stores = targets.filter_map(|target| match target {
        Target::Store { store, .. } => Some(store),
        _ => None,
    });
    stores.collect()
}

/// Adds the secrets that companions read as files; the program itself does not see them.
pub fn secret_files(cx: &Cx, program: &Program, all: &mut Volumes) {
    let s = &Scope::new("workload/companion");
    for companion in program.companions() {
        for (path, secret) in files(cx, companion) {
            all.beside(form!(s; {
                name: path.map(|path| file_volume(companion, path)),
                secret: {
                    secretName: env::secret_name(cx, program),
                    defaultMode: 0o440,
                    items: [{ key: s.text(secret.key.clone()), path: path.map(|path| file_name(path)) }],
                },
            }));
        }
    }
}

fn file_volume(companion: &Companion, path: &str) -> Str {
    volume_name("secret", &format!("{}-{path}", companion.name.peek()))
}

fn file_name(path: &str) -> Str {
    path.rsplit('/').next().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use crate::stores::tests::{container, made, variable};
    use serde_json::Value;

    const SIDECAR: &str = "
services:
  web:
    ports: 3000
    uses: [db]
    sidecars:
      s:
        image: r.example/s:1
        secrets: [AWS, { F: { from: PW, file: /f } }]
        env: { DSN: \"${db.url}\", Q: \"${secrets.PW}\" }
stores: { db: { engine: postgres, backup: none } }
secrets: { AWS: { keys: [A, B] }, PW: { kind: password } }
platform: { secrets: external }
";

    /// Holds LANGUAGE 4.1: no secrets but its own, on either side.
    #[test]
    fn secrets_of_a_companion_are_none_of_its_program() {
        let made = made(
            "
services:
  web:
    ports: 3000
    secrets: [OWN, { A: { file: /run/a } }]
    env: { DSN: \"p:${secrets.A}\" }
    init: { i: { image: r.example/i:1, secrets: [HF] } }
secrets: { OWN: {}, A: {}, HF: {} }
platform: { secrets: external }
",
        );
        let pod = made.object("Deployment/web");
        let names = |name: &str| -> Vec<String> {
            let list = container(&pod, name)["env"]
                .as_array()
                .expect("variables")
                .iter();
            list.map(|one| one["name"].as_str().expect("a name").to_owned())
                .collect()
        };
        assert_eq!(names("i"), ["HF"]);
        // A secret may be a file and stand in a text as well.
        assert_eq!(names("web"), ["A", "OWN", "DSN"]);
        assert_eq!(variable(container(&pod, "web"), "DSN")["value"], "p:$(A)");
        let mounts = container(&pod, "web")["volumeMounts"].to_string();
        assert!(mounts.contains("/run/a"), "{mounts}");
    }

    /// A file is mounted as a file; of those that are read again the folder, under the volume that there is.
    #[test]
    fn a_sidecar_sees_the_files_of_its_program() {
        let made = made(
            "
services:
  web:
    ports: 3000
    config:
      /etc/a-b.conf: one
      /etc/a_b.conf: two
      /etc/live/c.conf: { text: three, roll: false }
    sidecars:
      s: { image: r.example/s:1, mounts: { /etc/a_b.conf: /etc/a_b.conf, /run/live/c.conf: /etc/live/c.conf } }
",
        );
        let pod = made.object("Deployment/web");
        let mounts = container(&pod, "s")["volumeMounts"].clone();
        let expected = serde_json::json!([
            { "name": "config-etc-a-b-conf-1", "mountPath": "/etc/a_b.conf", "subPath": "a_b.conf", "readOnly": true },
            { "name": "live-etc-live", "mountPath": "/run/live", "readOnly": true },
        ]);
        assert_eq!(mounts, expected);
        let volumes = pod["spec"]["template"]["spec"]["volumes"]
            .as_array()
            .expect("volumes")
            .clone();
        let file = |name: &str| {
            let volume = volumes.iter().find(|volume| volume["name"] == name);
            volume.expect("a volume")["configMap"]["items"][0].clone()
        };
        let expected = serde_json::json!({ "key": "etc-a-b-conf-1", "path": "a_b.conf" });
        assert_eq!(file("config-etc-a-b-conf-1"), expected);
        assert_eq!(file("live-etc-live")["path"], "c.conf");
    }

    /// A path can hold one file: of several values it is a folder.
    #[test]
    fn a_secret_with_several_values_is_a_folder_of_files() {
        let made = made(
            "
services:
  web:
    ports: 3000
    secrets: [{ PAIR: { file: /etc/pair } }]
    sidecars: { s: { image: r.example/s:1, secrets: [{ AWS: { file: /etc/aws/ } }] } }
secrets: { AWS: { keys: [id, key] }, PAIR: { kind: jwt-rs256 } }
platform: { secrets: external }
",
        );
        let pod = made.object("Deployment/web");
        let paths = |name: &str| -> Vec<String> {
            let mounts = container(&pod, name)["volumeMounts"].as_array().cloned();
            let mounts = mounts.into_iter().flatten();
            let paths = mounts.map(|mount| mount["mountPath"].as_str().expect("a path").to_owned());
            paths.filter(|path| path.starts_with("/etc/")).collect()
        };
        assert_eq!(paths("web"), ["/etc/pair/private", "/etc/pair/public"]);
        assert_eq!(paths("s"), ["/etc/aws/id", "/etc/aws/key"]);
    }

    #[test]
    fn a_sidecar_has_every_secret_that_it_is_given_or_that_its_texts_name() {
        let made = made(SIDECAR);
        let pod = made.object("Deployment/web");
        let sidecar = container(&pod, "s");
        let keys = |name: &str| variable(sidecar, name)["valueFrom"]["secretKeyRef"]["key"].clone();
        for name in ["A", "B", "DB_PASSWORD", "PW"] {
            assert_eq!(keys(name), name);
        }
        assert_eq!(variable(sidecar, "Q")["value"], "$(PW)");
        let secret = made.object("ExternalSecret/web-secrets")["spec"]["data"].clone();
        let held: Vec<&str> = secret
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|item| item["secretKey"].as_str())
            .collect();
        for name in ["A", "B", "DB_PASSWORD", "PW", "F"] {
            assert!(held.contains(&name), "{held:?}");
        }
    }

    #[test]
    fn a_sidecar_mounts_its_secret_files_and_the_authority_of_the_stores_that_it_speaks_to() {
        let made = made(SIDECAR);
        let pod = made.object("Deployment/web");
        let mounts = |name: &str| -> Vec<Value> {
            let mounts = container(&pod, name)["volumeMounts"].as_array();
            mounts.map_or(Vec::new(), |mounts| {
                mounts
                    .iter()
                    .map(|mount| mount["mountPath"].clone())
                    .collect()
            })
        };
        assert!(mounts("s").contains(&"/f".into()), "{:?}", mounts("s"));
        assert!(
            mounts("s").contains(&"/etc/plimsoll/ca/db".into()),
            "{:?}",
            mounts("s")
        );
        assert!(!mounts("web").contains(&"/f".into()));
    }
}
