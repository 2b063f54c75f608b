//! How much a browser is sent before anything is to be seen, and before everything works.

use std::path::Path;

use crate::Outcome;
use crate::http::{Api, Sent};
use crate::report::{Row, Target, Unit};

/// Bytes as they are sent to a browser that takes brotli: what is not compressed counts in full.
pub async fn sizes(api: &Api) -> Outcome<Vec<Row>> {
    let loader = api.sent("/widget/v1/onfile.js").await?;
    let (page, text) = api.frame().await?;
    let mut rows = vec![
        line("loader", &loader, Target::AtMost(6e3)),
        line("  the frame's page", &page, Target::None),
    ];
    let (mut first_paint, mut everything) = (page.bytes, page.bytes);
    let mut seen = Vec::new();
    for part in text.split(['"', '\'', '&', ' ', '>']) {
        if !part.starts_with("/widget/v1/assets/") || seen.contains(&part) {
            continue;
        }
        seen.push(part);
        let sent = api.sent(part).await?;
        everything += sent.bytes;
        if Path::new(part)
            .extension()
            .is_some_and(|extension| extension == "css")
        {
            first_paint += sent.bytes;
        }
        let name = part.rsplit('/').next().unwrap_or(part);
        rows.push(line(&format!("  {name}"), &sent, Target::None));
    }
    for (figure, bytes, most) in [
        ("frame, first paint: page and style", first_paint, 12e3),
        ("frame, all before the flow runs", everything, 105e3),
    ] {
        rows.push(Row::of(
            figure,
            bytes,
            Unit::Kilobytes,
            Target::AtMost(most),
        ));
    }
    Ok(rows)
}

fn line(figure: &str, sent: &Sent, target: Target) -> Row {
    let how = if sent.brotli {
        "brotli"
    } else {
        "NOT compressed"
    };
    Row::of(
        &format!("{figure}, {how}"),
        sent.bytes,
        Unit::Kilobytes,
        target,
    )
}
