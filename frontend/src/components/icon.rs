//! A few line drawings. Always beside words, so always hidden from screen readers.

use leptos::prelude::*;

use super::view;

/// Which drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Yes.
    Check,
    /// No.
    Cross,
    /// Back.
    Left,
    /// From one to the other.
    Right,
    /// Look for.
    Search,
    /// Make readable.
    Eye,
    /// Mind this.
    Alert,
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "M3 8.5l3.2 3.2L13 4.8",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Left => "M10 3L5 8l5 5",
            Self::Right => "M2 8h11M9 4l4 4-4 4",
            Self::Search => "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14",
            Self::Eye => {
                "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
            }
            Self::Alert => "M8 2L1.5 13.5h13zM8 6.5v3.2M8 11.6v.2",
        }
    }
}

/// A drawing as high as the text beside it.
#[component]
pub fn Icon(shape: Shape) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=shape.path()></path>
        </svg>
    }
}
