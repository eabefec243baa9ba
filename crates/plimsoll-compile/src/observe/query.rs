//! Queries of Prometheus, each knowing which words of the file it is made of.

use crate::cx::Cx;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::pod::Metrics;
use plimsoll_spec::types::{Duration, Latency, Leaf, Limit, Percent};

/// A text with `$word` in it, and what stands for each word.
pub fn fill(text: &str, words: &[(&str, &Sourced<Str>)]) -> Sourced<Str> {
    let mut out = String::new();
    let mut made_of = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(rest.len());
        match words.iter().find(|(word, _)| *word == &rest[..end]) {
            Some((_, value)) => {
                out.push_str(value.peek());
                made_of.push(value.origin().clone());
            }
            None => {
                out.push('$');
                out.push_str(&rest[..end]);
            }
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    Sourced::new(out.into(), Origin::rule("observe/query", made_of))
}

/// A query about series of one service: `$series` of it, its `$of` and, where wanted, a `$window`.
pub struct Series<'a> {
    /// What the service says of its metrics.
    pub metrics: &'a Metrics,
    /// Matchers that find its series.
    pub of: Sourced<Str>,
}

impl Series<'_> {
    /// Requests in a second; `None` where nothing counts them.
    pub fn requests(&self, window: &Sourced<Str>) -> Option<Sourced<Str>> {
        let series = self.metrics.series.requests.as_ref()?;
        let words = [("series", series), ("of", &self.of), ("window", window)];
        Some(fill("sum(rate($series{$of}[$window]))", &words))
    }

    /// Failures in a second; `None` where nothing tells them apart.
    pub fn errors(&self, window: &Sourced<Str>) -> Option<Sourced<Str>> {
        let series = self.metrics.series.requests.as_ref()?;
        let failed = self.metrics.series.errors.as_ref()?;
        let words = [
            ("series", series),
            ("of", &self.of),
            ("failed", failed),
            ("window", window),
        ];
        Some(fill("sum(rate($series{$of,$failed}[$window]))", &words))
    }

    /// Part of requests that fail.
    pub fn failing(&self, window: &Sourced<Str>) -> Option<Sourced<Str>> {
        let (errors, all) = (self.errors(window)?, self.requests(window)?);
        let words = [("errors", &errors), ("all", &all)];
        Some(fill("$errors\n/ $all", &words))
    }

    /// How long all but a few answers take, in seconds.
    pub fn latency(&self, part: &Sourced<Str>, window: &Sourced<Str>) -> Option<Sourced<Str>> {
        let series = self.metrics.series.duration.as_ref()?;
        let words = [
            ("part", part),
            ("series", series),
            ("of", &self.of),
            ("window", window),
        ];
        let text = "histogram_quantile($part, sum by (le) (rate($series_bucket{$of}[$window])))";
        Some(fill(text, &words))
    }
}

/// The matchers of a service's own series.
pub fn of_service(namespace: &Sourced<Str>, service: &Sourced<Str>) -> Sourced<Str> {
    let words = [("namespace", namespace), ("service", service)];
    fill("namespace=\"$namespace\",service=\"$service\"", &words)
}

/// The matchers of what the cluster counts for a container.
pub fn of_container(namespace: &Sourced<Str>, container: &Sourced<Str>) -> Sourced<Str> {
    let words = [("namespace", namespace), ("container", container)];
    fill("namespace=\"$namespace\",container=\"$container\"", &words)
}

/// A text that a rule writes.
pub fn fixed(text: &str) -> Sourced<Str> {
    Sourced::rule("observe/query", text.into())
}

/// Over which time a rate is taken: as long as the limit must hold, from two to five minutes, and
/// never less than four readings.
pub fn window(during: &Sourced<Duration>, every: Option<&Sourced<Duration>>) -> Sourced<Str> {
    let least = every.map_or(0, |every| 4 * every.peek().secs());
    let seconds = |during: &Duration| during.secs().clamp(120, 300).max(least);
    let text = |during: &Duration| Duration::seconds(seconds(during)).prometheus();
    let window = during.choose("observe/query", text);
    match every {
        Some(every) => window.because(every.origin()),
        None => window,
    }
}

/// The number of a limit, as a query compares it: a part of one, seconds, or a count.
pub fn number(limit: &Limit) -> Str {
    if let Ok(percent) = Percent::parse(&limit.limit) {
        return part(percent);
    }
    match Duration::parse(&limit.limit) {
        Ok(duration) => seconds(&duration),
        Err(_) => limit.limit.clone(),
    }
}

/// A percentage as a part of one: `10%` is `0.1`.
pub fn part(percent: Percent) -> Str {
    decimal(u64::from(percent.milli), 5)
}

/// A length of time in seconds: `500ms` is `0.5`.
pub fn seconds(duration: &Duration) -> Str {
    decimal(duration.millis(), 3)
}

/// The part of answers that a latency is about: `p95` is `0.95`.
pub fn quantile(latency: &Latency) -> Str {
    decimal(u64::from(latency.quantile), 3)
}

/// A whole number of which the last `places` digits are behind the point.
pub fn decimal(number: u64, places: usize) -> Str {
    let digits = format!("{number:0width$}", width = places + 1);
    let (whole, behind) = digits.split_at(digits.len() - places);
    let behind = behind.trim_end_matches('0');
    match behind {
        "" => whole.into(),
        _ => format!("{whole}.{behind}").into(),
    }
}

/// Where queries are asked, `http://HOST:PORT`; `None` without `platform.metrics`.
pub fn server(cx: &Cx) -> Option<Sourced<Str>> {
    let facts = crate::platform::slots::facts(cx, "metrics")?;
    let url = facts.namespace.map(|namespace| {
        let port = facts.ports[0].service;
        Str::from(format!("http://{}.{namespace}:{port}", facts.service))
    });
    Some(url.because(&facts.origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_a_trace_of_floating_point() {
        let limit = |text: &str| number(&Limit::parse(&format!("{text} for 5m")).expect("a limit"));
        assert_eq!(limit("10%"), "0.1");
        assert_eq!(limit("99.9%"), "0.999");
        assert_eq!(limit("2s"), "2");
        assert_eq!(limit("500ms"), "0.5");
        assert_eq!(limit("3"), "3");
        assert_eq!(decimal(1_440, 5), "0.0144");
    }

    #[test]
    fn unknown_words_stay() {
        let word = fixed("x");
        assert_eq!(fill("$a$$b $c", &[("b", &word)]).peek().as_str(), "$a$x $c");
    }
}
