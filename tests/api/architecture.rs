//! The rules of the architecture, by test and not by hope.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PACKAGES: [&str; 7] = [
    "shared",
    "store",
    "store-sqlite",
    "store-postgres",
    "backend",
    "frontend",
    "acceptance",
];

/// What performs I/O, or draws.
const MACHINERY: [&str; 14] = [
    "tokio",
    "axum",
    "hyper",
    "reqwest",
    "sqlx",
    "sqlx-core",
    "leptos",
    "gloo-net",
    "web-sys",
    "wasm-bindgen",
    "getrandom",
    "rand",
    "mio",
    "tower",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Ordinary dependencies of the workspace's packages: direct ones, and all that these bring along.
struct Dependencies {
    direct: BTreeMap<String, BTreeSet<String>>,
    all: BTreeMap<String, BTreeSet<String>>,
}

fn dependencies() -> Dependencies {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = list(&metadata["packages"]).iter();
    let names: BTreeMap<&str, &str> = packages
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let is_ordinary = |dependency: &&Value| {
            list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null())
        };
        let ordinary = list(&node["deps"]).iter().filter(is_ordinary);
        edges.insert(
            text(&node["id"]),
            ordinary
                .map(|dependency| text(&dependency["pkg"]))
                .collect(),
        );
    }
    let in_words = |ids: &BTreeSet<&str>| ids.iter().map(|id| names[id].to_owned()).collect();
    let (mut direct, mut all) = (BTreeMap::new(), BTreeMap::new());
    for member in list(&metadata["workspace_members"]).iter().map(text) {
        let mut open = edges[member].clone();
        direct.insert(
            names[member].to_owned(),
            in_words(&open.iter().copied().collect()),
        );
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(&edges[next]);
            }
        }
        all.insert(names[member].to_owned(), in_words(&seen));
    }
    Dependencies { direct, all }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn packages_depend_only_as_the_architecture_allows() {
    let Dependencies { direct, all } = dependencies();
    let of_shared: Vec<&str> = PACKAGES[1..].iter().copied().chain(MACHINERY).collect();
    let of_store = [
        "sqlx",
        "sqlx-core",
        "axum",
        "hyper",
        "leptos",
        "backend",
        "store-sqlite",
        "store-postgres",
        "frontend",
        "acceptance",
    ];
    let of_sqlite = [
        "axum",
        "hyper",
        "leptos",
        "backend",
        "store-postgres",
        "frontend",
        "acceptance",
    ];
    let of_postgres = [
        "axum",
        "hyper",
        "leptos",
        "backend",
        "store-sqlite",
        "frontend",
        "acceptance",
    ];
    let of_frontend = [
        "store",
        "store-sqlite",
        "store-postgres",
        "backend",
        "sqlx",
        "axum",
        "acceptance",
    ];
    let rules: [(&str, &[&str]); 6] = [
        ("shared", &of_shared),
        ("store", &of_store),
        ("store-sqlite", &of_sqlite),
        ("store-postgres", &of_postgres),
        ("frontend", &of_frontend),
        ("backend", &["acceptance"]),
    ];
    for (package, forbidden) in rules {
        let Some(found) = all.get(package) else {
            assert_eq!(
                package, "store-postgres",
                "{package} is not a package of the workspace"
            );
            continue;
        };
        for name in forbidden {
            assert!(!found.contains(*name), "{package} may not depend on {name}");
        }
    }
    assert!(
        !direct["backend"].contains("sqlx"),
        "the server speaks to storage through store only"
    );
    for package in all.keys() {
        assert!(
            PACKAGES.contains(&package.as_str()),
            "{package} is new: say here what it may depend on"
        );
    }
}

/// Every file of Rust below a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![workspace().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "{folder} is gone: mend the rule");
    found
}

/// Holds that no line of code below a folder has these words; comments and tests may.
fn nowhere(folder: &str, words: &[&str]) {
    for path in files(folder)
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs"))
    {
        let code = std::fs::read_to_string(&path).unwrap();
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for word in words {
                assert!(
                    !line.contains(word),
                    "{} may not use {word}: {line}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn http_has_no_sql_and_opens_no_transaction() {
    nowhere(
        "backend/src/http",
        &[
            "sqlx",
            "store_sqlite",
            "store.write()",
            "unit()",
            "store::Write",
        ],
    );
}

#[test]
fn services_know_neither_http_nor_sql() {
    let words = [
        "axum",
        "hyper",
        "sqlx",
        "store_sqlite",
        "StatusCode",
        "HeaderMap",
        "crate::http",
        "http_status",
    ];
    nowhere("backend/src/service", &words);
}

#[test]
fn only_ambient_asks_for_time_and_randomness() {
    let folders = [
        "backend/src/http",
        "backend/src/service",
        "backend/src/provider",
        "shared/src",
        "backend/store/src",
    ];
    for folder in folders {
        nowhere(
            folder,
            &[
                "SystemTime::now",
                "std::time::Instant",
                "getrandom::",
                "rand::",
                "Utc::now",
            ],
        );
    }
}

#[test]
fn only_the_client_of_the_front_end_performs_http() {
    for folder in [
        "frontend/src/widget",
        "frontend/src/admin",
        "frontend/src/components",
    ] {
        nowhere(folder, &["gloo_net", "reqwest", "XmlHttpRequest"]);
    }
}

#[test]
fn no_module_is_a_drawer() {
    let drawers = [
        "utils", "util", "common", "helpers", "helper", "misc", "manager",
    ];
    let folders = [
        "shared/src",
        "backend/src",
        "backend/store/src",
        "backend/store-sqlite/src",
        "frontend/src",
        "tests/src",
        "tests/api",
    ];
    for path in folders.into_iter().flat_map(files) {
        for part in path.strip_prefix(workspace()).unwrap().components() {
            let name = part.as_os_str().to_string_lossy();
            assert!(
                !drawers.contains(&name.trim_end_matches(".rs")),
                "{}",
                path.display()
            );
        }
    }
}
