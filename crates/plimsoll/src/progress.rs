//! How a release is followed: bars on a terminal, a line for each event elsewhere.

use crate::terminal;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_ship::{Event, ObjectKey, What};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, stderr};

/// Objects that are waited for and shown at once; the others are counted.
const SHOWN: usize = 6;

/// Tells what happens, as it happens.
pub enum Progress {
    /// A line for each event.
    Lines,
    /// Bars that are gone at the end.
    Bars(Box<Bars>),
}

impl Progress {
    /// Bars where somebody looks; `all` is how many objects there are.
    pub fn of(all: usize) -> Self {
        if stderr().is_terminal() {
            Self::Bars(Box::new(Bars::new(all, ProgressDrawTarget::stderr())))
        } else {
            Self::Lines
        }
    }

    /// Tells an event.
    pub fn hear(&mut self, event: &Event) {
        match self {
            Self::Lines => terminal::progress(&event.to_string()),
            Self::Bars(bars) => bars.hear(event),
        }
    }

    /// Takes the bars away; what they said last stands in the result.
    pub fn end(&self) {
        if let Self::Bars(bars) = self {
            bars.end();
        }
    }
}

/// One bar for all objects, and a line for each that is waited for.
pub struct Bars {
    all: MultiProgress,
    whole: ProgressBar,
    touched: BTreeSet<ObjectKey>,
    waiting: BTreeMap<ObjectKey, ProgressBar>,
}

impl Bars {
    fn new(all: usize, target: ProgressDrawTarget) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        let style =
            ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos} of {len} {msg}");
        let whole = ProgressBar::new(u64::try_from(all).unwrap_or(u64::MAX));
        let whole = bars.add(whole.with_style(style.expect("the template is well formed")));
        Self {
            all: bars,
            whole,
            touched: BTreeSet::new(),
            waiting: BTreeMap::new(),
        }
    }

    fn hear(&mut self, event: &Event) {
        let object = &event.object;
        self.touched.insert(object.clone());
        match &event.what {
            What::Waiting(missing) => self.wait_for(object, missing),
            What::Failed(_) | What::RollingBack | What::Deleting => {
                self.settle(object);
                // These stay on the screen.
                let _ = self.all.println(event.to_string());
            }
            _ => self.settle(object),
        }
        let settled = self.settled();
        self.whole
            .set_position(u64::try_from(settled).unwrap_or(u64::MAX));
        let hidden = self.waiting.len().saturating_sub(SHOWN);
        self.whole.set_message(match hidden {
            0 => String::new(),
            more => format!("and {more} more are waited for"),
        });
    }

    /// How many objects are done with, as far as was told.
    fn settled(&self) -> usize {
        self.touched.len() - self.waiting.len()
    }

    fn wait_for(&mut self, object: &ObjectKey, missing: &str) {
        if !self.waiting.contains_key(object) {
            let style =
                ProgressStyle::with_template("  {msg}").expect("the template is well formed");
            let line = ProgressBar::new_spinner().with_style(style);
            let line = if self.waiting.len() < SHOWN {
                self.all.add(line)
            } else {
                ProgressBar::hidden()
            };
            self.waiting.insert(object.clone(), line);
        }
        self.waiting[object].set_message(format!("{object}: {missing}"));
    }

    fn settle(&mut self, object: &ObjectKey) {
        if let Some(line) = self.waiting.remove(object) {
            line.finish_and_clear();
        }
    }

    fn end(&self) {
        let _ = self.all.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_waited_for_is_not_done() {
        let mut bars = Bars::new(9, ProgressDrawTarget::hidden());
        let mut tell = |name: &str, what: What| {
            bars.hear(&Event {
                at: Duration::ZERO,
                object: ObjectKey::new("apps/v1", "Deployment", Some("shop"), name),
                wave: Some(1),
                what,
            });
            (bars.settled(), bars.waiting.len())
        };
        assert_eq!(tell("web", What::Created), (1, 0));
        assert_eq!(tell("web", What::Waiting("0 of 2 pods".to_owned())), (0, 1));
        assert_eq!(tell("api", What::Changed), (1, 1));
        assert_eq!(tell("web", What::Ready), (2, 0));
    }
}
