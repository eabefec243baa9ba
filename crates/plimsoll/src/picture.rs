//! The picture of an application, from what its file says.

use plimsoll_report::graph::{Edge, Node, Picture, Shape};
use plimsoll_spec::App;
use plimsoll_spec::app::store::Run;
use plimsoll_spec::app::{Service, Store, Use};
use plimsoll_spec::types::{RouteTarget, Target};

/// Boxes and arrows of one environment. What is off is left out.
pub fn of(app: &App) -> Picture {
    let mut picture = Picture {
        title: format!(
            "{} · {}",
            app.app.peek().text(),
            app.environment.name.peek()
        ),
        ..Picture::default()
    };
    routes(app, &mut picture);
    for service in app
        .services
        .values()
        .filter(|service| *service.enabled.peek())
    {
        add(
            &mut picture,
            service.name.peek(),
            Shape::Service,
            pods(service),
            Some(service.namespace.peek()),
        );
        edges(&mut picture, service.name.peek(), service.uses.values());
    }
    for job in app.jobs.values().filter(|job| *job.enabled.peek()) {
        add(
            &mut picture,
            job.name.peek(),
            Shape::Job,
            "job".into(),
            Some(job.namespace.peek()),
        );
        edges(&mut picture, job.name.peek(), job.uses.values());
    }
    for migration in app
        .migrations
        .values()
        .filter(|migration| *migration.enabled.peek())
    {
        let name = format!("{} migration", migration.name.peek());
        add(
            &mut picture,
            &name,
            Shape::Job,
            "before each release".into(),
            Some(migration.namespace.peek()),
        );
        edges(&mut picture, &name, migration.uses.values());
    }
    for store in app.stores.values().filter(|store| *store.enabled.peek()) {
        let external = *store.run.peek() == Run::External;
        let frame = (!external).then_some(store.namespace.peek());
        add(
            &mut picture,
            store.name.peek(),
            Shape::Store,
            instances(store),
            frame.map(plimsoll_source::Str::as_str),
        );
    }
    for external in app.externals.values() {
        let host = external
            .host
            .as_ref()
            .map(|host| host.peek().to_string())
            .unwrap_or_default();
        add(
            &mut picture,
            external.name.peek(),
            Shape::External,
            host,
            None,
        );
    }
    picture
}

fn add(picture: &mut Picture, id: &str, shape: Shape, detail: String, frame: Option<&str>) {
    if picture.nodes.iter().all(|node| node.id != id) {
        let frame = frame.map(str::to_owned);
        picture.nodes.push(Node {
            id: id.to_owned(),
            shape,
            detail,
            frame,
        });
    }
}

fn edges<'a>(picture: &mut Picture, from: &str, uses: impl Iterator<Item = &'a Use>) {
    for uses in uses {
        let (to, label) = match &uses.target {
            Target::Service(name) | Target::External(name) => (name.to_string(), String::new()),
            Target::Store { store, database } => (
                store.to_string(),
                database
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            // Every service tells the collector: arrows to it would only hide the others.
            Target::Slot(slot) if *slot == "telemetry" => continue,
            Target::Slot(slot) => (format!("platform.{slot}"), String::new()),
        };
        if to.starts_with("platform.") {
            add(picture, &to, Shape::Platform, "platform".into(), None);
        }
        let edge = Edge {
            from: from.to_owned(),
            to,
            label,
        };
        if !picture.edges.contains(&edge) {
            picture.edges.push(edge);
        }
    }
}

fn routes(app: &App, picture: &mut Picture) {
    for route in app.routes.values().filter(|route| *route.enabled.peek()) {
        let hosts: Vec<&str> = route
            .hosts
            .peek()
            .iter()
            .map(|host| host.peek().as_str())
            .collect();
        if hosts.is_empty() {
            continue;
        }
        let id = format!("route {}", route.name.peek());
        add(picture, &id, Shape::Route, hosts.join(", "), None);
        for path in route.paths.values() {
            let RouteTarget::Backend { target, .. } = path.to.peek() else {
                continue;
            };
            let to = match target {
                Target::Service(name) => name.to_string(),
                Target::Slot(slot) => {
                    let name = format!("platform.{slot}");
                    add(picture, &name, Shape::Platform, "platform".into(), None);
                    name
                }
                Target::Store { .. } | Target::External(_) => continue,
            };
            picture.edges.push(Edge {
                from: id.clone(),
                to,
                label: path.path.peek().to_string(),
            });
        }
    }
}

fn pods(service: &Service) -> String {
    let replicas = &service.scale.replicas;
    if *replicas.auto.peek() {
        return format!("{} to {} pods", replicas.min.peek(), replicas.max.peek());
    }
    match *replicas.count.peek() {
        1 => "1 pod".to_owned(),
        count => format!("{count} pods"),
    }
}

fn instances(store: &Store) -> String {
    let engine = format!("{:?}", store.engine.peek()).to_lowercase();
    let version = store.version.peek();
    if *store.run.peek() == Run::External {
        return format!("{engine}, elsewhere");
    }
    match *store.instances.peek() {
        1 => format!("{engine} {version}"),
        count => format!("{engine} {version} · {count} pods"),
    }
}
