//! What the screens are made of: elements, texts and the places where they change, as one Leptos view.
//!
//! Leptos' own views have a type for every place in which one is used, and the compiler writes the
//! code for building, changing and removing each. That is the fastest way to draw a large page, but
//! made the widget half as big again as it may be. Here is one type for all of them, drawn from
//! Leptos' signals by its effects in the browser, and as text on the server. It never sets HTML from
//! a string, so Trusted Types have nothing to object to, and it never asks for the document.

use leptos::ev::Event;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::no_attrs;
use leptos::tachys::view::{Position, PositionState, Render, RenderHtml};

/// A text that follows the state.
pub type Text = Box<dyn FnMut() -> String + Send>;
/// An attribute that follows the state and may be absent.
pub type Attribute = Box<dyn FnMut() -> Option<String> + Send>;
/// A yes or no that follows the state.
pub type Flag = Box<dyn FnMut() -> bool + Send>;
/// What happens on an event.
pub type Handler = Box<dyn FnMut(Event) + Send>;

/// Something drawn.
pub enum View {
    /// An element.
    Element(Box<Element>),
    /// A text that stays.
    Fixed(String),
    /// A text that follows the state.
    Live(Text),
    /// Views that are replaced as a whole; `None` leaves them as they are.
    Switch(Box<dyn FnMut() -> Option<Vec<View>> + Send>),
    /// Elements that come, go and stay by their keys.
    List(
        Box<dyn FnMut() -> Vec<String> + Send>,
        Box<dyn Fn(String) -> Element + Send>,
    ),
}

/// An element under construction.
pub struct Element {
    tag: &'static str,
    attributes: Vec<(&'static str, Value)>,
    properties: Vec<(&'static str, Property)>,
    handlers: Vec<(&'static str, Handler)>,
    children: Vec<View>,
}

enum Value {
    Fixed(String),
    Live(Attribute),
}

enum Property {
    Text(Text),
    Flag(Flag),
}

/// An element of a tag.
#[must_use]
pub const fn el(tag: &'static str) -> Element {
    Element {
        tag,
        attributes: Vec::new(),
        properties: Vec::new(),
        handlers: Vec::new(),
        children: Vec::new(),
    }
}

impl Element {
    /// With an attribute.
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, Value::Fixed(value.into())));
        self
    }

    /// With a class.
    #[must_use]
    pub fn class(self, class: &str) -> Self {
        self.attr("class", class)
    }

    /// With an attribute, if there is a value.
    #[must_use]
    pub fn maybe(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// With an attribute that follows the state.
    #[must_use]
    pub fn live(mut self, name: &'static str, value: Attribute) -> Self {
        self.attributes.push((name, Value::Live(value)));
        self
    }

    /// With a property that follows the state; on the server, with the attribute of that name.
    #[must_use]
    pub fn text_property(mut self, name: &'static str, value: Text) -> Self {
        self.properties.push((name, Property::Text(value)));
        self
    }

    /// With a property that follows the state and is yes or no.
    #[must_use]
    pub fn flag_property(mut self, name: &'static str, value: Flag) -> Self {
        self.properties.push((name, Property::Flag(value)));
        self
    }

    /// With something to do on an event.
    #[must_use]
    pub fn on(mut self, event: &'static str, handler: Handler) -> Self {
        self.handlers.push((event, handler));
        self
    }

    /// With something inside.
    #[must_use]
    pub fn child(mut self, child: impl Into<View>) -> Self {
        self.children.push(child.into());
        self
    }

    /// With several things inside.
    #[must_use]
    pub fn children(mut self, children: Vec<View>) -> Self {
        self.children.extend(children);
        self
    }
}

impl From<Element> for View {
    fn from(element: Element) -> Self {
        Self::Element(Box::new(element))
    }
}

impl From<String> for View {
    fn from(text: String) -> Self {
        Self::Fixed(text)
    }
}

impl From<Text> for View {
    fn from(text: Text) -> Self {
        Self::Live(text)
    }
}

// ----- as a Leptos view

impl Render for Element {
    type State = Built;

    fn build(self) -> Built {
        Built::of(self)
    }

    fn rebuild(self, state: &mut Built) {
        *state = self.build();
    }
}

no_attrs!(Element);

impl RenderHtml for Element {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        _: &mut Position,
        _: bool,
        _: bool,
        _: Vec<AnyAttribute>,
    ) {
        written::element(self, buf);
    }

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Built {
        self.build()
    }

    fn into_owned(self) -> Self {
        self
    }
}

/// As text, on the server.
mod written {
    use super::{Element, Property, Value, View};

    const VOID: [&str; 3] = ["input", "link", "meta"];

    pub fn element(element: Element, out: &mut String) {
        let Element {
            tag,
            attributes,
            properties,
            children,
            ..
        } = element;
        out.push('<');
        out.push_str(tag);
        for (name, value) in attributes {
            let value = match value {
                Value::Fixed(value) => Some(value),
                Value::Live(mut value) => value(),
            };
            if let Some(value) = value {
                attribute(name, &value, out);
            }
        }
        for (name, property) in properties {
            match property {
                Property::Text(mut value) => attribute(name, &value(), out),
                Property::Flag(mut value) => {
                    if value() {
                        attribute(name, "", out);
                    }
                }
            }
        }
        out.push('>');
        for child in children {
            view(child, out);
        }
        if !VOID.contains(&tag) {
            out.push_str("</");
            out.push_str(tag);
            out.push('>');
        }
    }

    fn view(view: View, out: &mut String) {
        match view {
            View::Element(inner) => element(*inner, out),
            View::Fixed(text) => escape(&text, out),
            View::Live(mut text) => escape(&text(), out),
            View::Switch(mut draw) => {
                for inner in draw().into_iter().flatten() {
                    self::view(inner, out);
                }
            }
            View::List(mut keys, item) => {
                for key in keys() {
                    element(item(key), out);
                }
            }
        }
    }

    fn attribute(name: &str, value: &str, out: &mut String) {
        out.push(' ');
        out.push_str(name);
        if !value.is_empty() {
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
    }

    fn escape(text: &str, out: &mut String) {
        for c in text.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
    }
}

/// In the browser. The server has no use for what is here and never runs it.
mod built;
pub use built::Built;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_drawn_can_leave_its_place() {
        let hostile = "</p><script>alert(\"1\")</script>&amp;'";
        let html = el("p")
            .attr("title", hostile)
            .child(hostile.to_owned())
            .to_html();
        let safe = "&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;";
        assert_eq!(html, format!("<p title=\"{safe}\">{safe}</p>"));
    }

    #[test]
    fn an_absent_attribute_is_not_written_and_an_empty_one_is_bare() {
        let html = el("input")
            .maybe("name", None)
            .attr("required", "")
            .live("hidden", Box::new(|| None))
            .flag_property("checked", Box::new(|| true))
            .to_html();
        assert_eq!(html, "<input required checked>");
    }
}
