//! The arguments of `confine`: the same for every stage, so that each can pass them on.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::Error;

/// Which process this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The process outside.
    Supervise,
    /// The process that enters namespaces.
    Unshare,
    /// Process 1 inside.
    Init,
}

/// What to run and what it may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The directory of the sandbox's records, which it never sees.
    pub(super) state: PathBuf,
    /// The user inside, and outside.
    pub(super) user: u32,
    /// The group inside, and outside.
    pub(super) group: u32,
    /// How many processes and threads there may be.
    pub(super) pids: u64,
    /// Bytes in `/tmp`.
    pub(super) tmp: u64,
    /// Whether to go on without a layer that the kernel refuses, where the rest still stands without it.
    pub(super) weaker: bool,
    /// The working directory inside.
    pub(super) dir: PathBuf,
    /// Directories and files of the host to show inside.
    pub(super) mounts: Vec<Mount>,
    /// The program and its arguments.
    pub(super) command: Vec<OsString>,
}

/// A directory or file of the host as it appears inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Its path on the host.
    pub(super) source: PathBuf,
    /// Its path inside.
    pub(super) target: PathBuf,
    /// Whether it can be written to.
    pub(super) writable: bool,
}

impl Plan {
    /// Reads the stage and the plan from the arguments after `confine`.
    pub(super) fn parse(args: &[OsString]) -> Result<(Stage, Self), Error> {
        let mut args = args.iter();
        let stage = match args.next().and_then(|s| s.to_str()) {
            Some("supervise") => Stage::Supervise,
            Some("unshare") => Stage::Unshare,
            Some("init") => Stage::Init,
            _ => return Err(usage("the stage is missing")),
        };
        let mut plan = Self {
            state: PathBuf::new(),
            user: 0,
            group: 0,
            pids: 0,
            tmp: 0,
            weaker: false,
            dir: PathBuf::new(),
            mounts: Vec::new(),
            command: Vec::new(),
        };
        while let Some(flag) = args.next() {
            let mut value = || {
                args.next()
                    .ok_or_else(|| usage(&format!("{} has no value", flag.display())))
            };
            match flag.to_str() {
                Some("--state") => plan.state = value()?.into(),
                Some("--user") => plan.user = number(value()?)?,
                Some("--group") => plan.group = number(value()?)?,
                Some("--pids") => plan.pids = number(value()?)?,
                Some("--tmp") => plan.tmp = number(value()?)?,
                Some("--dir") => plan.dir = value()?.into(),
                Some("--weaker") => plan.weaker = true,
                Some(kind @ ("--ro" | "--rw")) => {
                    let (source, target) = (value()?.into(), value()?.into());
                    plan.mounts.push(Mount {
                        source,
                        target,
                        writable: kind == "--rw",
                    });
                }
                Some("--") => plan.command = args.by_ref().cloned().collect(),
                _ => return Err(usage(&format!("{} is unknown", flag.display()))),
            }
        }
        plan.check().map(|()| (stage, plan))
    }

    fn check(&self) -> Result<(), Error> {
        let paths = self
            .mounts
            .iter()
            .flat_map(|m| [&m.source, &m.target])
            .chain([&self.state, &self.dir]);
        if let Some(path) = paths.into_iter().find(|path| !path.is_absolute()) {
            return Err(usage(&format!("the path {:?} is not absolute", path.display())));
        }
        if self.user == 0 || self.group == 0 {
            return Err(usage("the user or group inside would be root"));
        }
        if self.pids == 0 || self.tmp == 0 || self.command.is_empty() {
            return Err(usage("--pids, --tmp or the command is missing"));
        }
        Ok(())
    }
}

fn usage(what: &str) -> Error {
    Error::Usage(format!("{what}."))
}

fn number<T: std::str::FromStr>(value: &OsStr) -> Result<T, Error> {
    let parsed = value.to_str().and_then(|v| v.parse().ok());
    parsed.ok_or_else(|| usage(&format!("{} is not a number", value.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Stage, Plan), Error> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Plan::parse(&args)
    }

    const GOOD: &str = "init --state /s --user 7 --group 8 --pids 9 --tmp 10 --dir /w --rw /a /w --ro /b /c -- /p --x";

    #[test]
    fn every_argument_is_read() {
        let (stage, plan) = parse(GOOD).unwrap();
        let mount = |s: &str, t: &str, writable| Mount {
            source: s.into(),
            target: t.into(),
            writable,
        };
        let expected = Plan {
            state: "/s".into(),
            user: 7,
            group: 8,
            pids: 9,
            tmp: 10,
            weaker: false,
            dir: "/w".into(),
            mounts: vec![mount("/a", "/w", true), mount("/b", "/c", false)],
            command: vec!["/p".into(), "--x".into()],
        };
        assert_eq!((stage, plan), (Stage::Init, expected));
    }

    #[test]
    fn wrong_arguments_are_refused() {
        let cases = [
            "",
            "elsewhere",
            "init",
            &GOOD.replace("--user 7", "--user 0"),
            &GOOD.replace("--group 8", "--group 0"),
            &GOOD.replace("--user 7", "--user me"),
            &GOOD.replace("--rw /a", "--rw a"),
            &GOOD.replace("--tmp 10", "--tmp"),
            &GOOD.replace("-- /p --x", ""),
            &GOOD.replace("--pids", "--pies"),
        ];
        for case in cases {
            assert!(matches!(parse(case), Err(Error::Usage(_))), "{case}");
        }
    }
}
