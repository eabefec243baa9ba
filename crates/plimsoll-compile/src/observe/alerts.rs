//! When somebody is told: one `PrometheusRule` for each service and store, and one of the application.
//!
//! Series of the cluster are those of kube-state-metrics 2.17 and the kubelet; of certificates, those
//! of cert-manager 1.21.

use super::query::{self, Series, fill, fixed, number, of_container, of_service, window};
use super::{claims, engines, objectives};
use crate::cx::{Cx, Objects, of_services};
use crate::program::Program;
use crate::stores::{on, several};
use crate::workload::rollout;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::observe::{CustomAlert, Notify, ServiceAlerts};
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::store::{Copy, Run};
use plimsoll_spec::app::{OrNone, Service, Store};
use plimsoll_spec::types::{Duration, Limit};
use plimsoll_world::{Cond, Form, ObjectForm, Scope, SeqBuilder, Unit, form};

/// All alerts.
pub fn objects(cx: &Cx, out: &mut Objects) {
    of_services(cx, out, |service, program, out| {
        let mut rules = Rules::new(cx, &program.name, program.namespace, "service");
        service_alerts(service, program, &mut rules);
        let mut when = rules.wherever(program.on());
        let mut groups = vec![rules.group("alerts")];
        if let Some(objective) = cx.app.observe.objectives.get(program.name.peek()) {
            let mut recorded = Rules::new(cx, &program.name, program.namespace, "service");
            objectives::add(service, objective, &mut recorded);
            groups.push(recorded.group("objectives"));
            when = program.on();
        }
        let body = rule(cx, &program.name, program.namespace, "service", groups);
        out.push(ObjectForm::new(program.unit.clone(), when, body));
    });
    for store in super::stores(cx) {
        let mut rules = Rules::new(cx, &store.name, &store.namespace, "store");
        store_alerts(store, &mut rules);
        let when = rules.wherever(on(store));
        let body = rule(
            cx,
            &store.name,
            &store.namespace,
            "store",
            vec![rules.group("alerts")],
        );
        let unit = Unit::Store(store.name.peek().clone());
        out.push(ObjectForm::new(unit, when, body));
    }
    claims::objects(cx, out);
    of_application(cx, out);
}

/// What somebody is told.
pub struct Alert {
    /// Its name.
    pub name: Sourced<Str>,
    /// When it holds.
    pub expr: Sourced<Str>,
    /// For how long it must hold.
    pub during: Option<Sourced<Str>>,
    /// The window that tells it from others of its name.
    pub window: Option<&'static str>,
    /// How much it matters.
    pub severity: Sourced<Str>,
    /// One line.
    pub summary: Sourced<Str>,
}

/// The alerts of one thing, as they come.
pub struct Rules<'a, 'b> {
    /// What is compiled.
    pub cx: &'b Cx<'a>,
    /// Name of the thing.
    pub name: &'b Sourced<Str>,
    /// Its namespace.
    pub namespace: &'b Sourced<Str>,
    /// Label that holds its name.
    kind: &'static str,
    /// The rules.
    pub list: SeqBuilder,
    /// Whether there is any.
    any: Cond,
}

impl<'a, 'b> Rules<'a, 'b> {
    /// No alerts yet.
    pub fn new(
        cx: &'b Cx<'a>,
        name: &'b Sourced<Str>,
        namespace: &'b Sourced<Str>,
        kind: &'static str,
    ) -> Self {
        let list = SeqBuilder::new(&Scope::new("observe/alerts"));
        Self {
            cx,
            name,
            namespace,
            kind,
            list,
            any: Cond::Known(false, Origin::rule("observe/alerts", [])),
        }
    }

    /// What lets an object exist that holds these rules: it would be empty without any.
    fn wherever(&self, on: Cond) -> Cond {
        match &self.any {
            Cond::Known(true, _) => on,
            any => on.and(any.clone()),
        }
    }

    /// Adds an alert under a condition.
    pub fn push_when(&mut self, when: Cond, alert: &Alert) {
        let s = &Scope::new("observe/alerts");
        let form = self.form(alert);
        self.any = self.any.clone().or(when.clone());
        self.list.push_when(s, when, || form);
    }

    /// Adds an alert.
    pub fn push(&mut self, alert: &Alert) {
        self.push_when(Cond::always("observe/alerts"), alert);
    }

    /// An alert on a limit, unless the limit is `none`; nothing where `query` knows no series.
    fn limit(
        &mut self,
        said: &OrNone<Sourced<Limit>>,
        when: Cond,
        (name, severity, summary): (&str, &str, &str),
        query: impl FnOnce(&Sourced<Limit>) -> Option<Sourced<Str>>,
    ) {
        let limit = match said {
            OrNone::Some(limit) => limit,
            OrNone::None(because) => return self.without(because),
        };
        let Some(query) = query(limit) else {
            return self.without(limit.origin());
        };
        let words = [("query", &query), ("limit", &limit.map(number))];
        self.push_when(
            when,
            &Alert {
                name: fixed(name),
                expr: fill("$query\n> $limit", &words),
                during: Some(limit.map(|limit| limit.during.prometheus())),
                window: None,
                severity: fixed(severity),
                summary: self.said(summary, &limit.map(|limit| limit.limit.clone())),
            },
        );
    }

    /// Remembers why an alert is not there.
    pub fn without(&mut self, because: &Origin) {
        let s = &Scope::new("observe/alerts");
        let no = Cond::known(false, because);
        self.any = self.any.clone().or(no.clone());
        self.list.push_when(s, no, || form!(s; {}));
    }

    /// The rules as a group, named after the thing and what they are.
    pub fn group(self, what: &str) -> (Sourced<Str>, SeqBuilder) {
        let name = fill(&format!("$name-{what}"), &[("name", self.name)]);
        (name, self.list)
    }

    /// A sentence with the thing's `$name` and a `$limit` in it.
    pub fn said(&self, text: &str, limit: &Sourced<Str>) -> Sourced<Str> {
        fill(text, &[("name", self.name), ("limit", limit)])
    }

    fn form(&self, alert: &Alert) -> Form {
        let s = &Scope::new("observe/alerts");
        form!(s; {
            alert: &alert.name,
            expr: &alert.expr,
            for: alert.during.clone(),
            labels: {
                severity: &alert.severity,
                window: alert.window.map(|window| s.text(window)),
                application: self.cx.name(),
                environment: &self.cx.app.environment.name,
                namespace: self.namespace,
                when (Cond::known(self.kind != "application", self.name.origin())) (self.kind): self.name,
                ..receiver(self.cx, &alert.severity),
            },
            annotations: { summary: &alert.summary },
        })
    }
}

/// The receiver that Alertmanager has for a severity, by name: its routes choose by this label.
fn receiver(cx: &Cx, severity: &Sourced<Str>) -> Form {
    let s = &Scope::new("observe/alerts").because(severity.origin());
    let named = match cx.app.observe.notify.get(severity.peek()) {
        Some(Notify::Named(name)) => Some(name.clone()),
        Some(Notify::Receiver(_)) | None => None,
    };
    form!(s; { receiver: named })
}

/// A `PrometheusRule` with groups.
pub fn rule(
    cx: &Cx,
    name: &Sourced<Str>,
    namespace: &Sourced<Str>,
    component: &'static str,
    groups: Vec<(Sourced<Str>, SeqBuilder)>,
) -> Form {
    let s = &Scope::new("observe/alerts");
    let mut list = SeqBuilder::new(s);
    for (name, rules) in groups {
        list.push(s, form!(s; { name: name, rules: rules.build() }));
    }
    form!(s; {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: super::metadata(cx, name, namespace, component),
        spec: { groups: list.build() },
    })
}

/// What holds for one service: its own limit, else that of all.
fn own<'a, T>(all: &'a OrNone<T>, own: Option<&'a OrNone<T>>) -> &'a OrNone<T> {
    own.unwrap_or(all)
}

fn service_alerts(service: &Service, program: &Program, rules: &mut Rules) {
    let all = &rules.cx.app.observe.alerts;
    let special = all.services.get(program.name.peek());
    let said = |pick: fn(&ServiceAlerts) -> Option<&OrNone<Sourced<Limit>>>| special.and_then(pick);
    let down = own(&all.down, special.and_then(|own| own.down.as_ref()));
    down_alert(rules, down, &available(rules, service));
    let always = || Cond::always("observe/alerts");
    if let Some(metrics) = &service.metrics {
        let series = Series {
            metrics,
            of: of_service(program.namespace, &program.name),
        };
        let time = |limit: &Sourced<Limit>| {
            let during = limit.map(|limit| limit.during.clone());
            window(&during, Some(&metrics.every))
        };
        rules.limit(
            own(&all.errors, said(|own| own.errors.as_ref())),
            always(),
            (
                "ServiceErrors",
                "critical",
                "More than $limit of the requests to $name fail",
            ),
            |limit| series.failing(&time(limit)),
        );
        rules.limit(
            own(&all.latency, said(|own| own.latency.as_ref())),
            always(),
            (
                "ServiceLatency",
                "warning",
                "One answer in twenty of $name takes longer than $limit",
            ),
            |limit| series.latency(&fixed("0.95"), &time(limit)),
        );
    }
    pods(
        rules,
        &of_container(program.namespace, &program.name),
        [
            own(&all.cpu, said(|own| own.cpu.as_ref())),
            own(&all.memory, said(|own| own.memory.as_ref())),
            own(&all.restarts, said(|own| own.restarts.as_ref())),
        ],
    );
    let disk = own(&all.disk, said(|own| own.disk.as_ref()));
    let disks = claims::of_program(program, *service.kind.peek());
    full(rules, disk, disks.as_ref());
}

fn store_alerts(store: &Store, rules: &mut Rules) {
    let all = &rules.cx.app.observe.alerts;
    let special = all.services.get(store.name.peek());
    let said = |pick: fn(&ServiceAlerts) -> Option<&OrNone<Sourced<Limit>>>| special.and_then(pick);
    let down = own(&all.down, special.and_then(|own| own.down.as_ref()));
    down_alert(rules, down, &ready(store));
    let container = if *store.run.peek() == Run::Operator {
        operators(store)
    } else {
        of_container(&store.namespace, &store.name)
    };
    pods(
        rules,
        &container,
        [
            own(&all.cpu, said(|own| own.cpu.as_ref())),
            own(&all.memory, said(|own| own.memory.as_ref())),
            own(&all.restarts, said(|own| own.restarts.as_ref())),
        ],
    );
    let disk = own(&all.disk, said(|own| own.disk.as_ref()));
    full(rules, disk, claims::of_store(store).as_ref());
    let of = of_service(&store.namespace, &store.name);
    rules.limit(
        own(&all.connections, said(|own| own.connections.as_ref())),
        Cond::always("observe/alerts"),
        (
            "StoreConnections",
            "warning",
            "$name has more than $limit of its connections in use",
        ),
        |_| engines::connections(store, &of),
    );
    rules.limit(
        own(&all.lag, said(|own| own.lag.as_ref())),
        several(store),
        (
            "StoreLag",
            "warning",
            "What follows $name is more than $limit behind",
        ),
        |limit| engines::lag(store, &of, limit.peek()),
    );
    let Some(full) = store.backup.some().and_then(|backup| backup.full.as_ref()) else {
        return;
    };
    let text = match store.run.peek() {
        Run::Operator => BY_OPERATOR,
        _ => BY_CRON_JOB,
    };
    let text = Sourced::new(text, store.run.origin().clone());
    no_copy(rules, &all.backup, full, &text, &store.name);
}

/// No pod is ready. The sum of nothing is nothing, so what is gone altogether counts as none.
fn down_alert(rules: &mut Rules, said: &OrNone<Sourced<Duration>>, ready: &Sourced<Str>) {
    let during = match said {
        OrNone::Some(during) => during,
        OrNone::None(because) => return rules.without(because),
    };
    let name = if rules.kind == "store" {
        "StoreDown"
    } else {
        "ServiceDown"
    };
    let alert = Alert {
        name: fixed(name),
        expr: fill("(sum($ready) or vector(0)) < 1", &[("ready", ready)]),
        during: Some(during.map(Duration::prometheus)),
        window: None,
        severity: fixed("critical"),
        summary: rules.said("No pod of $name is ready", &fixed("")),
    };
    rules.push(&alert);
}

/// The pods of a service that serve, as the cluster counts them.
fn available(rules: &Rules, service: &Service) -> Sourced<Str> {
    let text = match service.kind.peek() {
        // The hashes of versions and pods are spelled without vowels.
        _ if rollout::is_rollout(rules.cx, service) => {
            "kube_pod_status_ready{namespace=\"$namespace\",\
             pod=~\"$name-[b-df-hj-np-tv-z2-9]+-[b-df-hj-np-tv-z2-9]{5}\",condition=\"true\"}"
        }
        Kind::Deployment => {
            "kube_deployment_status_replicas_available{namespace=\"$namespace\",deployment=\"$name\"}"
        }
        Kind::StatefulSet => {
            "kube_statefulset_status_replicas_ready{namespace=\"$namespace\",statefulset=\"$name\"}"
        }
        Kind::DaemonSet => {
            "kube_daemonset_status_number_available{namespace=\"$namespace\",daemonset=\"$name\"}"
        }
    };
    let words = [("namespace", rules.namespace), ("name", rules.name)];
    fill(text, &words).because(&rollout::decided(rules.cx, service))
}

/// The instances of a store that serve.
fn ready(store: &Store) -> Sourced<Str> {
    let text = if *store.run.peek() == Run::Operator {
        "kube_pod_status_ready{namespace=\"$namespace\",pod=~\"$name-[0-9]+\",condition=\"true\"}"
    } else {
        "kube_statefulset_status_replicas_ready{namespace=\"$namespace\",statefulset=\"$name\"}"
    };
    let words = [("namespace", &store.namespace), ("name", &store.name)];
    fill(text, &words).because(store.run.origin())
}

/// The matchers of the container that the operator runs an instance in.
fn operators(store: &Store) -> Sourced<Str> {
    let words = [("namespace", &store.namespace), ("name", &store.name)];
    let text = "namespace=\"$namespace\",pod=~\"$name-[0-9]+\",container=\"postgres\"";
    fill(text, &words).because(store.run.origin())
}

/// What holds for every pod: cpu and memory as a part of the limit, or of the request where there is
/// no limit, and restarts.
fn pods(
    rules: &mut Rules,
    of: &Sourced<Str>,
    [cpu, memory, restarts]: [&OrNone<Sourced<Limit>>; 3],
) {
    let always = || Cond::always("observe/alerts");
    let kind = if rules.kind == "store" {
        "Store"
    } else {
        "Service"
    };
    let share = |used: &str, resource: &str| {
        let text = format!(
            "{used}\n/ (\n  \
               sum by (pod) (kube_pod_container_resource_limits{{$of,resource=\"{resource}\"}})\n  \
               or sum by (pod) (kube_pod_container_resource_requests{{$of,resource=\"{resource}\"}})\n)"
        );
        Some(fill(&text, &[("of", of)]))
    };
    rules.limit(
        cpu,
        always(),
        (
            &format!("{kind}Cpu"),
            "warning",
            "A pod of $name uses more than $limit of its cpu",
        ),
        |_| {
            share(
                "sum by (pod) (rate(container_cpu_usage_seconds_total{$of}[5m]))",
                "cpu",
            )
        },
    );
    rules.limit(
        memory,
        always(),
        (
            &format!("{kind}Memory"),
            "warning",
            "A pod of $name uses more than $limit of its memory",
        ),
        |_| {
            share(
                "sum by (pod) (container_memory_working_set_bytes{$of})",
                "memory",
            )
        },
    );
    match restarts {
        OrNone::Some(limit) => restarted(rules, of, &format!("{kind}Restarts"), limit),
        OrNone::None(because) => rules.without(because),
    }
}

/// A container has started again more often than the limit within its time.
fn restarted(rules: &mut Rules, of: &Sourced<Str>, name: &str, limit: &Sourced<Limit>) {
    let time = limit.map(|limit| limit.during.prometheus());
    let most = limit.map(number);
    let words = [("of", of), ("time", &time), ("limit", &most)];
    let text = "increase(kube_pod_container_status_restarts_total{$of}[$time]) > $limit";
    let summary = rules.said(
        "A pod of $name has started again more than $limit times",
        &most,
    );
    rules.push(&Alert {
        name: fixed(name),
        expr: fill(text, &words),
        during: None,
        window: None,
        severity: fixed("warning"),
        summary,
    });
}

/// Disks that are nearly full; `claims` is a pattern of their names.
pub fn full(rules: &mut Rules, said: &OrNone<Sourced<Limit>>, claims: Option<&Sourced<Str>>) {
    let Some(claims) = claims else {
        return;
    };
    let words = [("namespace", rules.namespace), ("claims", claims)];
    let of = "namespace=\"$namespace\",persistentvolumeclaim=~\"$claims\"";
    let text = format!(
        "max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{{{of}}})\n\
         / max by (persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{{{of}}})"
    );
    rules.limit(
        said,
        Cond::always("observe/alerts"),
        (
            "DiskFull",
            "critical",
            "A disk of $name is more than $limit full",
        ),
        |_| Some(fill(&text, &words)),
    );
}

/// How long ago the operator of a store copied it.
const BY_OPERATOR: &str = "time() - max(cnpg_collector_last_available_backup_timestamp{namespace=\"$namespace\",service=\"$name\"})\n\
     > $within";

/// How long ago the CronJob of whole copies succeeded.
pub const BY_CRON_JOB: &str = "time() - max(\n  \
     kube_cronjob_status_last_successful_time{namespace=\"$namespace\",cronjob=\"$name-backup-full\"}\n  \
     or kube_cronjob_created{namespace=\"$namespace\",cronjob=\"$name-backup-full\"}\n)\n\
     > $within";

/// No copy has succeeded for too long; one that was never made counts from the day that it was
/// first asked for. `name` is that of what makes the copies.
pub fn no_copy(
    rules: &mut Rules,
    said: &OrNone<Sourced<Duration>>,
    full: &Copy,
    text: &Sourced<&'static str>,
    name: &Sourced<Str>,
) {
    let within = match said {
        OrNone::Some(within) => within,
        OrNone::None(because) => return rules.without(because),
    };
    let seconds = within.map(query::seconds);
    let words = [
        ("namespace", rules.namespace),
        ("name", name),
        ("within", &seconds),
    ];
    let expr = fill(text.peek(), &words)
        .because(text.origin())
        .because(full.when.origin());
    let within = within.map(Duration::prometheus);
    let summary = rules.said("No copy of $name has succeeded for $limit", &within);
    rules.push(&Alert {
        name: fixed("BackupMissing"),
        expr,
        during: None,
        window: None,
        severity: fixed("critical"),
        summary,
    });
}

/// What belongs to the application as a whole: certificates, and the file's own alerts.
fn of_application(cx: &Cx, out: &mut Objects) {
    let name = cx.name().map(|name| Str::from(format!("{name}-alerts")));
    let app = cx.name();
    let mut rules = Rules::new(cx, &app, cx.main_namespace(), "application");
    let mut some = certificates(cx, &mut rules);
    for (own, alert) in &cx.app.observe.alerts.custom {
        match alert {
            OrNone::Some(alert) => {
                rules.push(&custom(own, alert));
                some = true;
            }
            OrNone::None(because) => rules.without(because),
        }
    }
    let body = rule(
        cx,
        &name,
        cx.main_namespace(),
        "application",
        vec![rules.group("alerts")],
    );
    out.push(ObjectForm::new(
        Unit::Shared,
        Cond::known(some, cx.app.app.origin()),
        body,
    ));
}

/// A certificate of a route or a store ends soon: its renewal has failed for a while. The maker of
/// certificates counts them; where the reader keeps its own labels, the namespace is the exported one.
fn certificates(cx: &Cx, rules: &mut Rules) -> bool {
    use plimsoll_spec::app::platform::CertificatesUse;
    let made = *cx.app.platform.certificates.use_.peek() == CertificatesUse::CertManager;
    let within = match &cx.app.observe.alerts.certificate {
        OrNone::Some(within) => within,
        OrNone::None(because) => {
            rules.without(because);
            return false;
        }
    };
    let namespaces: Vec<Sourced<Str>> = cx.lived_in.iter().map(|(name, _)| name.clone()).collect();
    let Some(namespaces) = joined(&namespaces).filter(|_| made) else {
        return false;
    };
    let seconds = within.map(query::seconds);
    let words = [("namespaces", &namespaces), ("within", &seconds)];
    let text = "min by (name) (\n  \
         certmanager_certificate_expiration_timestamp_seconds{exported_namespace=~\"$namespaces\"}\n  \
         or certmanager_certificate_expiration_timestamp_seconds{exported_namespace=\"\",namespace=~\"$namespaces\"}\n\
         ) - time()\n< $within";
    let limit = within.map(Duration::prometheus);
    let summary = rules.said("A certificate of $name ends within $limit", &limit);
    rules.push(&Alert {
        name: fixed("CertificateEnds"),
        expr: fill(text, &words),
        during: Some(fixed("15m")),
        window: None,
        severity: fixed("warning"),
        summary,
    });
    true
}

/// Texts as a pattern that matches each of them.
pub fn joined(texts: &[Sourced<Str>]) -> Option<Sourced<Str>> {
    let mut all = texts.iter().cloned();
    let first = all.next()?;
    Some(all.fold(first, |all, one| {
        all.zip(&one, |all, one| Str::from(format!("{all}|{one}")))
    }))
}

/// An alert of the file's own.
fn custom(own: &Str, alert: &CustomAlert) -> Alert {
    let summary = alert.summary.clone();
    Alert {
        name: alert.name.map(|name| Str::from(camel(name))),
        expr: alert.query.clone(),
        during: Some(alert.for_.map(Duration::prometheus)),
        window: None,
        severity: alert.severity.clone(),
        summary: summary.unwrap_or_else(|| alert.name.map(|_| own.clone())),
    }
}

/// `queue-long` as names of alerts are written: `QueueLong`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split(['-', '_']).map(word).collect()
}
