//! Which of the orchestrator's environment a worker may see, and what runr adds to it. Pure.
//!
//! Knows names. Does not know where the variables come from: the whole environment is an argument.
//! An allow-list: what is not known to be needed stays outside, and what looks like a secret stays
//! outside even when its prefix is allowed. A task gets more by naming it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::{Adapter, RunId, RunSpec};

/// The variable whose value is the run id.
pub const COOKIE: &str = "RUNR_RUN_ID";

/// The variable whose value is the project's root.
pub const ROOT: &str = "RUNR_ROOT";

/// The two variables that mark every process of a run. The run's id alone does not: a copy of a project
/// has the ids of its original.
#[must_use]
pub fn marks(root: &Path, run: &RunId) -> [(&'static str, String); 2] {
    [
        (COOKIE, run.to_string()),
        (ROOT, root.to_string_lossy().into_owned()),
    ]
}

/// Names that are passed on: what programs in general need, then compilers and languages whose other
/// variables have no common prefix.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "LANG", "LANGUAGE",
    "TZ", "TZDIR", "TMPDIR", "TEMP", "TMP", "CI", "HOSTNAME", "SOURCE_DATE_EPOCH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "CC", "CXX", "CPP", "LD", "AR", "AS", "NM", "RANLIB", "STRIP", "OBJCOPY",
    "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "MANPATH", "INFOPATH", "ACLOCAL_PATH",
    "GOROOT", "GOPATH", "GOBIN", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOPRIVATE",
    "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOTOOLCHAIN", "GOENV", "GOOS", "GOARCH", "GOARM", "GOAMD64",
    "GOMAXPROCS", "GO111MODULE", "GOTMPDIR", "GOWORK", "GOEXPERIMENT",
    "JAVA_HOME", "JAVA_OPTS", "JDK_HOME", "M2_HOME", "ANDROID_HOME", "ANDROID_SDK_ROOT",
    "VIRTUAL_ENV", "GEM_HOME", "GEM_PATH", "BUNDLE_PATH", "BUNDLE_GEMFILE", "PERL5LIB",
    "COREPACK_HOME", "PNPM_HOME", "BUN_INSTALL", "DENO_DIR", "SDKROOT", "DEVELOPER_DIR",
];

/// Families of names that are passed on.
#[rustfmt::skip]
const PREFIXES: &[&str] = &[
    "LC_", "XDG_", "CARGO_", "RUSTUP_", "RUST", "NODE_", "NPM_CONFIG_", "npm_config_", "YARN_", "NVM_",
    "VOLTA_", "PYTHON", "PIP_", "UV_", "CONDA_", "PYENV_", "POETRY_", "RUBY", "RBENV_", "GRADLE_",
    "MAVEN_", "DOTNET_", "PKG_CONFIG", "CMAKE_", "MESON", "NINJA_", "CCACHE_", "SCCACHE_", "ASDF_",
    "MISE_", "NIX_", "CGO_",
];

/// Parts of names that tell of a secret, in upper case.
#[rustfmt::skip]
const SECRET_PARTS: &[&str] = &[
    "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "API_KEY", "APIKEY",
    "ACCESS_KEY", "PRIVATE_KEY", "AUTH", "COOKIE", "SESSION",
];

/// The worker's whole environment, sorted by name.
///
/// `all` is the orchestrator's own. Of `named`, the task's, a name without a value is passed on from
/// `all` whatever it looks like, and one with a value has that value. Nothing that begins with `RUNR_`
/// is passed on: an outer run's marks are not this one's.
#[must_use]
pub fn environment(
    all: impl IntoIterator<Item = (String, String)>,
    named: &[(Box<str>, Option<Box<str>>)],
) -> Vec<(String, String)> {
    let asked = |name: &str| {
        named
            .iter()
            .any(|(it, value)| **it == *name && value.is_none())
    };
    let mut passed: BTreeMap<String, String> = all
        .into_iter()
        .filter(|(name, value)| {
            !name.starts_with("RUNR_")
                && (asked(name) || is_known(name) && !is_secret(name) && !has_login(value))
        })
        .collect();
    for (name, value) in named {
        if let Some(value) = value {
            passed.insert(name.to_string(), value.to_string());
        }
    }
    passed.into_iter().collect()
}

/// The names of the variables that an agent's program is configured and logs in with. Marks of a session that runr
/// itself may have been started in are no such variables.
#[must_use]
pub fn agent_names<'a>(adapter: Adapter, all: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    #[rustfmt::skip]
    const CLAUDE: &[&str] = &[
        "ANTHROPIC_", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_", "DISABLE_", "API_TIMEOUT_MS", "IS_SANDBOX", "BASH_",
        "MAX_", "MCP_", "AWS_", "CLOUD_ML_REGION", "VERTEX_", "GOOGLE_APPLICATION_CREDENTIALS",
    ];
    #[rustfmt::skip]
    const OUTER_SESSION: &[&str] = &[
        "CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_CHILD_SESSION", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT",
    ];
    const CODEX: &[&str] = &["OPENAI_", "CODEX_"];
    let (prefixes, not) = match adapter {
        Adapter::ClaudeCode => (CLAUDE, OUTER_SESSION),
        Adapter::Codex => (CODEX, &[][..]),
        // The configuration names what it needs.
        Adapter::Custom => (&[][..], &[][..]),
    };
    all.into_iter()
        .filter(|name| {
            prefixes.iter().any(|prefix| name.starts_with(prefix)) && !not.contains(name)
        })
        .collect()
}

/// What an attempt adds to the environment of everything it starts: which run this is.
#[must_use]
pub fn identity(spec: &RunSpec, run_dir: &str) -> Vec<(&'static str, String)> {
    let mut identity = Vec::from(marks(&spec.root, &spec.run));
    identity.extend([
        ("RUNR_TASK", spec.task.to_string()),
        ("RUNR_ATTEMPT", spec.attempt.to_string()),
        ("RUNR_RUN_DIR", run_dir.to_owned()),
    ]);
    identity.extend(spec.previous.clone().map(|why| ("RUNR_PREVIOUS", why)));
    identity
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Does the name tell of a secret?
pub(super) fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.ends_with("_KEY") || SECRET_PARTS.iter().any(|part| upper.contains(part))
}

/// Does the value hold an address with a user's password, as those of proxies and package indexes may?
fn has_login(value: &str) -> bool {
    hosts(value).any(|host| host.contains('@'))
}

/// The passwords in the addresses of a value.
pub(super) fn logins(value: &str) -> impl Iterator<Item = &str> {
    hosts(value).filter_map(|host| {
        let (login, _) = host.rsplit_once('@')?;
        Some(
            login
                .split_once(':')
                .map_or(login, |(_, password)| password),
        )
    })
}

/// What follows `://` in a value, up to the path.
fn hosts(value: &str) -> impl Iterator<Item = &str> {
    value
        .split("://")
        .skip(1)
        .map(|rest| rest.split(['/', '?', '#', ' ', ',']).next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_passed(all: &[(&str, &str)], named: &[(&str, Option<&str>)]) -> Vec<String> {
        environment(owned(all), &boxed(named))
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }
    fn owned(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }
    fn boxed(named: &[(&str, Option<&str>)]) -> Vec<(Box<str>, Option<Box<str>>)> {
        named
            .iter()
            .map(|(n, v)| ((*n).into(), v.map(Into::into)))
            .collect()
    }

    #[test]
    fn only_what_is_known_and_no_secret_is_passed_on() {
        for name in [
            "PATH",
            "HOME",
            "LC_ALL",
            "XDG_RUNTIME_DIR",
            "CARGO_HOME",
            "RUSTFLAGS",
            "RUST_LOG",
            "NODE_OPTIONS",
            "NPM_CONFIG_CACHE",
            "PYTHONPATH",
            "VIRTUAL_ENV",
            "JAVA_HOME",
            "GOPATH",
            "PKG_CONFIG_PATH",
            "CC",
            "CFLAGS",
            "TMPDIR",
            "TZ",
            "TERM",
        ] {
            assert_eq!(names_passed(&[(name, "x")], &[]), [format!("{name}=x")]);
        }
        for name in [
            "EDITOR",
            "GIT_DIR",
            "GIT_INDEX_FILE",
            "GIT_WORK_TREE",
            "AWS_PROFILE",
            "GITHUB_TOKEN",
            "CARGO_REGISTRY_TOKEN",
            "NODE_AUTH_TOKEN",
            "npm_config__password",
            "npm_config__auth",
            "PIP_PASSWORD",
            "UV_API_KEY",
            "CARGO_SIGNING_KEY",
            "XDG_SESSION_ID",
            "GOOGLE_CLOUD_PROJECT",
            "SSH_AUTH_SOCK",
            "LD_PRELOAD",
            "RUNR_RUN_ID",
            "RUNR_ROOT",
            "RUNR_ANYTHING",
            "path",
            "",
        ] {
            assert_eq!(names_passed(&[(name, "x")], &[]), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_login_inside_an_address_stays_outside() {
        for (value, passed) in [
            ("http://proxy:3128", true),
            ("http://me:pw@proxy:3128", false),
            ("https://host/a@b", true),
            ("https://a, https://u:p@b", false),
            ("user@host", true),
        ] {
            let got = names_passed(&[("HTTPS_PROXY", value)], &[]);
            assert_eq!(!got.is_empty(), passed, "{value}");
        }
    }

    #[test]
    fn an_agent_gets_its_own_variables_and_no_outer_session() {
        let all = [
            "ANTHROPIC_API_KEY",
            "CLAUDE_CONFIG_DIR",
            "CLAUDE_CODE_SESSION_ID",
            "CLAUDECODE",
            "CLAUDE_PID",
            "OPENAI_API_KEY",
            "CODEX_HOME",
            "OTHER_KEY",
        ];
        for (adapter, expected) in [
            (
                Adapter::ClaudeCode,
                &["ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR"][..],
            ),
            (Adapter::Codex, &["OPENAI_API_KEY", "CODEX_HOME"][..]),
            (Adapter::Custom, &[][..]),
        ] {
            assert_eq!(agent_names(adapter, all), expected);
        }
    }

    #[test]
    fn a_task_gets_what_it_names() {
        let all = [
            ("API_TOKEN", "t"),
            ("PATH", "/bin"),
            ("OTHER", "o"),
            ("RUNR_RUN_ID", "outer"),
        ];
        assert_eq!(
            names_passed(
                &all,
                &[
                    ("API_TOKEN", None),
                    ("RUST_LOG", Some("debug")),
                    ("PATH", Some("/mine")),
                    ("NOT_SET", None),
                    ("RUNR_RUN_ID", None),
                ]
            ),
            ["API_TOKEN=t", "PATH=/mine", "RUST_LOG=debug"]
        );
    }
}
