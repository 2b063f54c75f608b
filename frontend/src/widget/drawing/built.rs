//! An element as it stands in the page.

use leptos::tachys::renderer::types;
use leptos::tachys::view::Mountable;

use super::Element;

/// An element in the page, with all that keeps it up to date. Dropping it stops that.
pub struct Built {
    #[cfg(target_arch = "wasm32")]
    element: types::Element,
    #[cfg(target_arch = "wasm32")]
    _held: Vec<browser::Held>,
}

#[cfg(not(target_arch = "wasm32"))]
impl Built {
    pub(super) fn of(_: Element) -> Self {
        Self {}
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Mountable for Built {
    fn unmount(&mut self) {}

    fn mount(&mut self, _: &types::Element, _: Option<&types::Node>) {}

    fn insert_before_this(&self, _: &mut dyn Mountable) -> bool {
        false
    }

    fn elements(&self) -> Vec<types::Element> {
        Vec::new()
    }
}

#[cfg(target_arch = "wasm32")]
impl Built {
    pub(super) fn of(element: Element) -> Self {
        let mut held = Vec::new();
        let element = browser::element(element, &mut held);
        Self {
            element,
            _held: held,
        }
    }
}

#[cfg(target_arch = "wasm32")]
impl Mountable for Built {
    fn unmount(&mut self) {
        self.element.remove();
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        let _ = parent.insert_before(&self.element, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = self.element.parent_element();
        if let Some(parent) = &parent {
            child.mount(parent, Some(&self.element));
        }
        parent.is_some()
    }

    fn elements(&self) -> Vec<types::Element> {
        vec![self.element.clone()]
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use js_sys::Reflect;
    use leptos::prelude::RenderEffect;
    use leptos::tachys::renderer::dom::Dom;
    use leptos::tachys::renderer::types::{Element as Node, Node as AnyNode};
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast as _, JsValue};

    use super::super::{Attribute, Element, Flag, Property, Text, Value, View};

    const SVG: &str = "http://www.w3.org/2000/svg";

    /// What must live as long as its element.
    pub enum Held {
        Effect(#[expect(dead_code, reason = "held to be dropped")] RenderEffect<()>),
        Switch(#[expect(dead_code, reason = "held to be dropped")] RenderEffect<Vec<Held>>),
        List(#[expect(dead_code, reason = "held to be dropped")] RenderEffect<Vec<Item>>),
        Handler(
            #[expect(dead_code, reason = "held to be dropped")]
            Closure<dyn FnMut(leptos::ev::Event)>,
        ),
    }

    /// An element of a list.
    pub struct Item {
        key: String,
        node: Node,
        held: Vec<Held>,
    }

    pub fn element(element: Element, held: &mut Vec<Held>) -> Node {
        let Element {
            tag,
            attributes,
            properties,
            handlers,
            children,
        } = element;
        let node = Dom::create_element(tag, matches!(tag, "svg" | "path" | "rect").then_some(SVG));
        for (name, value) in attributes {
            match value {
                Value::Fixed(value) => Dom::set_attribute(&node, name, &value),
                Value::Live(value) => held.push(attribute(node.clone(), name, value)),
            }
        }
        for child in children {
            view(child, &node, None, held);
        }
        // After the children: a select's choice needs its options.
        for (name, property) in properties {
            held.push(match property {
                Property::Text(value) => text_property(node.clone(), name, value),
                Property::Flag(value) => flag_property(node.clone(), name, value),
            });
        }
        for (event, handler) in handlers {
            let handler: Box<dyn FnMut(leptos::ev::Event)> = handler;
            let closure = Closure::wrap(handler);
            let _ = node.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
            held.push(Held::Handler(closure));
        }
        node
    }

    fn view(view: View, parent: &AnyNode, before: Option<&AnyNode>, held: &mut Vec<Held>) {
        let insert = |node: &AnyNode| {
            let _ = parent.insert_before(node, before);
        };
        match view {
            View::Element(inner) => insert(&element(*inner, held)),
            View::Fixed(text) => insert(&Dom::create_text_node(&text)),
            View::Live(text) => {
                let node = Dom::create_text_node("");
                insert(&node);
                held.push(live_text(node.into(), text));
            }
            View::Switch(draw) => {
                let (start, end) = (Dom::create_text_node(""), Dom::create_text_node(""));
                insert(&start);
                insert(&end);
                held.push(switch(start.into(), end.into(), draw));
            }
            View::List(keys, item) => {
                let end = Dom::create_text_node("");
                insert(&end);
                held.push(list(end.into(), keys, item));
            }
        }
    }

    fn live_text(node: AnyNode, mut text: Text) -> Held {
        let mut shown = String::new();
        Held::Effect(RenderEffect::new(move |_| {
            let now = text();
            if now != shown {
                node.set_node_value(Some(&now));
                shown = now;
            }
        }))
    }

    fn attribute(node: Node, name: &'static str, mut value: Attribute) -> Held {
        let mut shown = None;
        Held::Effect(RenderEffect::new(move |_| {
            let now = value();
            if now != shown {
                match &now {
                    Some(now) => Dom::set_attribute(&node, name, now),
                    None => Dom::remove_attribute(&node, name),
                }
                shown = now;
            }
        }))
    }

    /// Unlike attributes, properties are changed by the shopper as well: what stands there counts.
    fn text_property(node: Node, name: &'static str, mut value: Text) -> Held {
        Held::Effect(RenderEffect::new(move |_| {
            property(&node, name, &value().into());
        }))
    }

    fn flag_property(node: Node, name: &'static str, mut value: Flag) -> Held {
        Held::Effect(RenderEffect::new(move |_| {
            property(&node, name, &value().into());
        }))
    }

    fn property(node: &Node, name: &str, value: &JsValue) {
        let name = name.into();
        // Setting a value that is there already would move the caret.
        if Reflect::get(node, &name).is_ok_and(|shown| shown.loose_eq(value)) {
            return;
        }
        let _ = Reflect::set(node, &name, value);
    }

    fn switch(
        start: AnyNode,
        end: AnyNode,
        mut draw: Box<dyn FnMut() -> Option<Vec<View>> + Send>,
    ) -> Held {
        Held::Switch(RenderEffect::new(move |before: Option<Vec<Held>>| {
            let Some(views) = draw() else {
                return before.unwrap_or_default();
            };
            drop(before);
            let Some(parent) = end.parent_node() else {
                return Vec::new();
            };
            while let Some(old) = start
                .next_sibling()
                .filter(|node| !node.is_same_node(Some(&end)))
            {
                let _ = parent.remove_child(&old);
            }
            let mut held = Vec::new();
            for inner in views {
                view(inner, &parent, Some(&end), &mut held);
            }
            held
        }))
    }

    fn list(
        end: AnyNode,
        mut keys: Box<dyn FnMut() -> Vec<String> + Send>,
        item: Box<dyn Fn(String) -> Element + Send>,
    ) -> Held {
        Held::List(RenderEffect::new(move |before: Option<Vec<Item>>| {
            let mut before = before.unwrap_or_default();
            let Some(parent) = end.parent_node() else {
                return before;
            };
            let take = |key: String| {
                if let Some(index) = before.iter().position(|item| item.key == key) {
                    return before.swap_remove(index);
                }
                let mut held = Vec::new();
                let node = element(item(key.clone()), &mut held);
                Item { key, node, held }
            };
            let now: Vec<Item> = keys().into_iter().map(take).collect();
            for gone in before {
                gone.node.remove();
                drop(gone.held);
            }
            // From the end, so that only what is new or out of place is moved: what stays keeps the focus.
            let mut next = end.clone();
            for item in now.iter().rev() {
                let node: &AnyNode = &item.node;
                if !node
                    .next_sibling()
                    .is_some_and(|sibling| sibling.is_same_node(Some(&next)))
                {
                    let _ = parent.insert_before(node, Some(&next));
                }
                next = node.clone();
            }
            now
        }))
    }
}
