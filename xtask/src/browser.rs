//! The browsers for the browser tests: the system's own, never a download.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::progress::note;
use crate::system_packages::{PackageManager, package_manager};

/// One browser, and how to come by it.
pub(crate) struct Browser {
    name: &'static str,
    /// The variable of the environment that names the path of its program.
    pub(crate) variable: &'static str,
    /// The names under which systems install it.
    programs: &'static [&'static str],
    package: fn(&PackageManager) -> &'static str,
}

/// The browser that every browser test needs.
pub(crate) const CHROMIUM: Browser = Browser {
    name: "Chromium",
    variable: "CHROMIUM",
    programs: &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
    ],
    package: |manager| manager.chromium,
};

/// The browser in which the page is tested as well, where it can be had.
pub(crate) const FIREFOX: Browser = Browser {
    name: "Firefox",
    variable: "FIREFOX",
    programs: &["firefox-esr", "firefox"],
    package: |manager| manager.firefox,
};

impl Browser {
    /// The one that its variable names, or the one in PATH.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from);
        let mut found = self.programs.iter().filter_map(|name| command::find(name));
        // On some systems a program of that name only says what to install.
        let runs = |path: &PathBuf| command::succeeds(path, &["--version"]);
        named.or_else(|| found.find(runs))
    }

    /// As [`Browser::find`], or else installs it by the system's package
    /// manager.
    ///
    /// # Errors
    /// When the variable names no file, and when there is no such browser and
    /// it cannot be installed, with what the person can do.
    pub(crate) fn find_or_install(&self) -> Result<PathBuf> {
        let Self { name, variable, .. } = self;
        if let Some(path) = self.find() {
            if !path.is_file() {
                bail!("{variable} is {}, where no file is", path.display());
            }
            return Ok(path);
        }
        let Some(manager) = package_manager() else {
            bail!(
                "{name} is needed for the browser tests: \
                 install it and set {variable} to the path of its program"
            );
        };
        note(&format!("installing {name} from the system's packages"));
        manager
            .install((self.package)(manager))
            .with_context(|| format!("{name} is needed for the browser tests"))?;
        self.find().with_context(|| {
            format!("{name} was installed, but is not in PATH: set {variable} to its path")
        })
    }

    /// As [`Browser::find_or_install`] for a browser that we can do without:
    /// where it cannot be had, the person is told why.
    ///
    /// # Errors
    /// When the variable names no file: who sets it wants that browser.
    pub(crate) fn find_or_do_without(&self) -> Result<()> {
        let Err(error) = self.find_or_install() else {
            return Ok(());
        };
        if self.find().is_some() {
            return Err(error);
        }
        note(&format!(
            "the tests in {} are skipped: {error:#}",
            self.name
        ));
        Ok(())
    }
}
