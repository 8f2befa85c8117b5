//! Lists `migrations/` for `src/store/schema.rs`, so that a new file there is embedded by being there.
//!
//! `sqlx::migrate!` does the same, but builds both engines' drivers a second time, for the compiler alone.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    // A file added, taken away or changed; `include_str!` below watches their texts as well.
    println!("cargo:rerun-if-changed=migrations");
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("migrations");
    let mut files = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let mut list = String::from("static EMBEDDED: &[(i64, &str, &str)] = &[\n");
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|it| it == "sql"))
    {
        let (version, description) =
            named(file).ok_or_else(|| format!("{} is not called NUMBER_WHAT_IT_DOES.sql", file.display()))?;
        let path = file.to_str().ok_or("migrations lie under a path that is not UTF-8")?;
        writeln!(list, "    ({version}, {description:?}, include_str!({path:?})),")?;
    }
    list.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("migrations.rs"), list)?;
    Ok(())
}

/// `0007_site_secrets.sql` is version 7, "site secrets": stores keep both, written so.
fn named(file: &Path) -> Option<(i64, String)> {
    let (number, words) = file.file_name()?.to_str()?.strip_suffix(".sql")?.split_once('_')?;
    Some((number.parse().ok()?, words.replace('_', " ")))
}
