//! Starts empty.
