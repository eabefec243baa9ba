//! `plimsoll secrets`: seals values for the controller of a cluster. No value is in an argument, on the disk,
//! or in anything that is printed.

use crate::args::{Seal, Secrets};
use crate::exit::{Exit, Failure, Outcome};
use crate::prepare::{Application, Prepared, Ready};
use crate::project;
use crate::release;
use crate::sealing::{self, Fate, Lack, Sealing, shown};
use crate::terminal::{self, Terminal};
use crate::write;
use anyhow::Context;
use plimsoll_compile::secrets::sealed::{NOT_SEALED, OTHER_SCOPE};
use plimsoll_secrets::{Certificate, SecretValue};
use plimsoll_ship::Logical;
use plimsoll_source::{Findings, Level};
use plimsoll_spec::app::platform::SecretSourceUse;
use plimsoll_spec::app::sealed;
use plimsoll_spec::types::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read;

/// What the variable of a value begins with.
const VARIABLE: &str = "PLIMSOLL_SECRET_";

/// Works with secret values.
pub fn run(args: &Secrets, terminal: Terminal) -> Outcome {
    match args {
        Secrets::Seal(args) => seal(args, terminal),
    }
}

fn seal(args: &Seal, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = compiled(prepared, terminal) else {
        return Ok(Exit::Findings);
    };
    let application = ready.application()?;
    let certificate = certificate(application, prepared.today)?;
    let source = &application.app().platform.secrets;
    let wishes = release::sealed(&prepared.sources, application, &ready.world);
    let mut sealing = Sealing::new(source, wishes, &args.renew)?;
    protected(application, &sealing, &args.renew)?;
    let mut fates = sealing.copy();
    let environment = &ready.world.environment;
    let file = prepared.path.with_file_name(sealed::path(environment));
    if sealing.is_done() && fates.is_empty() {
        let kept = sealing.kept();
        terminal::progress(&format!(
            "{}: nothing to seal, {kept} kept",
            project::shown(&file)
        ));
        return Ok(Exit::Fine);
    }
    let mut given = Given::read(args)?;
    let brought = match sealing.collect(|value| given.take(value)) {
        Ok(brought) => brought,
        Err(lacks) => {
            given.ask(&lacks);
            sealing
                .collect(|value| given.take(value))
                .map_err(|lacks| lacking(&lacks))?
        }
    };
    given.all_taken(&sealing)?;
    let kept = sealing.kept();
    let (text, new) = sealing.seal(environment, &certificate, brought)?;
    fates.extend(new);
    write::file(&file, &text)?;
    terminal::out(table(&fates));
    terminal::progress(&format!(
        "{}: {} sealed, {kept} kept",
        project::shown(&file),
        fates.len()
    ));
    Ok(Exit::Fine)
}

/// The chosen environment, unless something else is wrong with the file than that values are not sealed.
fn compiled(prepared: &'static Prepared, terminal: Terminal) -> Option<&'static Ready> {
    let mut others = Findings::default();
    for finding in prepared.findings.sorted() {
        let ours = [NOT_SEALED.code, OTHER_SCOPE.code].contains(&finding.rule.code);
        if finding.level == Level::Error && !ours {
            others.report(finding.clone());
        }
    }
    let ready = prepared.chosen().filter(|_| others.is_empty());
    if ready.is_none() {
        let text = prepared.text_of(&others, terminal.colors_err(), terminal);
        terminal::progress(text.trim_end());
    }
    ready
}

/// The certificate to seal with, if it still holds.
fn certificate(application: &Application, today: Date) -> Result<Certificate, Failure> {
    let app = application.app();
    let source = &app.platform.secrets;
    let environment = app.environment.name.peek();
    if *source.use_.peek() != SecretSourceUse::Sealed {
        return Err(Failure::usage(format!(
            "`platform.secrets` of `{environment}` is not `sealed`: nothing of it is sealed"
        )));
    }
    let (Some(path), Some(text)) = (&source.certificate, &source.sealed.certificate) else {
        return Err(Failure::findings(format!(
            "`platform.secrets.certificate` of `{environment}` names no file; `kubeseal --fetch-cert` brings the \
             certificate of a cluster"
        )));
    };
    let certificate =
        Certificate::read(text).with_context(|| format!("reading `{}`", path.peek()))?;
    let ends = plimsoll_rules::sealing_certificate::day(certificate.ends);
    if ends < today {
        return Err(Failure::findings(format!(
            "`{}` held until {ends}: the controller has another key by now, whose certificate `kubeseal --fetch-cert` brings",
            path.peek()
        )));
    }
    Ok(certificate)
}

/// A value that is protected and in use is never replaced.
fn protected(
    application: &Application,
    sealing: &Sealing,
    renew: &[String],
) -> Result<(), Failure> {
    let secrets = &application.app().secrets;
    let is_protected = |name: &&String| {
        let known = secrets
            .get(name.as_str())
            .is_some_and(|secret| *secret.protect.peek());
        known && sealing.is_sealed(name)
    };
    match renew.iter().find(is_protected) {
        None => Ok(()),
        Some(name) => Err(Failure::findings(format!(
            "`{name}` is in use and protected: what it protects could not be read with a new value; take \
             `protect: true` away first"
        ))),
    }
}

/// What a person brings: from stdin, from the environment, or when asked.
struct Given {
    brought: BTreeMap<String, SecretValue>,
    taken: BTreeSet<String>,
}

impl Given {
    fn read(args: &Seal) -> Result<Self, Failure> {
        let mut brought = BTreeMap::new();
        if let Some(name) = &args.stdin {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .context("reading stdin")?;
            if name.is_empty() {
                brought = object(&bytes)?;
            } else {
                let end = bytes.len() - usize::from(bytes.ends_with(b"\n"));
                brought.insert(name.clone(), SecretValue::new(bytes[..end].to_vec()));
            }
        }
        Ok(Self {
            brought,
            taken: BTreeSet::new(),
        })
    }

    fn take(&mut self, value: &Logical) -> Option<SecretValue> {
        let name = shown(value);
        self.taken.insert(name.clone());
        let brought = self.brought.get(&name).cloned();
        brought.or_else(|| from_environment(&name))
    }

    /// Asks on the terminal for what nobody brought.
    fn ask(&mut self, lacks: &[Lack]) {
        for lack in lacks {
            if let Lack::Unknown(value) = lack
                && let Some(answer) = terminal::ask_secret(&shown(value))
            {
                self.brought.insert(shown(value), SecretValue::new(answer));
            }
        }
    }

    /// What stood on stdin and nobody asked for is a mistake, or is sealed already.
    fn all_taken(&self, sealing: &Sealing) -> Result<(), Failure> {
        let Some(name) = self.brought.keys().find(|name| !self.taken.contains(*name)) else {
            return Ok(());
        };
        if sealing.is_sealed(name.split('.').next().unwrap_or(name)) || sealing.is_sealed(name) {
            return Err(Failure::usage(format!(
                "`{name}` is sealed already and stays; `--renew {name}` replaces it"
            )));
        }
        Err(sealing::unknown(name, &self.taken))
    }
}

/// `{ "NAME": "value" }`. Nothing of the text may be in the message.
fn object(bytes: &[u8]) -> Result<BTreeMap<String, SecretValue>, Failure> {
    let read: Result<BTreeMap<String, String>, _> = serde_json::from_slice(bytes);
    let read = read.map_err(|error| {
        Failure::usage(format!(
            "stdin is no JSON object of texts, from line {} column {}; one value alone: `--stdin=NAME`",
            error.line(),
            error.column()
        ))
    })?;
    let value = |(name, text): (String, String)| (name, SecretValue::new(text.into_bytes()));
    Ok(read.into_iter().map(value).collect())
}

/// `db.password` as `PLIMSOLL_SECRET_DB_PASSWORD`.
fn variable(name: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let rest: String = name.chars().map(letter).collect();
    format!("{VARIABLE}{rest}")
}

fn from_environment(name: &str) -> Option<SecretValue> {
    let value = std::env::var_os(variable(name))?;
    Some(SecretValue::new(value.into_encoded_bytes()))
}

/// Every value that is missing, and how to bring it.
fn lacking(lacks: &[Lack]) -> Failure {
    let mut text = "some values are not known here; nothing was written".to_owned();
    for lack in lacks {
        let _ = match lack {
            Lack::Unknown(value) => {
                let name = shown(value);
                write!(
                    text,
                    "\n  {name}: set {}, or pipe it to `--stdin={name}`",
                    variable(&name)
                )
            }
            Lack::Unreadable(value) => {
                let name = shown(value);
                write!(
                    text,
                    "\n  {name}: one more Secret wants it, and what is sealed cannot be read: bring it by {} or \
                     `--stdin={name}`, or `--renew {}` makes another one for all",
                    variable(&name),
                    value.name
                )
            }
        };
    }
    Failure::findings(text)
}

fn table(fates: &[(String, String, Fate)]) -> String {
    let width = |of: fn(&(String, String, Fate)) -> &str| {
        fates.iter().map(|fate| of(fate).len()).max().unwrap_or(0)
    };
    let (secrets, keys) = (width(|fate| &fate.0), width(|fate| &fate.1));
    let line = |(secret, key, fate): &(String, String, Fate)| {
        let fate = match fate {
            Fate::Made => "made",
            Fate::Brought => "brought",
            Fate::Composed => "composed",
            Fate::Copied => "copied as it was sealed",
        };
        format!("{secret:secrets$}  {key:keys$}  {fate}\n")
    };
    fates.iter().map(line).collect()
}
