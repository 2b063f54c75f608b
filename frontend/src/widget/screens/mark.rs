//! Network marks: small drawings of our own in one colour, so that a list stays calm and reads the
//! same in both schemes. They name the network; they are not its logo.

use crate::widget::drawing::{Element, el};

/// What is drawn: strokes, then filled shapes, then filled shapes at half strength.
struct Drawing {
    strokes: &'static str,
    fill: &'static str,
    half: &'static str,
}

const fn drawing_of(network: &Network) -> Drawing {
    let (strokes, fill, half) = match network {
        Network::Visa => (
            "M9 9l3 8 3-8M18 9v8M27 10.4c-.9-1.5-5-1.900-5 .4 0 2.400 5 1.300 5 3.900 0 2.500-4.300 2.700-5.500.9M29 17l3-8 3 8M30.200 14.300h3.600",
            "",
            "",
        ),
        Network::Amex => (
            "M7 17l2.500-8 2.500 8M7.900 14.400h3.200M14.500 17V9l2.500 4.500L19.500 9v8M26.500 9h-4v8h4M22.500 13h3.400M28.500 9l4.500 8M33 9l-4.500 8",
            "",
            "",
        ),
        Network::Mastercard => (
            "",
            "M20 8.400a6.500 6.500 0 1 0 0 9.200 6.500 6.500 0 0 1 0-9.200z",
            "M20 8.400a6.500 6.500 0 1 1 0 9.200 6.500 6.500 0 0 0 0-9.200z",
        ),
        Network::Maestro => (
            "M20 8.400a6.500 6.500 0 1 0 0 9.200M20 8.400a6.500 6.500 0 1 1 0 9.200",
            "M20 8.400a6.500 6.500 0 0 1 0 9.200 6.500 6.500 0 0 1 0-9.200z",
            "",
        ),
        Network::Rupay => ("", "M13 7l6 6-6 6z", "M20.500 7l6 6-6 6z"),
        Network::Diners => (
            "M28 13a8 8 0 1 1-16 0 8 8 0 1 1 16 0z",
            "M18.500 8a5.200 5.200 0 0 0 0 10zM21.500 8a5.200 5.200 0 0 1 0 10z",
            "",
        ),
        Network::Jcb => (
            "",
            "M12 8a2 2 0 0 1 2-2h2v12a2 2 0 0 1-2 2h-2zM24 8a2 2 0 0 1 2-2h2v12a2 2 0 0 1-2 2h-2z",
            "M18 8a2 2 0 0 1 2-2h2v12a2 2 0 0 1-2 2h-2z",
        ),
        Network::Discover => ("M9 13h10", "M31 13a5 5 0 1 1-10 0 5 5 0 1 1 10 0z", ""),
        Network::Other => ("M9 17h6", "", "M1 8h38v4H1z"),
        Network::Another => ("M20 8v10M15 13h10", "", ""),
    };
    Drawing {
        strokes,
        fill,
        half,
    }
}

enum Network {
    Visa,
    Amex,
    Mastercard,
    Maestro,
    Rupay,
    Diners,
    Jcb,
    Discover,
    Other,
    Another,
}

impl Network {
    /// By the name that token providers give, however they spell it.
    fn of_name(name: &str) -> Self {
        let letters: String = name
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        match letters.as_str() {
            "visa" => Self::Visa,
            "amex" | "americanexpress" => Self::Amex,
            "mastercard" | "master" => Self::Mastercard,
            "maestro" => Self::Maestro,
            "rupay" => Self::Rupay,
            "diners" | "dinersclub" | "dinersclubinternational" => Self::Diners,
            "jcb" => Self::Jcb,
            "discover" => Self::Discover,
            _ => Self::Other,
        }
    }
}

/// The mark of a network, read out as its name; a plain card when it is not known.
pub fn mark(network: &str) -> Element {
    let drawn = draw(&Network::of_name(network));
    if network.is_empty() {
        drawn.attr("aria-hidden", "true")
    } else {
        drawn.attr("role", "img").attr("aria-label", network)
    }
}

/// The mark of a card that is not saved.
pub fn another() -> Element {
    draw(&Network::Another).attr("aria-hidden", "true")
}

fn draw(network: &Network) -> Element {
    let Drawing {
        strokes,
        fill,
        half,
    } = drawing_of(network);
    let edge = el("rect")
        .class("mark-edge")
        .attr("x", ".5")
        .attr("y", ".5")
        .attr("width", "39")
        .attr("height", "25")
        .attr("rx", "4");
    let paths = [
        ("mark-stroke", strokes),
        ("mark-fill", fill),
        ("mark-half", half),
    ];
    let paths = paths
        .into_iter()
        .filter(|(_, path)| !path.is_empty())
        .map(|(class, path)| el("path").class(class).attr("d", path).into());
    el("svg")
        .class("mark")
        .attr("viewBox", "0 0 40 26")
        .child(edge)
        .children(paths.collect())
}
