//! Repositories around test projects. The user's own git settings don't count.

use std::path::Path;

use super::{HFGEN, Project, Ran, command, finished};

impl Project {
    /// Makes the project's folder a repository with everything of it committed but outputs and cache.
    pub fn repository(&self) -> &Self {
        self.git(&["init", "-q", "-b", "main"]).expect(0);
        self.put(".gitignore", ".hfgen-cache/\n");
        self
    }

    pub fn commit_all(&self, message: &str) -> Ran {
        self.git(&["add", "-A"]).expect(0);
        self.git(&["commit", "-q", "-m", message])
    }

    /// Runs git in the project's folder; hooks find this build's hfgen.
    pub fn git(&self, args: &[&str]) -> Ran {
        git_in(self.root(), args)
    }
}

pub fn git_in(folder: &Path, args: &[&str]) -> Ran {
    let mut all = vec![
        "-c",
        "user.name=n",
        "-c",
        "user.email=e@example.com",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.autocrlf=false",
    ];
    all.extend(args);
    let mut git = command(folder, "git", &all);
    let bin = Path::new(HFGEN).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    git.env("PATH", format!("{bin}:{path}"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    finished(git)
}
