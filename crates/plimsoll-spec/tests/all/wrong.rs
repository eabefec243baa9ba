//! Wrong files, what is said about them, and the edit that mends them.

mod copies;
mod fields;
mod messages;
mod promises;

use crate::harness::{file, findings};

/// A wrong file.
struct Case {
    /// What is wrong with it.
    name: &'static str,
    /// The file.
    text: &'static str,
    /// All findings.
    found: &'static [&'static str],
    /// The first edit that is offered: what it replaces, and by what.
    edit: Option<(&'static str, &'static str)>,
}

/// Loads each file; what an edit mends is not found again.
fn check(cases: &[Case]) {
    for case in cases {
        let loaded = file(case.text);
        let found = findings(&loaded);
        assert_eq!(found, case.found, "{}:\n{}", case.name, found.join("\n"));
        let sorted = loaded.findings.sorted();
        let edited = sorted
            .iter()
            .find_map(|finding| Some((finding, finding.edit.as_ref()?)));
        let Some((finding, edit)) = edited else {
            assert_eq!(None, case.edit, "{}", case.name);
            continue;
        };
        let range = edit.span.start as usize..edit.span.end as usize;
        let offered = (&case.text[range.clone()], edit.text.as_str());
        assert_eq!(Some(offered), case.edit, "{}", case.name);
        let mut mended = case.text.to_owned();
        mended.replace_range(range, &edit.text);
        let again = file(&mended);
        let again = again
            .findings
            .sorted()
            .iter()
            .any(|other| other.message == finding.message);
        assert!(!again, "{}: the edit does not mend", case.name);
    }
}

#[test]
fn a_key_shows_its_own_mistakes() {
    check(&[
        Case {
            name: "an unknown key",
            text: "app: a\nservices: { web: { prots: 80 } }\n",
            found: &["plimsoll.yaml:2:20 PL0130 a service has no key `prots`; write `ports`"],
            edit: Some(("prots", "ports")),
        },
        Case {
            name: "an unknown key in an environment that is not chosen",
            text: "app: a\nservices: { web: {} }\nenvironments: { x: {}, y: { serivces: {} } }\n",
            found: &[
                "plimsoll.yaml:3:29 PL0130 an environment has no key `serivces`; write `services`",
            ],
            edit: Some(("serivces", "services")),
        },
        Case {
            name: "an unknown key without a near name",
            text: "app: a\nclaims: { files: { zzz: 1 } }\n",
            found: &[
                "plimsoll.yaml:2:20 PL0130 a claim has no key `zzz`; it has size, class, shared, existing, namespace, protect, backup",
            ],
            edit: None,
        },
        Case {
            name: "memory in thousandths",
            text: "app: a\nservices: { web: { size: { memory: 512m } } }\n",
            found: &[
                "plimsoll.yaml:2:36 PL0132 `memory` is an amount of bytes, or request..limit, and `512m` is not; write `512Mi`",
            ],
            edit: Some(("512m", "512Mi")),
        },
        Case {
            name: "a range upside down",
            text: "app: a\nservices: { web: { scale: 5..2 } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0132 `replicas` is a number, a range or single, and `5..2` is not; write `2..5`",
            ],
            edit: Some(("5..2", "2..5")),
        },
        Case {
            name: "a request above its limit",
            text: "app: a\nservices: { web: { size: { cpu: 2..500m } } }\n",
            found: &[
                "plimsoll.yaml:2:33 PL0132 `cpu` is an amount of cpu, or request..limit, and `2..500m` is not; write `500m..2`",
            ],
            edit: Some(("2..500m", "500m..2")),
        },
        Case {
            name: "yes for true",
            text: "app: a\nservices: { web: { enabled: yes } }\n",
            found: &[
                "plimsoll.yaml:2:29 PL0132 `enabled` is true or false, and `yes` is not; write `true`",
            ],
            edit: Some(("yes", "true")),
        },
        Case {
            name: "a duration without unit",
            text: "app: a\nservices: { web: { stop: { grace: 30 } } }\n",
            found: &[
                "plimsoll.yaml:2:35 PL0132 `grace` is a length of time, and `30` is not; write `30s`",
            ],
            edit: Some(("30", "30s")),
        },
        Case {
            name: "a word that is not one of them",
            text: "app: a\nservices: { web: { kind: statefullset } }\n",
            found: &[
                "plimsoll.yaml:2:26 PL0132 `kind` is one of deployment, statefulset, daemonset, and `statefullset` is not; write `statefulset`",
            ],
            edit: Some(("statefullset", "statefulset")),
        },
        Case {
            name: "an unknown engine",
            text: "app: a\nstores: { db: { engine: postgresql } }\n",
            found: &[
                "plimsoll.yaml:2:25 PL0132 `engine` is one of postgres, timescaledb, redis, valkey, clickhouse, mysql, mariadb, mongodb, rabbitmq, kafka, nats, opensearch, memcached, s3, custom, and `postgresql` is not; write `postgres`",
            ],
            edit: Some(("postgresql", "postgres")),
        },
        Case {
            name: "a map for a scalar",
            text: "app: a\nservices: { web: { kind: { a: b } } }\n",
            found: &[
                "plimsoll.yaml:2:26 PL0131 `kind` is a map, and wants one of deployment, statefulset, daemonset",
            ],
            edit: None,
        },
        Case {
            name: "a list for a map",
            text: "app: a\nservices: [web]\n",
            found: &["plimsoll.yaml:2:11 PL0131 `services` is a list, and wants a map by name"],
            edit: None,
        },
        Case {
            name: "a bad name",
            text: "app: a\nservices: { Web_App: {} }\n",
            found: &["plimsoll.yaml:2:13 PL0133 `Web_App` cannot be a name here; write `web-app`"],
            edit: Some(("Web_App", "web-app")),
        },
        Case {
            name: "a long name of a port",
            text: "app: a\nservices: { web: { ports: { this-is-a-long-name: 80 } } }\n",
            found: &["plimsoll.yaml:2:29 PL0133 `this-is-a-long-name` cannot be a name here"],
            edit: None,
        },
        Case {
            name: "a missing key",
            text: "app: a\nstores: { db: {} }\n",
            found: &["plimsoll.yaml:2:11 PL0134 a store lacks `engine`; add `engine: …`"],
            edit: None,
        },
        Case {
            name: "no app",
            text: "services: { web: {} }\n",
            found: &["plimsoll.yaml:1:1 PL0134 the file lacks `app`; begin with `app: NAME`"],
            edit: None,
        },
        Case {
            name: "a path without slash",
            text: "app: a\nservices: { web: { volumes: { data: 1Gi } } }\n",
            found: &["plimsoll.yaml:2:31 PL0133 `data` cannot be a name here; write `/data`"],
            edit: Some(("data", "/data")),
        },
        Case {
            name: "a variable in a key",
            text: "app: a\nservices: { web: { env: { \"${x}\": a } } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0114 `${x}` is a key, and `${…}` stands in values alone",
            ],
            edit: None,
        },
        Case {
            name: "a percentage without sign",
            text: "app: a\nservices: { web: { scale: { replicas: 2..4, cpu: 70 } } }\n",
            found: &[
                "plimsoll.yaml:2:50 PL0132 `cpu` is a percentage, and `70` is not; write `70%`",
            ],
            edit: Some(("70", "70%")),
        },
        Case {
            name: "a probe without slash",
            text: "app: a\nservices: { web: { ports: 80, health: ready } }\n",
            found: &[
                "plimsoll.yaml:2:39 PL0132 `check` is a probe, and `ready` is not; write `/ready`",
            ],
            edit: Some(("ready", "/ready")),
        },
        Case {
            name: "a schedule that is none",
            text: "app: a\njobs: { j: { image: x, when: dayly 02:00 } }\n",
            found: &[
                "plimsoll.yaml:2:30 PL0132 `when` is a schedule, before, after or manual, and `dayly 02:00` is not; write a schedule, `before`, `after`, `manual`",
            ],
            edit: None,
        },
        Case {
            name: "an address inside a range",
            text: "app: a\nexternals: { e: { cidr: 10.0.0.1/8 } }\n",
            found: &[
                "plimsoll.yaml:2:25 PL0132 `cidr` is a range of addresses, and `10.0.0.1/8` is not; write `10.0.0.0/8`",
            ],
            edit: Some(("10.0.0.1/8", "10.0.0.0/8")),
        },
        Case {
            name: "one element twice in a set",
            text: "app: a\nservices: { web: { uses: [db, db] } }\nstores: { db: { engine: redis } }\n",
            found: &["plimsoll.yaml:2:31 PL0101 `db` stands twice"],
            edit: None,
        },
        Case {
            name: "two strategies",
            text: "app: a\nservices: { web: { strategy: { rolling: {}, recreate: {} } } }\n",
            found: &[
                "plimsoll.yaml:2:30 PL0131 `strategy` has 2 keys, and is one of rolling, recreate, blue-green, canary",
            ],
            edit: None,
        },
    ]);
}

#[test]
fn layers_show_theirs() {
    check(&[
        Case {
            name: "extends of nobody",
            text: "app: a\nenvironments: { prod: {}, dev: { extends: prd } }\n",
            found: &["plimsoll.yaml:2:43 PL0102 there is no environment `prd`; write `prod`"],
            edit: Some(("prd", "prod")),
        },
        Case {
            name: "extends in a circle",
            text: "app: a\nenvironments: { x: { extends: y }, y: { extends: x } }\n",
            found: &["plimsoll.yaml:2:31 PL0103 environment `x` extends itself"],
            edit: None,
        },
        Case {
            name: "two defaults",
            text: "app: a\nenvironments: { x: { default: true }, y: { default: true } }\n",
            found: &["plimsoll.yaml:2:53 PL0105 two environments are the default"],
            edit: None,
        },
        Case {
            name: "like of nobody",
            text: "app: a\nservices: { web: {}, b: { like: wob } }\n",
            found: &["plimsoll.yaml:2:33 PL0106 there is no service `wob`; write `web`"],
            edit: Some(("wob", "web")),
        },
        Case {
            name: "like in a circle",
            text: "app: a\nservices: { web: { like: b }, b: { like: web } }\n",
            found: &[
                "plimsoll.yaml:2:26 PL0107 services are like each other in a circle: b → web → b",
            ],
            edit: None,
        },
        Case {
            name: "a job of no service",
            text: "app: a\nservices: { web: {} }\njobs: { j: { service: wev } }\n",
            found: &["plimsoll.yaml:3:23 PL0108 there is no service `wev`; write `web`"],
            edit: Some(("wev", "web")),
        },
        Case {
            name: "a null that removes nothing",
            text: "app: a\nservices: { web: { size: null } }\n",
            found: &["plimsoll.yaml:2:26 PL0104 `size: null` removes nothing"],
            edit: None,
        },
        Case {
            name: "a key that the choice makes idle",
            text: "app: a\nstores: { db: { engine: postgres, run: external, host: x, args: [a] } }\n",
            found: &[
                "plimsoll.yaml:2:59 PL0135 `args` does not go with `run: external`; it goes with `run` statefulset",
            ],
            edit: None,
        },
        Case {
            name: "a pooler of redis",
            text: "app: a\nstores: { db: { engine: redis, pooler: true } }\n",
            found: &[
                "plimsoll.yaml:2:32 PL0135 `pooler` does not go with `engine: redis`; it goes with `engine` postgres, timescaledb",
            ],
            edit: None,
        },
        Case {
            name: "an environment with app",
            text: "app: a\nenvironments: { x: { app: b } }\n",
            found: &[
                "plimsoll.yaml:2:22 PL0130 an environment has no key `app`; it has default, extends, short, vars, namespace, namespaces, images, defaults, services, jobs, migrations, stores, externals, claims, routes, secrets, load, cap, cluster, platform, deliver, observe, policy, kubernetes",
            ],
            edit: None,
        },
        Case {
            name: "single under a number",
            text: "app: a\nservices: { web: { scale: single } }\nenvironments: { x: { services: { web: { scale: 3 } } } }\n",
            found: &["plimsoll.yaml:3:48 PL0161 `web` was single, and is not here"],
            edit: None,
        },
    ]);
}

#[test]
fn references_show_theirs() {
    check(&[
        Case {
            name: "an unknown variable",
            text: "app: a\nvars: { domain: x }\nservices: { web: { env: { A: \"https://${domian}\" } } }\n",
            found: &[
                "plimsoll.yaml:3:30 PL0110 `${domian}` names nothing here; write `\"https://${domain}\"`",
            ],
            edit: Some(("\"https://${domian}\"", "\"https://${domain}\"")),
        },
        Case {
            name: "variables in a circle",
            text: "app: a\nvars: { a: \"${b}\", b: \"${a}\" }\n",
            found: &["plimsoll.yaml:2:12 PL0111 variables in a circle: a → b → a"],
            edit: None,
        },
        Case {
            name: "a taken variable",
            text: "app: a\nvars: { app: x }\n",
            found: &["plimsoll.yaml:2:9 PL0112 a variable cannot be named `app`"],
            edit: None,
        },
        Case {
            name: "a target that is not used",
            text: "app: a\nservices: { web: { env: { A: \"${db.host}\" } } }\nstores: { db: { engine: postgres } }\n",
            found: &[
                "plimsoll.yaml:2:30 PL0152 `${db.host}` names `db`, which `web` does not use; add `db` to `uses` of `web`",
            ],
            edit: None,
        },
        Case {
            name: "a field that a target lacks",
            text: "app: a\nservices: { web: { uses: [db], env: { A: \"${db.hots}\" } } }\nstores: { db: { engine: postgres } }\n",
            found: &["plimsoll.yaml:2:42 PL0153 `db` has no `hots`; write `\"${db.host}\"`"],
            edit: Some(("\"${db.hots}\"", "\"${db.host}\"")),
        },
        Case {
            name: "a secret that is not defined",
            text: "app: a\nsecrets: { session: {} }\nservices: { web: { env: { A: \"${secrets.sesion}\" } } }\n",
            found: &[
                "plimsoll.yaml:3:30 PL0154 `secrets` has no `sesion`; write `\"${secrets.session}\"`",
            ],
            edit: Some(("\"${secrets.sesion}\"", "\"${secrets.session}\"")),
        },
        Case {
            name: "a secret where text is needed",
            text: "app: a\nsecrets: { s: {} }\nservices: { web: { labels: { a: \"${secrets.s}\" } } }\n",
            found: &[
                "plimsoll.yaml:3:33 PL0113 `${secrets.s}` cannot stand in `services.web.labels.a`; targets and secrets stand in `env`, `command`, `args` and `config`",
            ],
            edit: None,
        },
        Case {
            name: "an unknown variable where text is needed",
            text: "app: a\nroutes: { main: { hosts: \"${domain}\", paths: {} } }\n",
            found: &[
                "plimsoll.yaml:2:26 PL0110 `${domain}` names nothing here; define it in `vars`, or write `$${` for a literal `${`",
            ],
            edit: None,
        },
    ]);
}

#[test]
fn relations_show_theirs() {
    check(&[
        Case {
            name: "an unknown target",
            text: "app: a\nservices: { web: { uses: [bd] } }\nstores: { db: { engine: redis } }\n",
            found: &["plimsoll.yaml:2:27 PL0150 there is no `bd` to talk to; write `db`"],
            edit: Some(("bd", "db")),
        },
        Case {
            name: "a typo is found though optional",
            text: "app: a\nservices: { web: { uses: [{ nobody: { optional: true } }] } }\n",
            found: &[
                "plimsoll.yaml:2:29 PL0150 there is no `nobody` to talk to; define it in `services`, `stores` or `externals`",
            ],
            edit: None,
        },
        Case {
            name: "a target that is off",
            text: "app: a\nservices: { web: { uses: [api] }, api: { enabled: false, ports: 80 } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0151 `api` is off here, and not optional; write `{ api: { optional: true } }`",
            ],
            edit: None,
        },
        Case {
            name: "a slot that is none",
            text: "app: a\nservices: { web: { uses: [platform.traces] } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0151 `platform.traces` is off here, and not optional; write `{ platform.traces: { optional: true } }`",
            ],
            edit: None,
        },
        Case {
            name: "one name of two things",
            text: "app: a\nservices: { db: {} }\nstores: { db: { engine: redis } }\n",
            found: &["plimsoll.yaml:3:11 PL0155 `db` is a service and a store"],
            edit: None,
        },
        Case {
            name: "a route to nobody",
            text: "app: a\nservices: { web: { ports: 80 } }\nroutes: { main: { hosts: x.y, paths: { /: wbe } } }\n",
            found: &["plimsoll.yaml:3:43 PL0150 there is no service `wbe`; write `web`"],
            edit: Some(("wbe", "web")),
        },
        Case {
            name: "a route to a port that is not there",
            text: "app: a\nservices: { web: { ports: 80 } }\nroutes: { main: { hosts: x.y, paths: { /: \"web:admin\" } } }\n",
            found: &["plimsoll.yaml:3:43 PL0157 `web` has no port `admin`"],
            edit: None,
        },
        Case {
            name: "a route to tcp",
            text: "app: a\nservices: { web: { ports: { http: 80, raw: 81 } } }\nroutes: { main: { hosts: x.y, paths: { /: \"web:raw\" } } }\n",
            found: &[
                "plimsoll.yaml:3:43 PL0168 `web` speaks tcp there, and routes are for http and grpc",
            ],
            edit: None,
        },
        Case {
            name: "a route to a worker",
            text: "app: a\nservices: { web: {} }\nroutes: { main: { hosts: x.y, paths: { /: web } } }\n",
            found: &[
                "plimsoll.yaml:3:43 PL0168 `web` has no ports; add `ports: 8080` to `services.web`",
            ],
            edit: None,
        },
        Case {
            name: "one path twice",
            text: "app: a\nservices: { web: { ports: 80 } }\nroutes: { a: { hosts: x.y, paths: { /: web } }, b: { hosts: x.y, paths: { /: web } } }\n",
            found: &["plimsoll.yaml:3:75 PL0168 `/` of x.y stands twice"],
            edit: None,
        },
        Case {
            name: "two ports with one number",
            text: "app: a\nservices: { web: { ports: { a: 80, b: 80 } } }\n",
            found: &["plimsoll.yaml:2:39 PL0158 two ports of `web` are 80"],
            edit: None,
        },
        Case {
            name: "a probe of a port that is not there",
            text: "app: a\nservices: { web: { ports: 80, health: \"admin:/x\" } }\n",
            found: &["plimsoll.yaml:2:39 PL0157 `web` has no port `admin`"],
            edit: None,
        },
        Case {
            name: "within of ready",
            text: "app: a\nservices: { web: { ports: 80, health: { ready: { check: /x, within: 1m } } } }\n",
            found: &["plimsoll.yaml:2:69 PL0167 `within` is of `start` alone"],
            edit: None,
        },
        Case {
            name: "a disk for several pods",
            text: "app: a\nservices: { web: { volumes: { /data: 1Gi } } }\n",
            found: &[
                "plimsoll.yaml:2:31 PL0164 `web` has a disk of its own at /data, and may have two pods; write `scale: single`, or `kind: statefulset` for one disk each",
            ],
            edit: None,
        },
        Case {
            name: "an unknown claim",
            text: "app: a\nclaims: { files: {} }\nservices: { web: { volumes: { /data: fils } } }\n",
            found: &["plimsoll.yaml:3:38 PL0156 there is no claim `fils`; write `files`"],
            edit: Some(("fils", "files")),
        },
        Case {
            name: "two migrators",
            text: "app: a\nstores: { db: { engine: postgres } }\nmigrations: { a: { store: db, command: [x] }, b: { store: db, command: [x] } }\n",
            found: &["plimsoll.yaml:3:47 PL0165 two migrations of `db.app`"],
            edit: None,
        },
        Case {
            name: "a migration without a way",
            text: "app: a\nstores: { db: { engine: postgres } }\nmigrations: { db: {} }\n",
            found: &[
                "plimsoll.yaml:3:15 PL0159 the migration `db` has neither `tool` nor `command`",
            ],
            edit: None,
        },
        Case {
            name: "migrations in a circle",
            text: "app: a\nstores: { db: { engine: postgres, databases: [x, y] } }\nmigrations: { x: { store: db.x, command: [x], after: y }, y: { store: db.y, command: [x], after: x } }\n",
            found: &["plimsoll.yaml:3:98 PL0163 the migration `x` waits for itself"],
            edit: None,
        },
        Case {
            name: "two URLs under one name",
            text: "app: a\nstores: { x: { engine: postgres }, y: { engine: postgres } }\nservices: { web: { uses: [x, y] } }\n",
            found: &[
                "plimsoll.yaml:3:30 PL0166 two URLs are named `DATABASE_URL`; write `{ y: { as: OTHER_URL } }`",
            ],
            edit: None,
        },
        Case {
            name: "databases of redis",
            text: "app: a\nstores: { x: { engine: redis, databases: [a] } }\n",
            found: &["plimsoll.yaml:2:43 PL0162 `x`: redis has no databases"],
            edit: None,
        },
        Case {
            name: "an extension that the image lacks",
            text: "app: a\nstores: { x: { engine: postgres, databases: [{ a: { extensions: [postgis] } }] } }\n",
            found: &[
                "plimsoll.yaml:2:66 PL0162 the image docker.io/library/postgres has no extension `postgis`; `image: docker.io/postgis/postgis:17-3.5` has it",
            ],
            edit: None,
        },
        Case {
            name: "several instances of memcached",
            text: "app: a\nstores: { x: { engine: memcached, instances: 2 } }\n",
            found: &[
                "plimsoll.yaml:2:46 PL0162 `x`: memcached does not make one of several instances by itself",
            ],
            edit: None,
        },
        Case {
            name: "an operator that nobody knows",
            text: "app: a\nstores: { x: { engine: valkey, run: operator } }\n",
            found: &["plimsoll.yaml:2:37 PL0162 `x`: no operator of valkey is known"],
            edit: None,
        },
        Case {
            name: "a custom engine that says nothing",
            text: "app: a\nstores: { x: { engine: custom } }\n",
            found: &[
                "plimsoll.yaml:2:11 PL0162 `x`: a custom engine needs `image`",
                "plimsoll.yaml:2:11 PL0162 `x`: a custom engine needs `ports`",
            ],
            edit: None,
        },
        Case {
            name: "a backup to a host",
            text: "app: a\nstores: { x: { engine: postgres, backup: { to: e, full: hourly } } }\nexternals: { e: { host: a.b } }\n",
            found: &[
                "plimsoll.yaml:2:48 PL0156 the external `e` has no `bucket`; add `bucket: s3://…` to `externals.e`",
            ],
            edit: None,
        },
        Case {
            name: "load of nobody",
            text: "app: a\nservices: { web: {} }\nload: { wbe: 5/s }\n",
            found: &["plimsoll.yaml:3:9 PL0156 there is no service `wbe`; write `web`"],
            edit: Some(("wbe", "web")),
        },
        Case {
            name: "an unknown secret",
            text: "app: a\nsecrets: { session: {} }\nservices: { web: { secrets: [sesion] } }\n",
            found: &["plimsoll.yaml:3:30 PL0154 `secrets` has no `sesion`; write `session`"],
            edit: Some(("sesion", "session")),
        },
        Case {
            name: "a file that is not there",
            text: "app: a\nservices: { web: { config: { /x: { file: nothing } } } }\n",
            found: &["plimsoll.yaml:2:42 PL0160 there is no `nothing`"],
            edit: None,
        },
        Case {
            name: "one namespace for two environments",
            text: "app: a\nenvironments: { x: { cluster: { context: c } }, y: { cluster: { context: c } } }\n",
            found: &[
                "plimsoll.yaml:2:74 PL0169 `x` and `y` share the namespace `a` of one cluster; write `namespace: ${app}-${env}`",
            ],
            edit: None,
        },
        Case {
            name: "two kinds of login",
            text: "app: a\nsecrets: { s: {} }\nroutes: { m: { hosts: [], paths: {}, auth: {} } }\n",
            found: &["plimsoll.yaml:3:44 PL0159 a login has exactly one of `basic` and `oidc`"],
            edit: None,
        },
    ]);
}

#[test]
fn small_things_show_theirs() {
    check(&[
        Case {
            name: "a variable in app",
            text: "app: \"${env}\"\n",
            found: &[
                "plimsoll.yaml:1:6 PL0114 `app` holds `${…}`, and is what others are made of; write the name itself",
            ],
            edit: None,
        },
        Case {
            name: "a language of tomorrow",
            text: "app: a\nformat: 2\n",
            found: &[
                "plimsoll.yaml:2:9 PL0132 version 2 of the language is not known here; use a newer plimsoll, or write `format: 1`",
            ],
            edit: None,
        },
        Case {
            name: "port zero",
            text: "app: a\nservices: { web: { ports: 0 } }\n",
            found: &[
                "plimsoll.yaml:2:27 PL0132 `port` is the number of a port, and `0` is not; write `8080`, 1 to 65535",
            ],
            edit: None,
        },
        Case {
            name: "a job with a claim that is not there",
            text: "app: a\njobs: { j: { image: x, volumes: { /d: files } } }\n",
            found: &["plimsoll.yaml:2:39 PL0156 there is no claim `files`"],
            edit: None,
        },
        Case {
            name: "a promotion to nobody",
            text: "app: a\ndeliver: { promote: [dev, prd] }\nenvironments: { dev: {}, prod: {} }\n",
            found: &["plimsoll.yaml:2:27 PL0156 there is no environment `prd`; write `prod`"],
            edit: Some(("prd", "prod")),
        },
        Case {
            name: "a protected secret that rotates",
            text: "app: a\nsecrets: { s: { protect: true, rotate: 30d } }\n",
            found: &["plimsoll.yaml:2:40 PL0159 `s` is protected, and cannot be rotated"],
            edit: None,
        },
        Case {
            name: "a key that a secret does not have",
            text: "app: a\nsecrets: { s: { keys: [a, b] } }\nservices: { web: { secrets: [{ A: { from: s.c } }] } }\n",
            found: &["plimsoll.yaml:3:43 PL0154 the secret `s` has no key `c`"],
            edit: None,
        },
        Case {
            name: "a misspelt service in an environment",
            text: "app: a\nservices: { web: { ports: 80 } }\nenvironments: { prod: { services: { wbe: { scale: 3 } } } }\n",
            found: &[
                "plimsoll.yaml:3:37 PL0117 `services.wbe` changes nothing that is there; write `web`",
            ],
            edit: Some(("wbe", "web")),
        },
        Case {
            name: "a misspelt store in an environment",
            text: "app: a\nstores: { cache: { engine: redis } }\nenvironments: { prod: { stores: { cahce: { instances: 3 } } } }\n",
            found: &[
                "plimsoll.yaml:3:35 PL0117 `stores.cahce` changes nothing that is there; write `cache`",
            ],
            edit: Some(("cahce", "cache")),
        },
        Case {
            name: "a misspelt route in an environment",
            text: "app: a\nservices: { web: { ports: 80 } }\nroutes: { main: { hosts: a.b, paths: { /: web } } }\nenvironments: { prod: { routes: { man: { hosts: c.d } } } }\n",
            found: &[
                "plimsoll.yaml:4:35 PL0117 `routes.man` changes nothing that is there; write `main`",
            ],
            edit: Some(("man", "main")),
        },
        Case {
            name: "a route to a service that is off",
            text: "app: a\nservices: { web: { ports: 80, enabled: false } }\nroutes: { main: { hosts: a.b, paths: { /: web } } }\n",
            found: &[
                "plimsoll.yaml:3:43 PL0151 `web` is off here, and the path is not optional; add `optional: true` to the path",
            ],
            edit: None,
        },
        Case {
            name: "a port of a caller that is not there",
            text: "app: a\nservices: { web: { ports: 80, callers: [{ monitoring: { ports: admin } }] } }\n",
            found: &["plimsoll.yaml:2:64 PL0157 `web` has no port `admin`"],
            edit: None,
        },
        Case {
            name: "a port of metrics that is not there",
            text: "app: a\nservices: { web: { ports: 80, metrics: { port: admin } } }\n",
            found: &["plimsoll.yaml:2:48 PL0157 `web` has no port `admin`"],
            edit: None,
        },
    ]);
}
