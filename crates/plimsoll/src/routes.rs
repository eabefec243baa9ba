//! Whether the routes of an environment answer.

use crate::ground::Place;
use crate::prepare::Ready;
use plimsoll_cluster::network::{Answer as Walked, route, routes};
use plimsoll_spec::app::route::TlsKind;
use serde_json::{Value, json};

/// A route and what became of a request to it.
pub struct Route {
    /// `https://HOST/PATH`.
    pub url: String,
    /// What answers.
    pub answer: Answer,
}

/// What became of a request.
pub enum Answer {
    /// Somebody answered: a pod, or the gateway itself.
    By(String),
    /// It did not arrive.
    Stopped(String),
    /// Nobody asked: a real cluster is asked by its users.
    NotAsked,
}

impl Route {
    /// As `--json` prints it.
    pub fn json(&self) -> Value {
        let (answers, by, stopped) = match &self.answer {
            Answer::By(who) => (json!(true), json!(who), Value::Null),
            Answer::Stopped(why) => (json!(false), Value::Null, json!(why)),
            Answer::NotAsked => (Value::Null, Value::Null, Value::Null),
        };
        json!({ "url": self.url, "answers": answers, "by": by, "stopped": stopped })
    }
}

/// Every route of an environment. On the embedded cluster one simulated request walks the API
/// objects of each.
pub fn of(ready: &Ready, place: &Place) -> Vec<Route> {
    match place.cluster() {
        Some(cluster) => cluster.with(|state| {
            routes(state)
                .iter()
                .map(|declared| {
                    let request = declared.request();
                    let url = format!("{}://{}{}", request.scheme(), declared.host, declared.path);
                    Route {
                        url,
                        answer: walked(&route(state, &request)),
                    }
                })
                .collect()
        }),
        None => written(ready),
    }
}

fn walked(walk: &plimsoll_cluster::network::Walk) -> Answer {
    match (&walk.stopped, &walk.answer) {
        (Some(stop), _) => Answer::Stopped(stop.to_string()),
        (None, Some(Walked::Pod(pod))) => Answer::By(pod.to_string()),
        (None, Some(Walked::Redirect { status, location })) => {
            Answer::By(format!("redirect {status} to {location}"))
        }
        (None, Some(Walked::Status(status))) => Answer::By(format!("status {status}")),
        (None, Some(Walked::Outside(what))) => Answer::By(what.clone()),
        (None, None) => Answer::Stopped("nobody answers".to_owned()),
    }
}

fn written(ready: &Ready) -> Vec<Route> {
    let mut all = Vec::new();
    let routes = ready.app().into_iter().flat_map(|app| app.routes.values());
    for route in routes.filter(|route| *route.enabled.peek()) {
        let scheme = if *route.tls.kind.peek() == TlsKind::None {
            "http"
        } else {
            "https"
        };
        for host in route.hosts.peek() {
            for path in route.paths.keys() {
                let path = path.trim_start_matches('=');
                let url = format!("{scheme}://{}{path}", host.peek());
                all.push(Route {
                    url,
                    answer: Answer::NotAsked,
                });
            }
        }
    }
    all
}
