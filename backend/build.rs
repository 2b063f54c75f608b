//! The pages are built by `scripts/frontend.sh` into `dist/`. A server without them still compiles and
//! says so when they are asked for, so that backend work needs no WebAssembly tools.

fn main() {
    for folder in [
        "../dist",
        "../dist/widget",
        "../dist/admin",
        "../dist/loader",
    ] {
        if let Err(error) = std::fs::create_dir_all(folder) {
            println!("cargo::warning={folder} cannot be made: {error}");
        }
        println!("cargo::rerun-if-changed={folder}");
    }
}
