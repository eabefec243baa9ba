//! Where a target is found, and as whom: what `${TARGET.field}` stands for.

#[cfg(test)]
mod tests;

use crate::cx::Cx;
use crate::names;
use crate::platform::slots;
use crate::program::Program;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::port::Speaks;
use plimsoll_spec::app::store::{Engine, Run, Tls};
use plimsoll_spec::app::{OrNone, Ports, Store, Use};
use plimsoll_spec::types::{Target, TargetField};

/// A piece of an address: text, or the name of a secret whose value stands there.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Text.
    Text(Sourced<Str>),
    /// The value of a secret, by the key under which the program has it.
    Secret(SecretValue),
}

/// A secret value: which one, and the key under which a program has it.
#[derive(Clone, Debug)]
pub struct SecretValue {
    /// Key in the program's Secret, and name of its variable.
    pub key: Str,
    /// Name of the value: of `secrets`, or one that a store brings.
    pub value: Str,
    /// Its part, where it has several or is a pair.
    pub part: Option<Str>,
    /// The line that asked for it.
    pub origin: Origin,
}

/// The variable that an edge brings the URL under: its own, else the store's; `None` where there is
/// none, or where the edge says `as: none`.
pub fn variable(cx: &Cx, uses: &Use) -> Option<Sourced<Str>> {
    match &uses.as_ {
        OrNone::Some(name) => Some(name.clone()),
        OrNone::None(origin) if origin.place().is_some() => None,
        OrNone::None(_) => match &uses.target {
            Target::Store { store, .. } => cx.app.stores.get(store)?.as_.some().cloned(),
            _ => None,
        },
    }
}

/// What a field of a target is, seen from a namespace on one of its sides; `None` where the target
/// has no such field.
pub fn field(
    cx: &Cx,
    from: &str,
    uses: Option<&Use>,
    side: Side,
    target: &Target,
    field: &TargetField,
    origin: &Origin,
) -> Option<Vec<Piece>> {
    let origin = &origin.because(&chosen_side(cx, uses, target));
    let text = |value: Sourced<Str>| Some(vec![Piece::Text(value.because(origin))]);
    match field {
        TargetField::Host => text(host(cx, from, target, side)?),
        TargetField::ReaderHost => text(host(cx, from, target, Side::Reader)?),
        TargetField::Port => text(port(cx, target, None)?.map(|port| number(*port))),
        TargetField::PortNamed(name) => {
            text(port(cx, target, Some(name))?.map(|port| number(*port)))
        }
        TargetField::Address => {
            let host = host(cx, from, target, side)?;
            let port = port(cx, target, None)?;
            text(host.zip(&port, |host, port| format!("{host}:{port}").into()))
        }
        TargetField::Url => url(cx, from, uses, target, side, origin),
        TargetField::ReaderUrl => url(cx, from, uses, target, Side::Reader, origin),
        TargetField::User => text(user(cx, uses, target)?),
        TargetField::Password => Some(vec![Piece::Secret(password(cx, uses, target, origin)?)]),
        TargetField::Database => text(database(target, origin)?),
        TargetField::Bucket => text(bucket(cx, target, origin)?),
        TargetField::Region => text(region(cx, target)?),
        TargetField::Endpoint => text(endpoint(cx, from, target, side)?),
        TargetField::Pool => text(uses?.pool.as_ref()?.map(|pool| pool.to_string().into())),
        TargetField::Ca => text(Sourced::rule("address", ca_path(target)?)),
        TargetField::Pods => {
            let (name, namespace) = pods(cx, target)?;
            text(name.zip(&namespace, |name, ns| {
                within(from, ns, &format!("{name}-pods"))
            }))
        }
    }
}

/// What says which side of a store an edge goes to, and how it is spoken to.
fn chosen_side(cx: &Cx, uses: Option<&Use>, target: &Target) -> Origin {
    let mut all = Vec::new();
    if let Some(uses) = uses {
        all.extend([uses.read.origin().clone(), uses.pooler.origin().clone()]);
    }
    if let Target::Store { store, .. } = target
        && let Some(store) = cx.app.stores.get(store)
    {
        let certificates = &cx.app.platform.certificates.use_;
        all.extend([
            pooler(store),
            store.mode.origin().clone(),
            store.run.origin().clone(),
            store.tls.origin().clone(),
            certificates.origin().clone(),
        ]);
    }
    Origin::rule("address", []).because(&Origin::all(all))
}

/// Where a store's pooler was written, or said to be none.
pub fn pooler(store: &Store) -> Origin {
    match &store.pooler {
        OrNone::Some(pooler) => pooler.origin.clone(),
        OrNone::None(origin) => origin.clone(),
    }
}

fn number(port: u16) -> Str {
    port.to_string().into()
}

/// Which side of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where writes go, through the pooler if there is one.
    Writer,
    /// The server itself, past any pooler.
    Direct,
    /// Where reads may go.
    Reader,
}

impl Side {
    /// The side that an edge of a program asks for. Migrations always go past the pooler.
    pub fn of(program: &Program, uses: Option<&Use>) -> Self {
        match uses {
            Some(uses) if *uses.read.peek() => Self::Reader,
            _ if program.component == "migration" => Self::Direct,
            Some(uses) if !*uses.pooler.peek() => Self::Direct,
            _ => Self::Writer,
        }
    }
}

/// `NAME` inside one namespace, `NAME.NAMESPACE` across.
fn within(from: &str, namespace: &str, name: &str) -> Str {
    if from == namespace {
        name.into()
    } else {
        format!("{name}.{namespace}").into()
    }
}

/// Host of a target as seen from a namespace.
pub fn host(cx: &Cx, from: &str, target: &Target, side: Side) -> Option<Sourced<Str>> {
    match target {
        Target::Service(name) => {
            let service = cx.app.services.get(name)?;
            let namespace = &service.namespace;
            Some(
                service
                    .name
                    .fixed()
                    .zip(namespace, |name, ns| within(from, ns, name)),
            )
        }
        Target::Store { store, .. } => {
            let store = cx.app.stores.get(store)?;
            if *store.run.peek() == Run::External {
                return store.host.clone();
            }
            let suffix = store_suffix(store, side);
            let host = |name: &Str, ns: &Str| within(from, ns, &format!("{name}{suffix}"));
            Some(store.name.zip(&store.namespace, host))
        }
        Target::External(name) => {
            let external = cx.app.externals.get(name)?;
            external.host.clone()
        }
        Target::Slot(slot) => {
            let facts = slots::facts(cx, slot)?;
            let name = facts.namespace.map(|ns| within(from, ns, facts.service));
            Some(name.because(&facts.origin))
        }
    }
}

/// What follows a store's name in the name of the Service for that side.
pub fn store_suffix(store: &Store, side: Side) -> &'static str {
    let operator = *store.run.peek() == Run::Operator;
    match side {
        Side::Writer if store.pooler.some().is_some() => "-pooler",
        Side::Reader if has_readers(store) || operator => "-ro",
        _ if operator => "-rw",
        _ => "",
    }
}

/// Whether a store has instances that only read.
pub fn has_readers(store: &Store) -> bool {
    use plimsoll_spec::app::store::Mode;
    matches!(store.mode.peek(), Mode::Replicated | Mode::Sentinel)
}

/// Port of the Service of a target: the main one, or one by name.
pub fn port(cx: &Cx, target: &Target, name: Option<&Str>) -> Option<Sourced<u16>> {
    let of = |ports: &Ports| {
        let port = match name {
            Some(name) => ports.all.get(name),
            None => ports.main().map(|(_, port)| port),
        };
        port.map(|port| port.at.clone())
    };
    match target {
        Target::Service(service) => of(&cx.app.services.get(service)?.offered()),
        Target::Store { store, .. } => of(&cx.app.stores.get(store)?.offered()),
        Target::External(external) => of(&cx.app.externals.get(external)?.ports),
        Target::Slot(slot) => {
            let facts = slots::facts(cx, slot)?;
            let port = match name {
                Some(name) => facts.ports.iter().find(|port| port.name == name.as_str()),
                None => facts.ports.first(),
            };
            Some(Sourced::rule("platform/slots", port?.service).because(&facts.origin))
        }
    }
}

fn pods(cx: &Cx, target: &Target) -> Option<(Sourced<Str>, Sourced<Str>)> {
    match target {
        Target::Service(name) => {
            let service = cx.app.services.get(name)?;
            Some((service.name.fixed().clone(), service.namespace.clone()))
        }
        Target::Store { store, .. } => {
            let store = cx.app.stores.get(store)?;
            Some((store.name.clone(), store.namespace.clone()))
        }
        Target::External(_) | Target::Slot(_) => None,
    }
}

fn external<'a>(cx: &'a Cx, target: &Target) -> Option<&'a plimsoll_spec::app::External> {
    match target {
        Target::External(name) => cx.app.externals.get(name),
        _ => None,
    }
}

/// Servers of our own have no regions; clients want one all the same, and this is what they take where
/// nobody says another.
const NO_REGION: &str = "us-east-1";

fn region(cx: &Cx, target: &Target) -> Option<Sourced<Str>> {
    match target {
        Target::Store { .. } => Some(Sourced::rule("address", NO_REGION.into())),
        _ => external(cx, target)?.region.clone(),
    }
}

/// Where the API of a bucket answers: of one of our own its Service.
fn endpoint(cx: &Cx, from: &str, target: &Target, side: Side) -> Option<Sourced<Str>> {
    let Target::Store { store, .. } = target else {
        return external(cx, target)?.endpoint.clone();
    };
    let store = cx.app.stores.get(store)?;
    let elsewhere = *store.run.peek() == Run::External;
    let (host, port) = (host(cx, from, target, side)?, port(cx, target, None)?);
    let url = host.zip(&port, |host, port| {
        let is_https = elsewhere && (*store.tls.peek() != Tls::Off || *port == 443);
        let scheme = if is_https { "https" } else { "http" };
        format!("{scheme}://{host}:{port}").into()
    });
    Some(url.because(store.tls.origin()))
}

fn bucket(cx: &Cx, target: &Target, origin: &Origin) -> Option<Sourced<Str>> {
    match target {
        Target::Store {
            database: Some(bucket),
            ..
        } => Some(Sourced::new(bucket.clone(), origin.clone())),
        _ => {
            let url = external(cx, target)?.bucket.as_ref()?;
            Some(url.map(|bucket| bucket.name().clone()))
        }
    }
}

fn database(target: &Target, origin: &Origin) -> Option<Sourced<Str>> {
    match target {
        Target::Store { database, .. } => Some(Sourced::new(database.clone()?, origin.clone())),
        _ => None,
    }
}

/// As whom a target is used: the user of the edge, else the owner of the database, else the first.
pub fn user(cx: &Cx, uses: Option<&Use>, target: &Target) -> Option<Sourced<Str>> {
    let Target::Store { store, database } = target else {
        return None;
    };
    let store = cx.app.stores.get(store)?;
    if let Some(user) = uses.and_then(|uses| uses.user.clone()) {
        return Some(user);
    }
    let users = store.users.some()?;
    let owner = database.as_ref().and_then(|name| store.databases.get(name));
    let owner = owner.map(|database| database.owner.clone());
    owner
        .filter(|owner| users.contains_key(owner.peek()))
        .or_else(|| users.values().next().map(|user| user.name.clone()))
}

/// The password of whom a target is used as, under the name that the store brings it.
pub fn password(
    cx: &Cx,
    uses: Option<&Use>,
    target: &Target,
    origin: &Origin,
) -> Option<SecretValue> {
    let Target::Store { store, .. } = target else {
        return None;
    };
    let store = cx.app.stores.get(store)?;
    let user = user(cx, uses, target)?;
    Some(user_password(store, user.peek(), origin))
}

/// The password of one user of a store: a secret that the file names, or one that the store
/// brings. `DB_PASSWORD` where the store has one user, else `DB_USER_PASSWORD`.
pub fn user_password(store: &Store, user: &str, origin: &Origin) -> SecretValue {
    let users = store.users.some();
    let named = users
        .and_then(|users| users.get(user))
        .and_then(|user| user.password.as_ref());
    let (value, origin) = match named {
        Some(name) => (name.peek().clone(), origin.because(name.origin())),
        None => {
            let prefix = names::variable(store.name.peek());
            let name = match users.map_or(1, indexmap::IndexMap::len) {
                0 | 1 => format!("{prefix}_PASSWORD"),
                _ => format!("{prefix}_{}_PASSWORD", names::variable(user)),
            };
            (Str::from(name), Origin::rule("address", []).because(origin))
        }
    };
    SecretValue {
        key: value.clone(),
        value,
        part: None,
        origin,
    }
}

/// Path of the file with the authority that a store's certificate is signed by.
pub fn ca_path(target: &Target) -> Option<Str> {
    match target {
        Target::Store { store, .. } => Some(format!("/etc/plimsoll/ca/{store}/ca.crt").into()),
        _ => None,
    }
}

/// Whether a store that is run here serves TLS.
pub fn serves_tls(cx: &Cx, store: &Store) -> bool {
    store.serves_tls(*cx.app.platform.certificates.use_.peek())
}

/// The Secret with the authority that a store's certificate is signed by, where a namespace has
/// it: it is beside the store.
pub fn authority(cx: &Cx, store: &Store, from: &str) -> Option<Sourced<Str>> {
    if !serves_tls(cx, store) || store.namespace.peek() != from {
        return None;
    }
    let suffix = match store.run.peek() {
        Run::Operator => "ca",
        Run::StatefulSet | Run::External => "tls",
    };
    Some(store.name.map(|name| format!("{name}-{suffix}").into()))
}

fn url(
    cx: &Cx,
    from: &str,
    uses: Option<&Use>,
    target: &Target,
    side: Side,
    origin: &Origin,
) -> Option<Vec<Piece>> {
    match target {
        Target::Service(name) => {
            let service = cx.app.services.get(name)?;
            let speaks = service.ports.main().map(|(_, port)| *port.speaks.peek());
            let scheme = if speaks == Some(Speaks::Tcp) {
                "tcp"
            } else {
                "http"
            };
            let main = service.ports.main();
            let said = main.map_or(origin.clone(), |(_, port)| {
                origin.because(port.speaks.origin())
            });
            plain_url(cx, from, target, scheme, &said)
        }
        Target::Slot(_) => plain_url(cx, from, target, "http", origin),
        Target::External(_) => Some(vec![Piece::Text(
            external(cx, target)?
                .bucket
                .as_ref()?
                .map(|bucket| bucket.url().clone()),
        )]),
        Target::Store { store, .. } => {
            let store = cx.app.stores.get(store)?;
            if *store.run.peek() == Run::External {
                return external_url(cx, store, uses, origin);
            }
            store_url(cx, from, uses, target, store, side, origin)
        }
    }
}

fn plain_url(
    cx: &Cx,
    from: &str,
    target: &Target,
    scheme: &str,
    origin: &Origin,
) -> Option<Vec<Piece>> {
    let host = host(cx, from, target, Side::Writer)?;
    let port = port(cx, target, None)?;
    let url = host.zip(&port, |host, port| {
        format!("{scheme}://{host}:{port}").into()
    });
    Some(vec![Piece::Text(url.because(origin))])
}

/// The URL of a store that somebody else runs is a secret of the file.
fn external_url(cx: &Cx, store: &Store, uses: Option<&Use>, origin: &Origin) -> Option<Vec<Piece>> {
    let secret = store.secret.as_ref()?;
    let name = uses
        .and_then(|uses| variable(cx, uses))
        .unwrap_or_else(|| secret.clone());
    Some(vec![Piece::Secret(SecretValue {
        key: name.peek().clone(),
        value: secret.peek().clone(),
        part: None,
        origin: origin.because(secret.origin()),
    })])
}

fn store_url(
    cx: &Cx,
    from: &str,
    uses: Option<&Use>,
    target: &Target,
    store: &Store,
    side: Side,
    origin: &Origin,
) -> Option<Vec<Piece>> {
    let engine = *store.engine.peek();
    let scheme = scheme(engine, serves_tls(cx, store));
    let said = Origin::rule("address", []).because(origin);
    let lit = |text: String| Piece::Text(Sourced::new(text.into(), said.clone()));
    let mut pieces = vec![lit(format!("{scheme}://"))];
    if let Some(user) = user(cx, uses, target) {
        // Redis and Valkey have a default user, whose name is left out.
        let name = if user.peek() == "default" {
            ""
        } else {
            user.peek()
        };
        let name = format!("{name}:").into();
        pieces.push(Piece::Text(user.map(|_| name)));
        pieces.push(Piece::Secret(password(cx, uses, target, origin)?));
        pieces.push(lit("@".to_owned()));
    }
    pieces.push(Piece::Text(host(cx, from, target, side)?));
    // Clients of ClickHouse's URL speak its native protocol.
    let native = Str::from("native");
    let named = (engine == Engine::ClickHouse).then_some(&native);
    let port = port(cx, target, named).or_else(|| port(cx, target, None))?;
    pieces.push(Piece::Text(port.map(|port| format!(":{port}").into())));
    if let Target::Store {
        database: Some(name),
        ..
    } = target
    {
        pieces.push(Piece::Text(Sourced::new(
            format!("/{name}").into(),
            origin.clone(),
        )));
    }
    pieces.extend(options(cx, store, target, from).map(lit));
    Some(pieces)
}

/// What follows the database in a URL. TLS is demanded, and verified where the authority is at hand.
fn options(cx: &Cx, store: &Store, target: &Target, from: &str) -> Option<String> {
    match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb => {}
        Engine::ClickHouse => return serves_tls(cx, store).then(|| "?secure=true".to_owned()),
        // Logins are kept there, whatever database they are for.
        Engine::MongoDb => return Some("?authSource=admin".to_owned()),
        _ => return None,
    }
    Some(
        match (serves_tls(cx, store), authority(cx, store, from).is_some()) {
            (false, _) => "?sslmode=disable".to_owned(),
            (true, true) => format!("?sslmode=verify-full&sslrootcert={}", ca_path(target)?),
            (true, false) => "?sslmode=require".to_owned(),
        },
    )
}

fn scheme(engine: Engine, tls: bool) -> &'static str {
    match (engine, tls) {
        (Engine::Postgres | Engine::TimescaleDb, _) => "postgresql",
        (Engine::Redis | Engine::Valkey, true) => "rediss",
        (Engine::Redis | Engine::Valkey, false) => "redis",
        (Engine::ClickHouse, _) => "clickhouse",
        (Engine::MySql | Engine::MariaDb, _) => "mysql",
        (Engine::MongoDb, _) => "mongodb",
        (Engine::RabbitMq, true) => "amqps",
        (Engine::RabbitMq, false) => "amqp",
        (Engine::Kafka, _) => "kafka",
        (Engine::Nats, _) => "nats",
        (Engine::OpenSearch, true) => "https",
        (Engine::OpenSearch, false) => "http",
        (Engine::Memcached, _) => "memcached",
        (Engine::S3, _) => "s3",
        (Engine::Custom, _) => "tcp",
    }
}
