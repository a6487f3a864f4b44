//! The dashboard in a real browser, when `RUNR_BROWSER` names one: tests/browser/dashboard.mjs does the looking.
//! Node finds playwright-core in tests/browser/node_modules (`npm ci` there).

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::Fixture;
use crate::support_dashboard::Dashboard;

#[test]
fn the_dashboard_in_a_browser() {
    let Some(browser) = std::env::var_os("RUNR_BROWSER") else {
        assert!(
            std::env::var_os("RUNR_REQUIRE_TOOLS").is_none(),
            "RUNR_BROWSER names no browser"
        );
        // The test's outcome does not hang on being heard.
        let _ = writeln!(std::io::stderr(), "skipped: RUNR_BROWSER names no browser");
        return;
    };
    let fixture = Fixture::with(&[
        (
            ".runr/tasks/00-setup.md",
            "---\nrun: printf '\\033[31mred\\033[0m <b>bold</b>\\n'\n---\n# Set up\n",
        ),
        (
            ".runr/tasks/01-keys.md",
            "---\ntype: manual\ndepends_on: 00-setup.md\nverify: ['true']\n---\n# Get <i>keys</i>\n\nAsk <u>at</u> the desk.\n",
        ),
        (
            ".runr/tasks/02-use.md",
            "---\nrun: 'true'\ndepends_on: 01-keys.md\n---\n# Use them\n",
        ),
        (
            ".runr/tasks/03-copy.md",
            "---\ntype: hybrid\nrun: 'true'\n---\n# Copy\n",
        ),
        (
            ".runr/tasks/04-bad.md",
            "---\nrun: echo 'went <b>wrong</b>'; false\nretries: 0\n---\n# Bad\n",
        ),
    ]);
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let dashboard = Dashboard::of(&fixture);
    let profile = tempfile::tempdir().expect("a profile");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let done = Command::new("node")
        .arg("dashboard.mjs")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", profile.path())
        .env("ADDRESS", dashboard.address())
        .env("RUNR_BROWSER", browser)
        .env("RUNR", env!("CARGO_BIN_EXE_runr"))
        .env("PROJECT", fixture.root())
        .env("PROFILE", profile.path().join("profile"))
        .output()
        .expect("node runs");
    assert!(
        done.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}
