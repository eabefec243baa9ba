//! What a container asks for and may use.

use plimsoll_source::{Handle, Knob, Node, Origin, Scalar};
use plimsoll_spec::app::Size;
use plimsoll_spec::types::SizeRange;
use plimsoll_world::{Cond, Expr, Form, Fragment, Op, Param, Scope, form};
use std::fmt::Display;
use std::sync::Arc;

/// `resources` of a container of a program: its parts, or the whole where a chart gives it.
pub fn of_size(size: &Size) -> Form {
    let s = &Scope::new("workload/resources");
    let whole = whole(&size.handle);
    let (cpu, memory) = (range(&size.cpu), range(&size.memory));
    let disk = size.disk.map(|range| range.request.to_string());
    let disk_limit = size.disk.map(limit_or_request);
    let parts = form!(s; {
        requests: {
            cpu: Expr::call(Op::Request, [cpu.clone()]),
            memory: Expr::call(Op::Request, [memory.clone()]),
            "ephemeral-storage": disk,
        },
        limits: {
            cpu: Expr::call(Op::Limit, [cpu]),
            memory: Expr::call(Op::LimitOrRequest, [memory]),
            "ephemeral-storage": disk_limit,
        },
    });
    form!(s; {
        when (Cond::Truthy(whole.clone())) resources: whole.clone(),
        when (Cond::Truthy(whole.clone()).not()) resources: parts,
    })
}

/// `resources` of a container of a store: its engine is tuned from them, so no chart turns them.
pub fn of_store(size: &plimsoll_spec::app::size::StoreSize) -> Form {
    let s = &Scope::new("workload/resources");
    let (cpu, memory) = (Expr::from(&size.cpu), Expr::from(&size.memory));
    form!(s; {
        requests: {
            cpu: Expr::call(Op::Request, [cpu.clone()]),
            memory: Expr::call(Op::Request, [memory.clone()]),
        },
        limits: Fragment(form!(s; {
            cpu: Expr::call(Op::Limit, [cpu]),
            memory: Expr::call(Op::LimitOrRequest, [memory]),
        })),
    })
}

/// A small container of ours, such as an exporter.
pub fn small() -> Form {
    let s = &Scope::new("workload/resources");
    form!(s; {
        requests: { cpu: "20m", memory: "64Mi" },
        limits: { memory: "64Mi" },
    })
}

/// The whole `resources` as a word of its own, nothing where the file says its parts.
fn whole(handle: &Handle) -> Expr {
    let value = Node::Null(Origin::rule("workload/resources", []));
    Expr::Val(Arc::new(Param {
        handle: handle.clone(),
        value,
    }))
}

/// A range as the word that turns it: `request..limit`.
pub fn range<T>(knob: &Knob<SizeRange<T>>) -> Expr
where
    SizeRange<T>: Scalar,
{
    Expr::from(knob)
}

fn limit_or_request<T: Display>(range: &SizeRange<T>) -> String {
    range.limit.as_ref().unwrap_or(&range.request).to_string()
}
