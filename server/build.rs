//! Makes a release server follow the page that it has inside.

fn main() {
    // Cargo notices when an embedded file has changed, but not when one was
    // added. A debug build reads the page at run time.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!(
        "cargo::rerun-if-changed={}",
        if is_release {
            "../target/site/release/manifest.json"
        } else {
            "build.rs"
        }
    );
}
