//! Every request failing in every way: a release converges, or stops with a clear cause and
//! converges when it is run again. The table is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use plimsoll_cluster::cluster::Cluster;
use plimsoll_ship::Release;
use serde_json::json;
use tower::{BoxError, ServiceExt, service_fn};

use crate::harness::{client, cluster, everything, ship, try_to_ship, virtually};
use crate::shop::{reconfigured, shop};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Refused,
    Lost,
    Conflict,
    Busy,
    Broken,
    Unavailable,
    Slow,
    Unauthorized,
    WatchClosed,
    WatchGone,
}

impl Fault {
    const ALL: [Self; 10] = [
        Self::Refused,
        Self::Lost,
        Self::Conflict,
        Self::Busy,
        Self::Broken,
        Self::Unavailable,
        Self::Slow,
        Self::Unauthorized,
        Self::WatchClosed,
        Self::WatchGone,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Lost => "reset after sending",
            Self::Conflict => "409 Conflict",
            Self::Busy => "429, Retry-After 7 s",
            Self::Broken => "500",
            Self::Unavailable => "503",
            Self::Slow => "answered after 40 s",
            Self::Unauthorized => "401, token expired",
            Self::WatchClosed => "watch closed",
            Self::WatchGone => "watch: 410 Gone",
        }
    }

    fn is_of_watches(self) -> bool {
        matches!(self, Self::WatchClosed | Self::WatchGone)
    }

    /// Whether asking again must be enough.
    fn passes(self) -> bool {
        !matches!(self, Self::Conflict | Self::Unauthorized)
    }

    fn status(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Conflict => Some((409, "Conflict")),
            Self::Busy => Some((429, "TooManyRequests")),
            Self::Broken => Some((500, "InternalError")),
            Self::Unavailable => Some((503, "ServiceUnavailable")),
            Self::Unauthorized => Some((401, "Unauthorized")),
            Self::WatchGone => Some((410, "Expired")),
            _ => None,
        }
    }
}

/// A client whose Nth request, or Nth watch, meets a fault; the others arrive.
fn meeting(cluster: &Cluster, fault: Option<(Fault, usize)>) -> (Client, Arc<[AtomicUsize; 2]>) {
    let counts: Arc<[AtomicUsize; 2]> = Arc::default();
    let (inner, seen) = (cluster.service(), counts.clone());
    let service = service_fn(move |request: http::Request<Body>| {
        let inner = inner.clone();
        let query = request.uri().query();
        let is_watch = query.is_some_and(|query| query.contains("watch="));
        let number = seen[usize::from(is_watch)].fetch_add(1, Ordering::SeqCst) + 1;
        let hit = fault.filter(|(fault, at)| fault.is_of_watches() == is_watch && *at == number);
        async move {
            let pass = async |request| {
                let answer = inner.oneshot(request).await.map_err(BoxError::from)?;
                let (head, body) = answer.into_parts();
                Ok::<_, BoxError>(http::Response::from_parts(head, body.boxed_unsync()))
            };
            match hit.map(|(fault, _)| fault) {
                None => pass(request).await,
                Some(Fault::Refused) => Err(BoxError::from("connection refused")),
                Some(Fault::Lost) => {
                    pass(request).await?;
                    Err(BoxError::from("connection reset by peer"))
                }
                Some(Fault::Slow) => {
                    tokio::time::sleep(Duration::from_secs(40)).await;
                    pass(request).await
                }
                Some(Fault::WatchClosed) => Ok(answer(200, String::new())),
                Some(Fault::WatchGone) => {
                    let gone = json!({ "type": "ERROR", "object": status(410, "Expired") });
                    Ok(answer(200, format!("{gone}\n")))
                }
                Some(fault) => {
                    let (code, reason) = fault.status().expect("a status");
                    Ok(answer(code, status(code, reason).to_string()))
                }
            }
        }
    });
    (Client::new(service, "default"), counts)
}

fn status(code: u16, reason: &str) -> serde_json::Value {
    let details = if code == 429 {
        json!({ "retryAfterSeconds": 7 })
    } else {
        json!({})
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("made to answer {code}"), "reason": reason, "code": code,
        "details": details,
    })
}

type Answer = http::Response<
    http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, std::convert::Infallible>,
>;

fn answer(code: u16, body: String) -> Answer {
    let body = http_body_util::Full::new(bytes::Bytes::from(body)).boxed_unsync();
    let response = http::Response::builder().status(code);
    let response = response.header("content-type", "application/json");
    response.body(body).expect("an answer")
}

/// An error with what it comes from.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let said: Vec<String> = causes.map(ToString::to_string).collect();
    said.join(": ")
}

/// One row of the table.
#[derive(Default)]
struct Row {
    converged: usize,
    stopped: usize,
    causes: BTreeSet<String>,
}

/// Ships `first` whole where there is one, then `second` with one request failing.
fn one(first: Option<&Release>, second: &Release, fault: Fault, at: usize, row: &mut Row) {
    virtually(async {
        let cluster = cluster("");
        if let Some(first) = first {
            ship(&client(&cluster), first).await;
        }
        let (broken, _) = meeting(&cluster, Some((fault, at)));
        match try_to_ship(&broken, second, "test").await.0 {
            Ok(outcome) if outcome.ready => row.converged += 1,
            Ok(outcome) => {
                row.stopped += 1;
                let cause = outcome.failure.expect("why it is not up").cause;
                row.causes.insert(cause);
            }
            Err(error) => {
                row.stopped += 1;
                row.causes.insert(whole(&error));
            }
        }
        let (outcome, lines) = ship(&client(&cluster), second).await;
        assert!(
            outcome.ready,
            "{fault:?} {at} {:?}\n{}",
            outcome.failure,
            lines.join("\n")
        );
        let (quiet, _) = ship(&client(&cluster), second).await;
        assert!(!quiet.changed_something(), "{fault:?} {at}");
        let jobs = everything(&cluster, &["batch/Job"]);
        assert_eq!(jobs, ["batch/Job/shop/db-migrate-1"], "{fault:?} {at}");
    });
}

fn table(
    name: &str,
    first: Option<&Release>,
    second: &Release,
    faults: &[Fault],
) -> BTreeMap<Fault, Row> {
    let [requests, watches] = virtually(async {
        let cluster = cluster("");
        if let Some(first) = first {
            ship(&client(&cluster), first).await;
        }
        let (client, counts) = meeting(&cluster, None);
        assert!(ship(&client, second).await.0.ready);
        [0, 1].map(|kind| counts[kind].load(Ordering::SeqCst))
    });
    let mut rows: BTreeMap<Fault, Row> = BTreeMap::new();
    for &fault in faults {
        let count = if fault.is_of_watches() {
            watches
        } else {
            requests
        };
        let row = rows.entry(fault).or_default();
        for at in 1..=count {
            one(first, second, fault, at, row);
        }
    }
    print(name, &rows);
    rows
}

/// Past the capture of tests, so that it can be read where they run.
fn print(name: &str, rows: &BTreeMap<Fault, Row>) {
    let mut text = format!(
        "\n{name}: every request failing once\n  {:<24} {:>10} {:>8}\n",
        "fault", "converged", "stopped"
    );
    for (fault, row) in rows {
        let line = format!(
            "  {:<24} {:>10} {:>8}\n",
            fault.word(),
            row.converged,
            row.stopped
        );
        text.push_str(&line);
        for cause in row.causes.iter().take(3) {
            text.push_str("      ");
            text.push_str(cause);
            text.push('\n');
        }
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn judge(rows: &BTreeMap<Fault, Row>) {
    for (fault, row) in rows {
        assert!(row.converged + row.stopped > 0, "{fault:?} met nothing");
        if fault.passes() {
            assert_eq!(row.stopped, 0, "{fault:?}: {:?}", row.causes);
        }
        assert!(
            row.causes.iter().all(|cause| cause.len() > 10),
            "{:?}",
            row.causes
        );
    }
}

/// Holds V9.
#[test]
fn a_first_release_survives_every_fault_of_every_request() {
    judge(&table("first release", None, &shop(), &Fault::ALL));
}

#[test]
fn a_change_survives_every_fault_of_every_request() {
    let faults = [
        Fault::Lost,
        Fault::Conflict,
        Fault::Unauthorized,
        Fault::WatchGone,
    ];
    judge(&table("change", Some(&shop()), &reconfigured(), &faults));
}
