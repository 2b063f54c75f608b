//! What every page of the demo needs to write HTML safely: escaping, and money in words of the page.

/// Text as it may stand in HTML, between tags or in a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Paise as rupees with Indian grouping: `₹1,23,456`, and the paise only where there are some.
pub fn rupees(paise: i64) -> String {
    let whole = paise.unsigned_abs() / 100;
    let rest = paise.unsigned_abs() % 100;
    let mut groups = vec![format!("{:03}", whole % 1_000)];
    let mut left = whole / 1_000;
    while left > 0 {
        groups.push(format!("{:02}", left % 100));
        left /= 100;
    }
    groups.reverse();
    let grouped = groups.join(",");
    let number = grouped.trim_start_matches(['0', ',']);
    let number = if number.is_empty() { "0" } else { number };
    let sign = if paise < 0 { "−" } else { "" };
    if rest == 0 {
        format!("{sign}₹{number}")
    } else {
        format!("{sign}₹{number}.{rest:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_html_reads_survives() {
        assert_eq!(
            escape(r#"<a href='x' id="y">&"#),
            "&lt;a href=&#39;x&#39; id=&quot;y&quot;&gt;&amp;"
        );
        assert_eq!(escape("हिन्दी ₹"), "हिन्दी ₹");
    }

    #[test]
    fn money_is_grouped_as_india_does() {
        for (paise, text) in [
            (0, "₹0"),
            (5, "₹0.05"),
            (100, "₹1"),
            (99_900, "₹999"),
            (100_000, "₹1,000"),
            (100_050, "₹1,000.50"),
            (12_345_600, "₹1,23,456"),
            (1_000_000_000, "₹1,00,00,000"),
            (-4_200, "−₹42"),
        ] {
            assert_eq!(rupees(paise), text);
        }
    }
}
