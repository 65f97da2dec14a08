//! Crates outside of this workspace, as users have: made in a temporary folder, with one folder of built dependencies for all.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the repository.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The folder of a crate; it is removed in the end.
pub struct Crate(PathBuf);

impl Drop for Crate {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// A new crate that depends on hesse, with features or not, as `, features = […]`, and these files in `src`.
pub fn new_crate(name: &str, dependency: &str, files: &[(String, String)]) -> Crate {
    let folder = std::env::temp_dir().join(format!("hesse-{name}-{}", std::process::id()));
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let root = Path::new(ROOT).canonicalize().expect("the repository");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         hesse = {{ path = \"{}/runtime\"{dependency} }}\n\n[profile.dev]\ndebug = false\n\n[workspace]\n",
        root.display()
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file");
    // the versions that are tested, which are here
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    for (path, text) in files {
        fs::write(folder.join("src").join(path), text).expect("a file");
    }
    Crate(folder)
}

impl Crate {
    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// cargo, as it is called in the crate's folder.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).env("CARGO_TARGET_DIR", format!("{ROOT}/target/user")).env("RUSTFLAGS", "").current_dir(&self.0);
        cargo
    }
}
