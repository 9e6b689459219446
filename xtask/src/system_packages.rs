//! The package managers of operating systems: what they call the programs we
//! need, and the command that installs them.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command;
use crate::progress::note;

/// One package manager and its words.
pub(crate) struct PackageManager {
    program: &'static str,
    /// Refreshes the lists of packages, where installing does not.
    update: Option<&'static str>,
    install: &'static str,
    pub(crate) c_compiler: &'static str,
    pub(crate) node: &'static str,
    pub(crate) python: &'static str,
    pub(crate) chromium: &'static str,
    pub(crate) firefox: &'static str,
}

const PACKAGE_MANAGERS: [PackageManager; 4] = [
    PackageManager {
        program: "apt-get",
        update: Some("update"),
        install: "install -y --no-install-recommends",
        c_compiler: "gcc libc6-dev",
        node: "nodejs npm",
        python: "python3 python3-pip",
        chromium: "chromium",
        firefox: "firefox-esr",
    },
    PackageManager {
        program: "dnf",
        update: None,
        install: "install -y",
        c_compiler: "gcc",
        node: "nodejs npm",
        python: "python3 python3-pip",
        chromium: "chromium",
        firefox: "firefox",
    },
    PackageManager {
        program: "pacman",
        update: None,
        install: "-Sy --noconfirm",
        c_compiler: "gcc",
        node: "nodejs npm",
        python: "python python-pip",
        chromium: "chromium",
        firefox: "firefox",
    },
    PackageManager {
        program: "apk",
        update: None,
        install: "add",
        c_compiler: "gcc musl-dev",
        node: "nodejs npm",
        python: "python3 py3-pip",
        chromium: "chromium",
        firefox: "firefox",
    },
];

/// The package manager of this machine, if we know it.
pub(crate) fn package_manager() -> Option<&'static PackageManager> {
    let mut known = PACKAGE_MANAGERS.iter();
    known.find(|manager| command::find(manager.program).is_some())
}

/// What to tell a person who lacks a program: the command for this machine,
/// or `otherwise`.
pub(crate) fn how_to_install(
    package: impl Fn(&PackageManager) -> &'static str,
    otherwise: &str,
) -> String {
    match package_manager() {
        Some(manager) => format!(
            "install it with `{}`",
            manager.command_line(package(manager))
        ),
        None => otherwise.to_owned(),
    }
}

impl PackageManager {
    /// Installs a package.
    ///
    /// # Errors
    /// When we may not (neither root nor `sudo` without a password), with the
    /// command for the person to run; and when the package manager fails.
    pub(crate) fn install(&self, package: &str) -> Result<()> {
        let Some(prefix) = root_prefix() else {
            bail!("run `{}`, which needs root", self.command_line(package));
        };
        if let Some(update) = self.update {
            self.run(prefix, update)?;
        }
        self.run(prefix, &format!("{} {package}", self.install))
    }

    fn run(&self, prefix: &[&str], arguments: &str) -> Result<()> {
        let mut words = prefix.iter().copied().chain([self.program]);
        let mut command = Command::new(words.next().unwrap_or(self.program));
        command.args(words).args(arguments.split_whitespace());
        note(&format!("running `{} {arguments}`", self.program));
        command::run(command.env("DEBIAN_FRONTEND", "noninteractive"))
    }

    fn command_line(&self, package: &str) -> String {
        format!("sudo {} {} {package}", self.program, self.install)
    }
}

/// What to put before a command so that it runs as root, if it can.
fn root_prefix() -> Option<&'static [&'static str]> {
    let user = command::output(Command::new("id").arg("-u"));
    if user.is_ok_and(|id| id.trim() == "0") {
        Some(&[])
    } else if command::succeeds("sudo", &["-n", "true"]) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}
