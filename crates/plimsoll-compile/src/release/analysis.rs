//! When a release is broken off: an `AnalysisTemplate` for each service that Argo Rollouts releases, asked of
//! the same Prometheus that alerts are.
//!
//! Pods carry the hash of their version, and the monitor keeps it as a label; so the new version is
//! measured by itself and against the one that runs. Source: Argo Rollouts 1.9, `AnalysisTemplate`.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::observe::query::{self, Series, fill, fixed, of_container, of_service};
use crate::program::Program;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::deliver::{Analysis, Silence};
use plimsoll_spec::app::{Service, Strategy};
use plimsoll_spec::types::{Duration, Latency, Percent};
use plimsoll_world::{Form, ObjectForm, Scope, SeqBuilder, form};

/// Hash of the new version, as an argument of the template.
const NEW: &str = "rollouts_pod_template_hash=\"{{args.canary-hash}}\"";
/// Hash of the version that runs.
const OLD: &str = "rollouts_pod_template_hash=\"{{args.stable-hash}}\"";

/// One thing that must hold.
struct Metric {
    name: Sourced<Str>,
    query: Sourced<Str>,
    holds: Holds,
}

/// When it holds.
enum Holds {
    /// The answer is at least that much.
    AtLeast(Sourced<Str>),
    /// The answer is at most that much.
    AtMost(Sourced<Str>),
    /// There is an answer.
    Answered,
}

/// The template of a service, where there is something to measure.
pub fn objects(cx: &Cx, service: &Service, program: &Program, out: &mut Objects) {
    let Some(body) = template(cx, service, program) else {
        return;
    };
    out.push(ObjectForm::new(program.unit.clone(), program.on(), body));
}

/// How a Rollout names its template.
pub fn reference(cx: &Cx, service: &Service, program: &Program) -> Option<Form> {
    template(cx, service, program)?;
    let s = &Scope::new("release/analysis").because(&asked(cx, program));
    Some(form!(s; {
        templates: [{ templateName: &program.name }],
        args: [
            { name: "canary-hash", valueFrom: { podTemplateHashValue: "Latest" } },
            { name: "stable-hash", valueFrom: { podTemplateHashValue: "Stable" } },
        ],
    }))
}

/// What asks for an analysis: the file's words, else what the service promises.
fn asked(cx: &Cx, program: &Program) -> Origin {
    let said = cx
        .app
        .deliver
        .analysis
        .iter()
        .map(|analysis| analysis.origin.clone());
    let promised = cx.app.observe.objectives.get(program.name.peek());
    let promised = promised
        .into_iter()
        .map(|promised| promised.service.origin().clone());
    Origin::all(said.chain(promised))
}

fn template(cx: &Cx, service: &Service, program: &Program) -> Option<Form> {
    let address = query::server(cx)?;
    let metrics = metrics(cx, service, program);
    if metrics.is_empty() {
        return None;
    }
    let analysis = cx.app.deliver.analysis.as_ref();
    let s = &Scope::new("release/analysis").because(&asked(cx, program));
    let mut list = SeqBuilder::new(s);
    for metric in metrics {
        list.push(s, one(s, service, analysis, metric, &address));
    }
    Some(form!(s; {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisTemplate",
        metadata: {
            name: &program.name,
            namespace: program.namespace,
            labels: names::labels(cx, &program.name, program.component),
        },
        spec: {
            args: [{ name: "canary-hash" }, { name: "stable-hash" }],
            metrics: list.build(),
        },
    }))
}

/// How often it is looked at where nobody says so.
const EVERY: u64 = 60;

fn one(
    s: &Scope,
    service: &Service,
    analysis: Option<&Analysis>,
    metric: Metric,
    address: &Sourced<Str>,
) -> Form {
    let every = analysis.map_or_else(
        || Sourced::rule("release/analysis", Duration::seconds(EVERY)),
        |analysis| analysis.every.clone(),
    );
    let fails = analysis.map(|analysis| analysis.fails.map(|fails| i64::from(*fails)));
    let fails = fails.unwrap_or_else(|| Sourced::rule("release/analysis", 2));
    let silence = analysis.map(|analysis| analysis.silence.clone());
    let silence = silence.unwrap_or_else(|| Sourced::rule("release/analysis", Silence::Hold));
    let (success, failure) = conditions(&metric.holds, &silence);
    form!(s; {
        name: metric.name,
        initialDelay: every.map(Duration::go),
        interval: every.map(Duration::go),
        count: count(service, &every),
        failureLimit: &fails,
        // No answer is neither good nor bad: the first one holds the release.
        inconclusiveLimit: 0,
        successCondition: success,
        failureCondition: failure,
        provider: { prometheus: { address: address, query: metric.query } },
    })
}

/// A canary is watched until it is through; a second set as long as the old one is kept.
fn count(service: &Service, every: &Sourced<Duration>) -> Option<Sourced<i64>> {
    let Strategy::BlueGreen(how) = &service.strategy else {
        return None;
    };
    let times = |hold: &Duration, every: &Duration| {
        let times = hold.millis() / every.millis().max(1);
        i64::try_from(times).unwrap_or(i64::MAX).max(1)
    };
    Some(how.hold.zip(every, times))
}

/// The conditions of success and failure. An answer is a list, empty where nothing was counted, and
/// not a number where nothing came.
fn conditions(holds: &Holds, silence: &Sourced<Silence>) -> (Sourced<Str>, Option<Sourced<Str>>) {
    let (good, bad, limit) = match holds {
        Holds::Answered => {
            let text = |text: &str| fixed(text);
            return (text("len(result) > 0"), Some(text("len(result) == 0")));
        }
        Holds::AtLeast(limit) => (">=", "<", limit),
        Holds::AtMost(limit) => ("<=", ">", limit),
    };
    let words = [("limit", limit)];
    let answered = |sign: &str| {
        let text = format!("len(result) > 0 && !isNaN(result[0]) && result[0] {sign} $limit");
        fill(&text, &words)
    };
    let because = silence.origin();
    let (success, failure) = match silence.peek() {
        Silence::Hold => (answered(good), Some(answered(bad))),
        Silence::Fail => (answered(good), None),
        Silence::Pass => {
            let text = format!("len(result) == 0 || isNaN(result[0]) || result[0] {good} $limit");
            (fill(&text, &words), None)
        }
    };
    (
        success.because(because),
        failure.map(|failure| failure.because(because)),
    )
}

fn metrics(cx: &Cx, service: &Service, program: &Program) -> Vec<Metric> {
    let analysis = cx.app.deliver.analysis.as_ref();
    let promised = cx.app.observe.objectives.get(program.name.peek());
    let mut all = Vec::new();
    if let Some(metrics) = &service.metrics {
        let own = |version: &str| Series {
            metrics,
            of: fill(
                &format!("$of,{version}"),
                &[("of", &of_service(program.namespace, &program.name))],
            ),
        };
        let measured = Measured {
            new: own(NEW),
            old: own(OLD),
            window: query::window(
                &Sourced::rule("release/analysis", Duration::seconds(120)),
                Some(&metrics.every),
            ),
        };
        let success = analysis.and_then(|analysis| analysis.success.as_ref());
        let success = success.or_else(|| promised?.availability.as_ref());
        all.extend(success.and_then(|least| measured.success(least)));
        let latency = analysis.and_then(|analysis| analysis.latency.as_ref());
        let latency = latency.or_else(|| promised?.latency.as_ref());
        all.extend(latency.and_then(|most| measured.latency(most)));
        if let Some(stable) = analysis.map(|analysis| &analysis.stable) {
            let worse = stable.success.as_ref();
            all.extend(worse.and_then(|most| measured.worse(most)));
            let slower = stable.latency.as_ref();
            all.extend(slower.and_then(|most| measured.slower(most, latency)));
        }
    }
    let cpu = analysis.and_then(|analysis| analysis.cpu.as_ref());
    all.extend(cpu.map(|most| saturation(program, most)));
    for (name, query) in analysis.iter().flat_map(|analysis| &analysis.queries) {
        all.push(Metric {
            name: query.choose("release/analysis", |_| name.clone()),
            query: query.clone(),
            holds: Holds::Answered,
        });
    }
    all
}

/// Series of both versions.
struct Measured<'a> {
    new: Series<'a>,
    old: Series<'a>,
    window: Sourced<Str>,
}

impl Measured<'_> {
    /// Part of the requests that succeed. Where none has failed there is no series of failures.
    fn succeeding(series: &Series, window: &Sourced<Str>) -> Option<Sourced<Str>> {
        let (errors, all) = (series.errors(window)?, series.requests(window)?);
        let words = [("errors", &errors), ("all", &all)];
        Some(fill("1 - ($errors or vector(0)) / $all", &words))
    }

    fn success(&self, least: &Sourced<Percent>) -> Option<Metric> {
        Some(Metric {
            name: fixed("success"),
            query: Self::succeeding(&self.new, &self.window)?,
            holds: Holds::AtLeast(least.map(|least| query::part(*least))),
        })
    }

    fn latency(&self, most: &Sourced<Latency>) -> Option<Metric> {
        Some(Metric {
            name: fixed("latency"),
            query: self.new.latency(&most.map(query::quantile), &self.window)?,
            holds: Holds::AtMost(most.map(|most| query::seconds(&most.within))),
        })
    }

    /// How many more requests fail than of the version that runs.
    fn worse(&self, most: &Sourced<Percent>) -> Option<Metric> {
        let new = Self::succeeding(&self.new, &self.window)?;
        let old = Self::succeeding(&self.old, &self.window)?;
        Some(Metric {
            name: fixed("success-against-stable"),
            query: fill("($old)\n- ($new)", &[("old", &old), ("new", &new)]),
            holds: Holds::AtMost(most.map(|most| query::part(*most))),
        })
    }

    /// How much longer answers take than of the version that runs, as a part of one.
    fn slower(&self, most: &Sourced<Percent>, like: Option<&Sourced<Latency>>) -> Option<Metric> {
        let part = like.map_or_else(|| fixed("0.95"), |like| like.map(query::quantile));
        let new = self.new.latency(&part, &self.window)?;
        let old = self.old.latency(&part, &self.window)?;
        Some(Metric {
            name: fixed("latency-against-stable"),
            query: fill("$new\n/ $old - 1", &[("new", &new), ("old", &old)]),
            holds: Holds::AtMost(most.map(|most| query::part(*most))),
        })
    }
}

/// Cpu of the new version's pods, as a part of what they ask for. Pods are named after their version.
fn saturation(program: &Program, most: &Sourced<Percent>) -> Metric {
    let words = [
        ("of", &of_container(program.namespace, &program.name)),
        ("name", &program.name),
    ];
    let of = "$of,pod=~\"$name-{{args.canary-hash}}-.+\"";
    let text = format!(
        "sum(rate(container_cpu_usage_seconds_total{{{of}}}[2m]))\n\
         / sum(kube_pod_container_resource_requests{{{of},resource=\"cpu\"}})"
    );
    Metric {
        name: fixed("cpu"),
        query: fill(&text, &words),
        holds: Holds::AtMost(most.map(|most| query::part(*most))),
    }
}
