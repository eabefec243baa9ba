//! What Grafana draws: one dashboard for each service and store, as a ConfigMap that Grafana's sidecar
//! finds by its label. A dashboard is the same in every environment: whoever looks chooses the namespace.
//!
//! Source: the dashboard model of Grafana 12 (schema 41); the sidecar's label is the default of its
//! chart.

use super::engines;
use super::query::{Series, fill, fixed, of_container, of_service};
use crate::cx::{Cx, Objects, of_services};
use crate::names;
use crate::program::Program;
use crate::stores::on;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::{Service, Store};
use plimsoll_world::{Cond, Form, MapBuilder, ObjectForm, Scope, SeqBuilder, Unit, form};

/// The dashboards.
pub fn objects(cx: &Cx, out: &mut Objects) {
    of_services(cx, out, |service, program, out| {
        let panels = of_a_service(service, program);
        let body = config_map(cx, &program.name, program.namespace, "service", panels);
        out.push(ObjectForm::new(
            program.unit.clone(),
            on_and_wanted(cx, program.on()),
            body,
        ));
    });
    for store in super::stores(cx) {
        let panels = of_a_store(store);
        let body = config_map(cx, &store.name, &store.namespace, "store", panels);
        let unit = Unit::Store(store.name.peek().clone());
        out.push(ObjectForm::new(unit, on_and_wanted(cx, on(store)), body));
    }
}

fn on_and_wanted(cx: &Cx, on: Cond) -> Cond {
    on.and(Cond::decided(&cx.app.observe.dashboards, |wanted| *wanted))
}

/// The namespace that the person who looks has chosen.
fn chosen() -> Sourced<Str> {
    fixed("$namespace")
}

/// A drawing: lines over time, each with its name.
struct Panel {
    title: &'static str,
    unit: &'static str,
    lines: Vec<(Sourced<Str>, &'static str)>,
}

fn of_a_service(service: &Service, program: &Program) -> Vec<Panel> {
    let mut panels = Vec::new();
    if let Some(metrics) = &service.metrics {
        let of = of_service(&chosen(), &program.name);
        let series = Series { metrics, of };
        let window = fixed("$__rate_interval");
        let one = |query: Option<Sourced<Str>>, legend| query.map(|query| (query, legend));
        let parts = [("0.5", "half"), ("0.95", "19 of 20"), ("0.99", "99 of 100")];
        let times = parts
            .into_iter()
            .filter_map(|(part, legend)| one(series.latency(&fixed(part), &window), legend));
        let drawn = [
            (
                "Requests",
                "reqps",
                one(series.requests(&window), "requests")
                    .into_iter()
                    .collect(),
            ),
            (
                "Failing",
                "percentunit",
                one(series.failing(&window), "failing")
                    .into_iter()
                    .collect(),
            ),
            ("Time to answer", "s", times.collect()),
        ];
        for (title, unit, lines) in drawn {
            panels.push(Panel { title, unit, lines });
        }
    }
    panels.extend(of_pods(&of_container(&chosen(), &program.name)));
    panels
}

fn of_a_store(store: &Store) -> Vec<Panel> {
    let of = of_service(&chosen(), &store.name);
    let connections = engines::connections(store, &of);
    let mut panels = vec![Panel {
        title: "Connections in use",
        unit: "percentunit",
        lines: connections
            .into_iter()
            .map(|query| (query, "{{pod}}"))
            .collect(),
    }];
    panels.extend(of_pods(&of_container(&chosen(), &store.name)));
    panels
}

/// What every container has: cpu, memory, restarts.
fn of_pods(of: &Sourced<Str>) -> Vec<Panel> {
    let drawn = [
        (
            "Cpu",
            "cores",
            "sum by (pod) (rate(container_cpu_usage_seconds_total{$of}[$__rate_interval]))",
        ),
        (
            "Memory",
            "bytes",
            "sum by (pod) (container_memory_working_set_bytes{$of})",
        ),
        (
            "Restarts",
            "short",
            "sum by (pod) (kube_pod_container_status_restarts_total{$of})",
        ),
    ];
    let panel = |(title, unit, text): (&'static str, &'static str, &str)| Panel {
        title,
        unit,
        lines: vec![(fill(text, &[("of", of)]), "{{pod}}")],
    };
    drawn.into_iter().map(panel).collect()
}

fn config_map(
    cx: &Cx,
    name: &Sourced<Str>,
    namespace: &Sourced<Str>,
    component: &'static str,
    panels: Vec<Panel>,
) -> Form {
    let s = &Scope::new("observe/dashboards");
    let object = name.map(|name| Str::from(format!("{name}-dashboard")));
    let file = fill("$app-$name.json", &[("app", &cx.name()), ("name", name)]);
    let mut data = MapBuilder::new(&s.because(file.origin()));
    data.put(s, file.peek().clone(), text(&model(cx, name, panels)));
    form!(s; {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
            name: &object,
            namespace: namespace,
            labels: { ..names::labels(cx, name, component), grafana_dashboard: "1" },
            annotations: { grafana_folder: cx.name() },
        },
        data: data.build(),
    })
}

/// A tree as the text that Grafana reads.
fn text(model: &Form) -> Option<Node> {
    let node = model.plain()?;
    let mut origins = Vec::new();
    collect(node, &mut origins);
    let text = node.json_text();
    Some(Node::Text(
        Origin::rule("observe/dashboards", origins),
        text.into(),
    ))
}

fn collect(node: &Node, origins: &mut Vec<Origin>) {
    origins.push(node.origin().clone());
    node.entries()
        .iter()
        .for_each(|entry| collect(&entry.value, origins));
    node.items().iter().for_each(|item| collect(item, origins));
}

fn model(cx: &Cx, name: &Sourced<Str>, panels: Vec<Panel>) -> Form {
    let s = &Scope::new("observe/dashboards");
    let words = [("app", &cx.name()), ("name", name)];
    let namespaces = "label_values(kube_pod_container_info{container=\"$name\"}, namespace)";
    let mut list = SeqBuilder::new(s);
    let drawn = panels.into_iter().filter(|panel| !panel.lines.is_empty());
    for (at, panel) in (0_i32..).zip(drawn) {
        list.push(s, drawing(s, at, panel));
    }
    form!(s; {
        uid: fill("$app-$name", &words).map(|uid| Str::from(uid.chars().take(40).collect::<String>())),
        title: fill("$app / $name", &words),
        tags: [cx.name()],
        schemaVersion: 41,
        refresh: "1m",
        time: { from: "now-6h", to: "now" },
        templating: { list: [
            { name: "datasource", type: "datasource", query: "prometheus" },
            {
                name: "namespace", type: "query", refresh: 1,
                datasource: { type: "prometheus", uid: "$datasource" },
                query: fill(namespaces, &words),
            },
        ] },
        panels: list.build(),
    })
}

/// Three drawings in a row, each a third of the width of 24.
fn drawing(s: &Scope, at: i32, panel: Panel) -> Form {
    let lines = panel.lines.into_iter().zip('A'..);
    form!(s; {
        id: plimsoll_world::Lit(at + 1),
        type: "timeseries",
        title: s.text(panel.title),
        datasource: { type: "prometheus", uid: "$datasource" },
        gridPos: {
            h: 8, w: 8,
            x: plimsoll_world::Lit(at % 3 * 8),
            y: plimsoll_world::Lit(at / 3 * 8),
        },
        fieldConfig: { defaults: { unit: s.text(panel.unit), min: 0 }, overrides: [] },
        targets: [for ((query, legend), id) in lines => {
            refId: s.text(id.to_string()),
            expr: query,
            legendFormat: s.text(legend),
        }],
    })
}
