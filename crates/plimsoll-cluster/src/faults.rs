//! Faults that a user asks for, to see what a release does then.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::object;

/// One thing that goes wrong; names are matched as [`Fault::hits`] says.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fault {
    /// The image cannot be pulled.
    Image(String),
    /// The process ends with an error soon after its start.
    Crash(String),
    /// The pods of a Job end with an error.
    Migration(String),
    /// The process takes so many seconds longer until it listens.
    Slow(String, u64),
}

impl Fault {
    /// The name of what is hit.
    pub fn target(&self) -> &str {
        match self {
            Self::Image(name) | Self::Crash(name) | Self::Migration(name) | Self::Slow(name, _) => {
                name
            }
        }
    }

    /// Whether the fault concerns a pod: one whose label `app.kubernetes.io/name` is the name; or
    /// one of a Job that has the name, or has it as a part between dashes.
    pub fn hits(&self, pod: &Value) -> bool {
        let job = object::label(pod, "batch.kubernetes.io/job-name");
        let by_label = object::label(pod, "app.kubernetes.io/name") == Some(self.target());
        let by_job = job.is_some_and(|job| has_part(job, self.target()));
        match self {
            Self::Migration(_) => job.is_some() && (by_label || by_job),
            Self::Image(_) | Self::Crash(_) | Self::Slow(..) => by_label || by_job,
        }
    }
}

fn has_part(name: &str, part: &str) -> bool {
    format!("-{name}-").contains(&format!("-{part}-"))
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(name) => write!(out, "image={name}"),
            Self::Crash(name) => write!(out, "crash={name}"),
            Self::Migration(name) => write!(out, "migration={name}"),
            Self::Slow(name, seconds) => write!(out, "slow={name}:{seconds}s"),
        }
    }
}

/// A text that names no fault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no fault: write image=NAME, crash=NAME, migration=NAME or slow=NAME:60s")]
pub struct NoFault(String);

impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let refuse = || NoFault(text.to_owned());
        let (kind, name) = text.split_once('=').ok_or_else(refuse)?;
        if name.is_empty() {
            return Err(refuse());
        }
        match kind {
            "image" => Ok(Self::Image(name.to_owned())),
            "crash" => Ok(Self::Crash(name.to_owned())),
            "migration" => Ok(Self::Migration(name.to_owned())),
            "slow" => {
                let (name, length) = name.rsplit_once(':').ok_or_else(refuse)?;
                Ok(Self::Slow(
                    name.to_owned(),
                    seconds(length).ok_or_else(refuse)?,
                ))
            }
            _ => Err(refuse()),
        }
    }
}

fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// All faults of a cluster.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// These faults.
    pub fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// Reads faults divided by `|` or `,`.
    pub fn parse(text: &str) -> Result<Self, NoFault> {
        let parts = text.split(['|', ',']).filter(|part| !part.is_empty());
        parts
            .map(Fault::from_str)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// All of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this pod's image is missing.
    pub fn lacks_image(&self, pod: &Value) -> bool {
        self.0
            .iter()
            .any(|one| matches!(one, Fault::Image(_)) && one.hits(pod))
    }

    /// The fault that makes this pod's process end, if any.
    pub fn crash(&self, pod: &Value) -> Option<&Fault> {
        self.0
            .iter()
            .find(|one| matches!(one, Fault::Crash(_) | Fault::Migration(_)) && one.hits(pod))
    }

    /// By how many seconds this pod's process starts later.
    pub fn delay(&self, pod: &Value) -> u64 {
        self.0
            .iter()
            .filter(|one| one.hits(pod))
            .map(|one| {
                if let Fault::Slow(_, seconds) = one {
                    *seconds
                } else {
                    0
                }
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Fault, Faults};

    #[test]
    fn faults_are_read_and_written_alike() {
        let text = "image=api|crash=web|migration=orders|slow=worker:60s";
        let faults = Faults::parse(text).unwrap();
        let written: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(written.join("|"), text);
        assert_eq!(
            Faults::parse("slow=a:2m").unwrap(),
            Faults::new(vec![Fault::Slow("a".into(), 120)])
        );
        assert!(Faults::parse("slow=a").is_err());
        assert!(Faults::parse("fire=a").is_err());
    }

    #[test]
    fn faults_hit_by_label_and_by_name_of_the_job() {
        let pod = json!({"metadata": {"labels": {"app.kubernetes.io/name": "api"}}});
        let job =
            json!({"metadata": {"labels": {"batch.kubernetes.io/job-name": "migrate-orders-x7"}}});
        assert!(Fault::Crash("api".into()).hits(&pod));
        assert!(!Fault::Migration("api".into()).hits(&pod));
        assert!(Fault::Migration("orders".into()).hits(&job));
        assert!(!Fault::Migration("order".into()).hits(&job));
    }
}
