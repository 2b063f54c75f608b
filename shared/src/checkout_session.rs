//! A checkout session: what the merchant's server mints and the widget runs under.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a session lives.
pub const LIFETIME: Duration = Duration::from_mins(30);
/// How long the single-use code in a `frame_url` is good.
pub const FRAME_CODE_LIFETIME: Duration = Duration::from_mins(5);

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Nobody was identified yet.
    Open,
    /// The shopper proved a phone.
    Identified,
    /// The shopper chose: a card, or to save one, or neither.
    Completed,
    /// Its time is over, or the shopper left.
    Expired,
}

impl SessionStatus {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Identified => "identified",
            Self::Completed => "completed",
            Self::Expired => "expired",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Identified, Self::Completed, Self::Expired]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// One thing the browser may do under a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See the saved cards.
    List,
    /// Agree to save a card.
    Save,
    /// Remove a card.
    Remove,
}

impl Permission {
    /// All of them: what a session may do unless the merchant narrows it.
    pub const ALL: [Self; 3] = [Self::List, Self::Save, Self::Remove];
}

/// Whether `text` is an origin a widget can run on: `https://host[:port]`, or plain http on loopback
/// for a sandbox merchant. No path, no trailing slash, lower case: exactly what a browser sends.
#[must_use]
pub fn is_origin(text: &str, sandbox: bool) -> bool {
    let (host_port, secure) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return false,
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (host_port, None),
    };
    let port_holds = port.is_none_or(|port| {
        port.parse::<u16>()
            .is_ok_and(|n| n != 0 && n.to_string() == port && n != if secure { 443 } else { 80 })
    });
    let loopback = matches!(host, "localhost" | "[::1]")
        || host.starts_with("127.") && host.parse::<std::net::Ipv4Addr>().is_ok();
    let host_holds = loopback
        || host.len() <= 253
            && !host.is_empty()
            && host.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            });
    port_holds && host_holds && (secure || (sandbox && loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        for origin in [
            "https://shop.example",
            "https://shop.example:8443",
            "http://127.0.0.1:8090",
            "http://localhost:3000",
            "http://[::1]:3000",
        ] {
            assert!(is_origin(origin, true), "{origin}");
        }
        for origin in [
            "",
            "null",
            "*",
            "https://",
            "https://shop.example/",
            "https://shop.example:443",
            "https://Shop.example",
            "http://shop.example",
            "https://shop.example:0",
            "https://a b",
            "https://user@shop.example",
            "https://shop.example; script-src *",
            "ftp://shop.example",
        ] {
            assert!(!is_origin(origin, true), "{origin}");
        }
        assert!(!is_origin("http://127.0.0.1:8090", false));
    }
}
