//! The widget's WASM: what the frame's script calls. All else is in `frontend::widget`.

fn main() {}

#[cfg(target_arch = "wasm32")]
mod exports {
    use frontend::widget::app::{App, Given};
    use frontend::widget::flow::message::Message;
    use frontend::widget::flow::state::Options;
    use js_sys::{Function, Number, Reflect};
    use wasm_bindgen::prelude::*;
    use web_sys::HtmlElement;

    /// A mounted widget. Whoever holds it must keep it: it ends when it is freed.
    #[wasm_bindgen]
    pub struct Widget(App);

    /// Mounts the widget. `given` is `{secret, texts, options, defaultValues}`, `emit` is called with
    /// each event.
    #[wasm_bindgen]
    #[must_use]
    pub fn mount(root: HtmlElement, given: &JsValue, emit: Function) -> Widget {
        let values = field(given, "defaultValues");
        let given = Given {
            secret: text(given, "secret"),
            texts: field(given, "texts"),
            options: options_of(&field(given, "options")),
            country_code: text(&values, "countryCode"),
            mobile_number: text(&values, "mobileNumber"),
            emit,
        };
        Widget(App::mount(root, given))
    }

    #[wasm_bindgen]
    impl Widget {
        /// Asks for the outcome, which comes as an event with this number.
        pub fn submit(&self, id: u32) {
            self.0.send(Message::Submit(id));
        }

        /// Puts the caret into the widget.
        pub fn focus(&self) {
            self.0.send(Message::FocusAsked);
        }

        /// Empties the widget.
        pub fn clear(&self) {
            self.0.send(Message::Clear);
        }

        /// Changes what the page asked for.
        pub fn update(&self, options: &JsValue) {
            self.0.send(Message::OptionsGiven(options_of(options)));
        }

        /// The page goes away.
        pub fn closing(&self) {
            self.0.send(Message::Closing);
        }
    }

    fn options_of(options: &JsValue) -> Options {
        let cards = field(options, "cards");
        Options {
            removable: field(&cards, "removable") != JsValue::FALSE,
            only_usable: text(&cards, "show").as_deref() == Some("usable"),
            limit: text(&cards, "limit").and_then(|limit| limit.parse().ok()),
            button: field(options, "button") == JsValue::TRUE,
        }
    }

    fn field(object: &JsValue, name: &str) -> JsValue {
        Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    /// A text, or a number as text; none when absent or empty.
    fn text(object: &JsValue, name: &str) -> Option<String> {
        let value = field(object, name);
        let number = || Number::from(value.as_f64()?).to_string_with_radix(10).ok();
        let value = value.as_string().or_else(|| number().map(String::from));
        value.filter(|text| !text.is_empty())
    }
}
