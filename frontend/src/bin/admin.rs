//! The admin page's program: mounts it and nothing else.

#[cfg(target_arch = "wasm32")]
fn main() {
    frontend::admin::mount();
}

/// There is no admin page outside a browser.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
