//! The widget in a browser: draws the flow's state and carries out what it wants.
//!
//! It knows the element it was given and nothing of the document around it, so it works the same in
//! a frame and in a shadow root. Everything it has running (timers, requests, the wait for changes)
//! is held here and ends when it is unmounted.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Object};
use leptos::prelude::*;
use shared::Timestamp;
use shared::api::checkout::{ChallengeView, StartVerificationRequest};
use shared::text::{Language, Texts};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{AbortController, AbortSignal, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::flow::message::{Alarm, Answer, Call, Effect, Event, Failure, Message, Target};
use super::flow::state::{Challenge, Facts, Options, State, Step};
use super::host;
use super::screens::{self, Ui};
use crate::client::checkout::{CallError, Checkout, wire};

/// A widget on the screen. Dropping it ends it.
pub struct App {
    inner: Rc<Inner>,
}

struct Inner {
    root: HtmlElement,
    /// Owns the reactive values; disposing of it makes every late use of them a no-op.
    owner: Owner,
    state: RwSignal<State>,
    texts: Texts,
    client: Checkout,
    emit: Function,
    view: RefCell<Option<Box<dyn Any>>>,
    alarms: RefCell<Vec<(Alarm, TimeoutHandle)>>,
    calls: RefCell<Vec<(u32, AbortController)>>,
    watch: RefCell<Option<AbortController>>,
    alive: Cell<bool>,
}

/// What the page gives besides the element and its `data-*` attributes.
pub struct Given {
    /// The session's secret; none where the cookie serves.
    pub secret: Option<String>,
    /// The table of texts: an object.
    pub texts: JsValue,
    /// What the page asked for.
    pub options: Options,
    /// Calling code to begin with.
    pub country_code: Option<String>,
    /// Number to begin with.
    pub mobile_number: Option<String>,
    /// Is called with each event.
    pub emit: Function,
}

impl App {
    /// Takes `root` over: what the server drew is replaced, what was typed and the caret stay.
    ///
    #[must_use]
    pub fn mount(root: HtmlElement, given: Given) -> Self {
        let data = |name: &str| root.dataset().get(name).filter(|text| !text.is_empty());
        let language = data("language")
            .as_deref()
            .and_then(Language::from_tag)
            .unwrap_or_default();
        let texts = Texts::from_pairs(language, table(&given.texts));
        let state = initial(&data, language, given.options);
        let owner = Owner::new();
        let state = owner.with(|| RwSignal::new(state));
        let client = Checkout::new(data("origin").unwrap_or_default(), given.secret);
        let inner = Rc::new(Inner {
            root,
            owner,
            state,
            texts,
            client,
            emit: given.emit,
            view: RefCell::default(),
            alarms: RefCell::default(),
            calls: RefCell::default(),
            watch: RefCell::default(),
            alive: Cell::new(true),
        });
        let was_filled = inner.root.has_child_nodes();
        inner.send(Message::PhoneGiven {
            country_code: given.country_code,
            mobile_number: given.mobile_number,
        });
        if !was_filled && inner.view.borrow().is_none() {
            inner.draw();
        }
        inner.send(Message::Started);
        Self { inner }
    }

    /// Tells the widget something.
    pub fn send(&self, message: Message) {
        self.inner.send(message);
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.inner.end();
    }
}

fn table(texts: &JsValue) -> impl Iterator<Item = (String, String)> {
    let entries = texts
        .dyn_ref::<Object>()
        .map(Object::entries)
        .unwrap_or_default();
    entries.into_iter().filter_map(|entry| {
        let entry: Array = entry.dyn_into().ok()?;
        Some((entry.get(0).as_string()?, entry.get(1).as_string()?))
    })
}

fn initial(data: &impl Fn(&str) -> Option<String>, language: Language, options: Options) -> State {
    let mut facts = Facts {
        hint: data("hint"),
        merchant_name: data("merchantName").unwrap_or_default(),
        ..Facts::default()
    };
    if let Some(code) = data("countryCode") {
        facts.country_code = code;
    }
    let challenge = || data("challenge").and_then(|json| wire::parse::<ChallengeView>(&json));
    let step = match data("step").as_deref() {
        Some("phone") => Step::Phone,
        Some("code") => challenge().map_or(Step::Phone, |view| Step::Code(Challenge::from(view))),
        // Cards and what follows are asked for: the page's own drawing stays until they are here.
        _ => Step::Loading,
    };
    State::new(language, facts, options, step)
}

fn now() -> Timestamp {
    let text: String = js_sys::Date::new_0().to_iso_string().into();
    Timestamp::parse(&text).unwrap_or(Timestamp::from_micros(0))
}

impl Inner {
    fn send(self: &Rc<Self>, message: Message) {
        if !self.alive.get() {
            return;
        }
        let now = now();
        let effects = self
            .state
            .try_update(|state| state.receive(now, message))
            .unwrap_or_default();
        let is_drawn = self.view.borrow().is_some();
        if !is_drawn
            && self.state.with_untracked(|state| {
                !matches!(state.step, Step::Loading) || state.problem.is_some()
            })
        {
            self.draw();
        }
        for effect in effects {
            self.carry_out(effect);
        }
    }

    /// Replaces what is in the element, in one go, so that nothing is seen to change.
    fn draw(self: &Rc<Self>) {
        let typed = self.typed();
        for message in typed.messages {
            let now = now();
            let _ = self.state.try_update(|state| state.receive(now, message));
        }
        let weak = Rc::downgrade(self);
        let app = self.owner.with(|| StoredValue::new_local(weak));
        let send = move |message: Message| {
            if let Some(inner) = app.try_get_value().and_then(|weak| weak.upgrade()) {
                inner.send(message);
            }
        };
        let (state, texts, base) = (
            self.state,
            self.texts.clone(),
            self.root.dataset().get("base").unwrap_or_default(),
        );
        let root = self.root.clone();
        root.set_text_content(None);
        let handle = self.owner.with(|| {
            leptos::mount::mount_to(root, move || {
                screens::checkout(Ui::new(state, texts, base, Callback::new(send)))
            })
        });
        *self.view.borrow_mut() = Some(Box::new(handle));
        if let Some((target, start, end)) = typed.caret
            && let Some(input) = self
                .find(&target)
                .and_then(|element| element.dyn_into::<HtmlInputElement>().ok())
        {
            let _ = input.focus();
            if let (Some(start), Some(end)) = (start, end) {
                let _ = input.set_selection_range(start, end);
            }
        }
    }

    /// What was typed into the server's drawing, and where the caret is.
    fn typed(&self) -> Typed {
        let mut typed = Typed {
            messages: Vec::new(),
            caret: None,
        };
        let select = self
            .root
            .query_selector("select")
            .ok()
            .flatten()
            .and_then(|element| element.dyn_into::<HtmlSelectElement>().ok());
        let index = select.and_then(|select| usize::try_from(select.selected_index()).ok());
        if let Some(country) = index.and_then(|index| super::country::COUNTRIES.get(index)) {
            typed
                .messages
                .push(Message::CountryChosen(country.region.to_owned()));
        }
        for target in [Target::Number, Target::Code] {
            let Some(input) = self
                .find(&target)
                .and_then(|element| element.dyn_into::<HtmlInputElement>().ok())
            else {
                continue;
            };
            let text = input.value();
            if !text.is_empty() {
                typed.messages.push(match target {
                    Target::Number => Message::NumberTyped(text),
                    _ => Message::CodeTyped(text),
                });
            }
            if input.matches(":focus").unwrap_or(false) {
                typed.caret = Some((
                    target,
                    input.selection_start().ok().flatten(),
                    input.selection_end().ok().flatten(),
                ));
            }
        }
        typed
    }

    fn find(&self, target: &Target) -> Option<HtmlElement> {
        let found = |selector: &str| self.root.query_selector(selector).ok().flatten();
        if *target == Target::Ways {
            return found("input[type=radio]:checked")
                .or_else(|| found("input[type=radio]:enabled"))?
                .dyn_into()
                .ok();
        }
        let name = target.name();
        let all = self.root.query_selector_all("[data-focus]").ok()?;
        (0..all.length())
            .filter_map(|index| all.get(index)?.dyn_into::<HtmlElement>().ok())
            .find(|element| element.dataset().get("focus").as_deref() == Some(&name))
    }

    // ----- what the flow wants

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Ask(id, call) => self.ask(id, call),
            Effect::Forget(id) => self.calls.borrow_mut().retain(|(call, controller)| {
                if *call == id {
                    controller.abort();
                }
                *call != id
            }),
            Effect::Watch(revision) => self.watch(revision),
            Effect::StopWatching => {
                if let Some(controller) = self.watch.borrow_mut().take() {
                    controller.abort();
                }
            }
            Effect::Remove(token_id) => self.remove(token_id),
            Effect::Wake(alarm, after) => self.wake(alarm, after),
            Effect::Hush(alarm) => self.hush(&alarm),
            Effect::Focus(target) => {
                let weak = Rc::downgrade(self);
                leptos::task::spawn_local(async move {
                    leptos::task::tick().await;
                    if let Some(element) = weak
                        .upgrade()
                        .filter(|inner| inner.alive.get())
                        .and_then(|inner| inner.find(&target))
                    {
                        let _ = element.focus();
                    }
                });
            }
            Effect::Tell(event) => self.tell(&event),
        }
    }

    fn tell(&self, event: &Event) {
        let Some(object) = self
            .state
            .try_with_untracked(|state| host::object_of(event, state, &self.texts))
        else {
            return;
        };
        let _ = self.emit.call1(&JsValue::NULL, &object);
    }

    fn ask(self: &Rc<Self>, id: u32, call: Call) {
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        // A farewell must arrive although nobody waits for its answer.
        if call != Call::Leave {
            self.calls.borrow_mut().push((id, controller));
        }
        let weak = Rc::downgrade(self);
        leptos::task::spawn_local(async move {
            let Some(inner) = weak.upgrade() else { return };
            let result = answer(&inner.client, call, &signal).await;
            inner.calls.borrow_mut().retain(|(call, _)| *call != id);
            inner.send(Message::Answered(id, result));
        });
    }

    fn watch(self: &Rc<Self>, revision: String) {
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        if let Some(before) = self.watch.borrow_mut().replace(controller) {
            before.abort();
        }
        let weak = Rc::downgrade(self);
        leptos::task::spawn_local(async move {
            let Some(inner) = weak.upgrade() else { return };
            let result = inner
                .client
                .customer(Some(&revision), &signal)
                .await
                .map_err(failure);
            if !signal.aborted() {
                inner.send(Message::Watched(result));
            }
        });
    }

    fn remove(self: &Rc<Self>, token_id: String) {
        let weak = Rc::downgrade(self);
        leptos::task::spawn_local(async move {
            let Some(inner) = weak.upgrade() else { return };
            let result = inner.client.remove(&token_id).await.map_err(failure);
            inner.send(Message::Removed(token_id, result));
        });
    }

    fn wake(self: &Rc<Self>, alarm: Alarm, after: u32) {
        self.hush(&alarm);
        let (weak, name) = (Rc::downgrade(self), alarm.clone());
        let ring = move || {
            if let Some(inner) = weak.upgrade() {
                inner.alarms.borrow_mut().retain(|(held, _)| *held != name);
                inner.send(Message::Rang(name));
            }
        };
        let after = Duration::from_millis(u64::from(after));
        if let Ok(handle) = set_timeout_with_handle(ring, after) {
            self.alarms.borrow_mut().push((alarm, handle));
        }
    }

    fn hush(&self, alarm: &Alarm) {
        self.alarms.borrow_mut().retain(|(held, handle)| {
            if held == alarm {
                handle.clear();
            }
            held != alarm
        });
    }

    fn end(self: &Rc<Self>) {
        self.send(Message::Closing);
        self.alive.set(false);
        for (_, handle) in self.alarms.borrow_mut().drain(..) {
            handle.clear();
        }
        for (_, controller) in self.calls.borrow_mut().drain(..) {
            controller.abort();
        }
        if let Some(controller) = self.watch.borrow_mut().take() {
            controller.abort();
        }
        drop(self.view.borrow_mut().take());
        self.owner.cleanup();
    }
}

struct Typed {
    messages: Vec<Message>,
    caret: Option<(Target, Option<u32>, Option<u32>)>,
}

async fn answer(client: &Checkout, call: Call, signal: &AbortSignal) -> Result<Answer, Failure> {
    let answer = match call {
        Call::Session => client
            .session(signal)
            .await
            .map(|view| Answer::Session(Box::new(view))),
        Call::Start(phone) => {
            let (country_code, mobile_number) = phone.unzip();
            let request = StartVerificationRequest {
                country_code,
                mobile_number,
                channel: None,
            };
            client.start(&request, signal).await.map(Answer::Challenge)
        }
        Call::Code { challenge_id, code } => client
            .enter_code(&challenge_id, &code, signal)
            .await
            .map(|view| Answer::Customer(Box::new(view))),
        Call::Resend(challenge_id) => client
            .resend(&challenge_id, signal)
            .await
            .map(Answer::Challenge),
        Call::Customer => client
            .customer(None, signal)
            .await
            .map(|view| Answer::Customer(Box::new(view))),
        Call::Profile(request) => client
            .update(&request, signal)
            .await
            .map(|view| Answer::Customer(Box::new(view))),
        Call::Select(request) | Call::Agree(request) => {
            client.select(&request, signal).await.map(|()| Answer::Done)
        }
        Call::Leave => {
            let left = client.leave(signal).await;
            client.forget();
            left.map(|()| Answer::Done)
        }
    };
    answer.map_err(failure)
}

fn failure(error: CallError) -> Failure {
    match error {
        CallError::Offline => Failure::Offline,
        CallError::Refused(body) => (*body).into(),
    }
}
