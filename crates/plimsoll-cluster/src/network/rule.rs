//! Which rule of which `HTTPRoute` or `GRPCRoute` takes a request.
//!
//! Precedence of Gateway API 1.6: closest host, exact path, longest prefix, method, most headers,
//! most query parameters, oldest route, name, first rule.

use super::request::{host_rank, host_takes};
use super::{Request, read};
use serde_json::Value;
use std::cmp::Reverse;
use std::sync::Arc;

/// A rule that takes a request.
pub(super) struct Chosen {
    pub(super) route: Arc<Value>,
    pub(super) rule: Value,
    /// The prefix that matched, for filters which replace it.
    pub(super) prefix: String,
}

type Rank = (
    (bool, usize),
    bool,
    usize,
    bool,
    usize,
    usize,
    Reverse<String>,
    Reverse<String>,
    Reverse<usize>,
);

/// The rule with the highest precedence among `routes`.
pub(super) fn choose(routes: &[Arc<Value>], request: &Request) -> Option<Chosen> {
    let mut best: Option<(Rank, Chosen)> = None;
    for route in routes {
        let Some(host) = best_host(route, &request.host) else {
            continue;
        };
        for (index, rule) in read::items(route, "/spec/rules").iter().enumerate() {
            for found in matches(rule, read::text(route, "/kind"), request) {
                let age = Reverse(read::text(route, "/metadata/creationTimestamp").to_owned());
                let name = Reverse(format!("{}/{}", read::namespace(route), read::name(route)));
                let rank = (
                    host,
                    found.exact,
                    found.path.len(),
                    found.method,
                    found.headers,
                    found.queries,
                    age,
                    name,
                    Reverse(index),
                );
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    let chosen = Chosen {
                        route: Arc::clone(route),
                        rule: rule.clone(),
                        prefix: found.path,
                    };
                    best = Some((rank, chosen));
                }
            }
        }
    }
    best.map(|(_, chosen)| chosen)
}

fn best_host(route: &Value, host: &str) -> Option<(bool, usize)> {
    let hosts = read::items(route, "/spec/hostnames");
    if hosts.is_empty() {
        return Some((false, 0));
    }
    hosts
        .iter()
        .filter_map(Value::as_str)
        .filter(|declared| host_takes(declared, host))
        .map(host_rank)
        .max()
}

struct Match {
    exact: bool,
    path: String,
    method: bool,
    headers: usize,
    queries: usize,
}

fn matches(rule: &Value, kind: &str, request: &Request) -> Vec<Match> {
    let all = read::items(rule, "/matches");
    if all.is_empty() {
        return vec![Match {
            exact: false,
            path: "/".to_owned(),
            method: false,
            headers: 0,
            queries: 0,
        }];
    }
    let one = if kind == "GRPCRoute" {
        grpc_match
    } else {
        http_match
    };
    all.iter().filter_map(|m| one(m, request)).collect()
}

fn http_match(found: &Value, request: &Request) -> Option<Match> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let wanted = found
        .pointer("/path/value")
        .and_then(Value::as_str)
        .unwrap_or("/");
    let exact = match read::text(found, "/path/type") {
        "Exact" => {
            if path != wanted {
                return None;
            }
            true
        }
        "RegularExpression" => {
            if !path.starts_with(&literal_head(wanted)) {
                return None;
            }
            false
        }
        _ => {
            if !prefix_takes(wanted, path) {
                return None;
            }
            false
        }
    };
    let method = read::text(found, "/method");
    if !method.is_empty() && method != request.method {
        return None;
    }
    let queries = read::items(found, "/queryParams");
    let has = |wanted: &Value| {
        query.split('&').any(|pair| {
            pair == format!(
                "{}={}",
                read::text(wanted, "/name"),
                read::text(wanted, "/value")
            )
        })
    };
    if !queries.iter().all(has) {
        return None;
    }
    let headers = header_count(found, request)?;
    Some(Match {
        exact,
        path: wanted.to_owned(),
        method: !method.is_empty(),
        headers,
        queries: queries.len(),
    })
}

fn grpc_match(found: &Value, request: &Request) -> Option<Match> {
    let (service, method) = (
        read::text(found, "/method/service"),
        read::text(found, "/method/method"),
    );
    let (asked_service, asked_method) = request
        .path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((&request.path, ""));
    if (!service.is_empty() && service != asked_service)
        || (!method.is_empty() && method != asked_method)
    {
        return None;
    }
    let headers = header_count(found, request)?;
    let path = grpc_path(service, method);
    Some(Match {
        exact: !method.is_empty(),
        path,
        method: !method.is_empty(),
        headers,
        queries: 0,
    })
}

/// The path of a gRPC method, or the prefix that a service takes.
pub(super) fn grpc_path(service: &str, method: &str) -> String {
    match (service, method) {
        ("", _) => "/".to_owned(),
        (service, "") => format!("/{service}/"),
        (service, method) => format!("/{service}/{method}"),
    }
}

/// Number of header matches, if all hold.
fn header_count(found: &Value, request: &Request) -> Option<usize> {
    let headers = read::items(found, "/headers");
    let holds = |wanted: &Value| {
        let sent = request
            .headers
            .get(&read::text(wanted, "/name").to_ascii_lowercase());
        sent.is_some_and(|sent| sent == read::text(wanted, "/value"))
    };
    headers.iter().all(holds).then_some(headers.len())
}

/// Whether a prefix takes a path by whole segments: `/shop` takes `/shop/x` but not `/shopping`.
pub(super) fn prefix_takes(prefix: &str, path: &str) -> bool {
    let bare = prefix.trim_end_matches('/');
    path.strip_prefix(bare)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What stands before the first sign of a regular expression; a sign alone in brackets is itself.
pub(super) fn literal_head(pattern: &str) -> String {
    let mut head = String::new();
    let mut rest = pattern.trim_start_matches('^');
    while let Some(next) = rest.chars().next() {
        let alone = rest.strip_prefix('[').and_then(|inner| {
            let sign = inner.chars().next().filter(|sign| *sign != '^')?;
            Some((sign, inner[sign.len_utf8()..].strip_prefix(']')?))
        });
        match alone {
            Some((sign, after)) => {
                head.push(sign);
                rest = after;
            }
            None if "([.*+?|\\${".contains(next) => break,
            None => {
                head.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn http_route(name: &str, hosts: &[&str], rules: &Value) -> Arc<Value> {
        Arc::new(
            json!({"kind": "HTTPRoute", "metadata": {"namespace": "shop", "name": name}, "spec": {"hostnames": hosts, "rules": rules}}),
        )
    }

    fn path(kind: &str, value: &str) -> Value {
        json!({"name": value, "matches": [{"path": {"type": kind, "value": value}}]})
    }

    fn taken(routes: &[Arc<Value>], host: &str, path: &str) -> String {
        choose(routes, &Request::get(host, path)).map_or_else(
            || "nobody".to_owned(),
            |c| format!("{} {}", read::name(&c.route), read::text(&c.rule, "/name")),
        )
    }

    #[test]
    fn an_exact_path_goes_before_a_prefix_and_a_longer_prefix_before_a_shorter() {
        let rules = json!([
            path("PathPrefix", "/"),
            path("PathPrefix", "/api"),
            path("Exact", "/api/x"),
            path("PathPrefix", "/api/x")
        ]);
        let routes = [http_route("main", &["a.example"], &rules)];
        assert_eq!(taken(&routes, "a.example", "/api/x"), "main /api/x");
        assert_eq!(taken(&routes, "a.example", "/api/y"), "main /api");
        assert_eq!(taken(&routes, "a.example", "/apis"), "main /");
    }

    #[test]
    fn an_exact_host_goes_before_a_wildcard() {
        let rules = json!([path("PathPrefix", "/")]);
        let routes = [
            http_route("wild", &["*.example"], &rules),
            http_route("exact", &["a.example"], &rules),
        ];
        assert_eq!(taken(&routes, "a.example", "/"), "exact /");
        assert_eq!(taken(&routes, "b.example", "/"), "wild /");
        assert_eq!(taken(&routes, "example", "/"), "nobody");
    }

    #[test]
    fn a_rule_that_asks_for_a_header_is_passed_over_without_it() {
        let rules = json!([{"name": "beta", "matches": [{"headers": [{"name": "X-Beta", "value": "1"}]}]}, {"name": "all"}]);
        let routes = [http_route("main", &[], &rules)];
        assert_eq!(taken(&routes, "a.example", "/"), "main all");
        let mut request = Request::get("a.example", "/");
        request.headers.insert("x-beta".to_owned(), "1".to_owned());
        assert_eq!(
            read::text(&choose(&routes, &request).expect("a rule").rule, "/name"),
            "beta"
        );
    }
}
