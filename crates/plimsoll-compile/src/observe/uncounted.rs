//! What asks for numbers that nobody has: targets, promises, alerts and analyses of requests that nothing
//! counts, and of stores whose exporter does not say.

use super::engines;
use crate::cx::Cx;
use crate::workload::rollout;
use plimsoll_source::{Finding, Level, Origin, Rule, Sourced, Str};
use plimsoll_spec::app::deliver::Analysis;
use plimsoll_spec::app::platform::MetricsUse;
use plimsoll_spec::app::port::Speaks;
use plimsoll_spec::app::store::Run;
use plimsoll_spec::app::{OrNone, Service, Store};
use plimsoll_spec::types::Limit;

/// The bad pattern.
pub static NOT_COUNTED: Rule = Rule {
    code: "PL0443",
    name: "not-counted",
    level: Level::Warning,
    consequence: "nothing scales, warns or stops a release by it",
    docs: "Targets, objectives, alerts and analyses of requests are asked of Prometheus \
           (`platform.metrics: prometheus`), which has what the service itself counts: \
           `metrics: { series: { requests, errors, duration } }`, and what the exporter of a store says. `scale.requests` and `scale.queries` need \
           `platform.autoscaler: keda` too. What a gateway or a mesh counts is not asked in this version.",
};

/// Reports a word of a service that asks for what nobody counts.
pub fn report(cx: &Cx, service: &Str, origin: &Origin, word: &str, help: &str) {
    cx.report(finding(service, origin, word, help).about(format!("Service/{service}")));
}

fn finding(services: &str, origin: &Origin, word: &str, help: &str) -> Finding {
    let message = format!("`{word}` of `{services}` does nothing: nobody counts what it asks for");
    Finding::new(&NOT_COUNTED, message)
        .mark_origin(origin, "asks for numbers that nobody has")
        .help(help.to_owned())
}

/// What is counted of a service.
struct Counted {
    failures: bool,
    durations: bool,
}

impl Counted {
    fn of(cx: &Cx, service: &Service) -> Self {
        let series = service.metrics.as_ref().map(|metrics| &metrics.series);
        let asked = *cx.app.platform.metrics.use_.peek() == MetricsUse::Prometheus;
        let has =
            |word: fn(&plimsoll_spec::app::pod::Series) -> bool| asked && series.is_some_and(word);
        Self {
            failures: has(|series| series.requests.is_some() && series.errors.is_some()),
            durations: has(|series| series.duration.is_some()),
        }
    }
}

/// Reports what promises, alerts and analyses ask for and nobody counts.
pub fn check(cx: &Cx) {
    for service in cx.app.services.values() {
        let counted = Counted::of(cx, service);
        promised(cx, service, &counted);
        warned(cx, service, &counted);
        if let Some(analysis) = &cx.app.deliver.analysis
            && rollout::is_rollout(cx, service)
        {
            analysed(cx, service, analysis, &counted);
        }
    }
    for store in cx.app.stores.values() {
        of_store(cx, store);
    }
    for_all(cx);
}

/// Reports what somebody wants to know of a store and no exporter of it says.
fn of_store(cx: &Cx, store: &Store) {
    let name = store.name.peek();
    let Some(own) = cx.app.observe.alerts.services.get(name) else {
        return;
    };
    let asked = *cx.app.platform.metrics.use_.peek() == MetricsUse::Prometheus
        && *store.run.peek() != Run::External;
    let of = &store.name;
    let help = "let its exporter run, or ask by a `query` of your own in `observe.alerts`";
    let connections = own.connections.as_ref().and_then(OrNone::some);
    if let Some(limit) = connections
        && !(asked && engines::connections(store, of).is_some())
    {
        report(cx, name, limit.origin(), "alerts.connections", help);
    }
    let lag = own.lag.as_ref().and_then(OrNone::some);
    if let Some(limit) = lag
        && !(asked && engines::lag(store, of, limit.peek()).is_some())
    {
        report(cx, name, limit.origin(), "alerts.lag", help);
    }
}

/// Reports a word where it was written and nobody counts.
fn word<T>(cx: &Cx, service: &Service, key: &str, value: Option<&Sourced<T>>, counted: bool) {
    let Some(origin) = value.map(Sourced::origin).filter(|_| !counted) else {
        return;
    };
    let name = service.name.peek();
    report(cx, name, origin, key, &help(cx, name));
}

fn help(cx: &Cx, service: &Str) -> String {
    if *cx.app.platform.metrics.use_.peek() != MetricsUse::Prometheus {
        return "write `platform.metrics: prometheus`".to_owned();
    }
    format!(
        "write `metrics: {{ series: {{ requests: NAME, errors: FILTER, duration: NAME }} }}` in `services.{service}`"
    )
}

fn promised(cx: &Cx, service: &Service, counted: &Counted) {
    let Some(promised) = cx.app.observe.objectives.get(service.name.peek()) else {
        return;
    };
    let availability = promised.availability.as_ref();
    word(
        cx,
        service,
        "objectives.availability",
        availability,
        counted.failures,
    );
    let latency = promised.latency.as_ref();
    word(
        cx,
        service,
        "objectives.latency",
        latency,
        counted.durations,
    );
}

fn warned(cx: &Cx, service: &Service, counted: &Counted) {
    let Some(own) = cx.app.observe.alerts.services.get(service.name.peek()) else {
        return;
    };
    let errors = own.errors.as_ref().and_then(OrNone::some);
    word(cx, service, "alerts.errors", errors, counted.failures);
    let latency = own.latency.as_ref().and_then(OrNone::some);
    word(cx, service, "alerts.latency", latency, counted.durations);
}

fn analysed(cx: &Cx, service: &Service, analysis: &Analysis, counted: &Counted) {
    let (success, latency) = (analysis.success.as_ref(), analysis.latency.as_ref());
    word(cx, service, "analysis.success", success, counted.failures);
    word(cx, service, "analysis.latency", latency, counted.durations);
    let stable = &analysis.stable;
    let (success, latency) = (stable.success.as_ref(), stable.latency.as_ref());
    word(
        cx,
        service,
        "analysis.stable.success",
        success,
        counted.failures,
    );
    word(
        cx,
        service,
        "analysis.stable.latency",
        latency,
        counted.durations,
    );
    let asked = *cx.app.platform.metrics.use_.peek() == MetricsUse::Prometheus;
    word(cx, service, "analysis.cpu", analysis.cpu.as_ref(), asked);
    let query = analysis.queries.values().next();
    word(cx, service, "analysis.queries", query, asked);
}

/// Limits of all services that somebody wrote: said once, with the services that they pass over.
fn for_all(cx: &Cx) {
    let alerts = &cx.app.observe.alerts;
    limit(cx, "errors", &alerts.errors, |counted| counted.failures);
    limit(cx, "latency", &alerts.latency, |counted| counted.durations);
}

fn limit(cx: &Cx, key: &str, limit: &OrNone<Sourced<Limit>>, has: fn(&Counted) -> bool) {
    let Some(limit) = limit.some().filter(|limit| limit.place().is_some()) else {
        return;
    };
    let answers = |service: &&Service| {
        let mut ports = service.ports.all.values();
        ports.any(|port| *port.speaks.peek() != Speaks::Tcp)
    };
    let services = cx.app.services.values().filter(answers);
    let passed: Vec<&str> = services
        .filter(|service| !has(&Counted::of(cx, service)))
        .map(|service| service.name.peek().as_str())
        .collect();
    let Some(first) = passed.first() else {
        return;
    };
    let word = format!("alerts.{key}");
    let help = help(cx, &Str::from(*first));
    let finding = finding(&passed.join("`, `"), limit.origin(), &word, &help);
    cx.report(finding.about(word));
}
