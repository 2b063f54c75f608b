//! The checkout as a pure step machine: a state and a message give the next state and what is to be
//! done outside. Nothing here knows of a browser, a clock or a server; the screens draw the state and
//! `app` carries out the effects. Session secrets never come here.
//!
//! * [`state`]: where the checkout stands
//! * [`message`]: what it hears and what it wants done
//! * `calls`: requests, their answers and their timers
//! * `cards`, `removal`: the step where the saved cards are

mod calls;
mod cards;
pub mod message;
mod removal;
pub mod state;

use shared::Timestamp;
use shared::api::checkout::ChallengeView;
use shared::api::error::ErrorCode;

use self::message::{Alarm, Call, Effect, Event, Message, Outcome, Target};
use self::state::{Challenge, Choice, Ending, Notice, Problem, State, Step, Wallet};
use super::country::{self, Country};

const SECOND_MS: u32 = 1_000;
/// The longest pause between two tries to wait for changes.
const WATCH_PAUSE_MAX_MS: u32 = 30_000;

impl State {
    /// Takes a message at an instant.
    pub fn receive(&mut self, now: Timestamp, message: Message) -> Vec<Effect> {
        self.now = now;
        match message {
            Message::Started | Message::Retry => self.started(),
            Message::CountryChosen(region) => self.country_chosen(&region),
            Message::NumberTyped(text) => self.number_typed(&text),
            Message::SendCode => self.send_code(),
            Message::CodeTyped(text) => self.code_typed(&text),
            Message::EnterCode => self.enter_code(),
            Message::Resend => self.resend(),
            Message::ChangeNumber => self.change_number(),
            Message::Leave => self.leave(),
            Message::Guest => self.guest(),
            Message::BackFromGuest => self.back_from_guest(),
            Message::Submit(id) => self.submit(id),
            Message::Clear => self.clear(),
            Message::FocusAsked => vec![Effect::Focus(self.entrance())],
            Message::OptionsGiven(options) => {
                self.options = options;
                Vec::new()
            }
            Message::PhoneGiven {
                country_code,
                mobile_number,
            } => self.phone_given(country_code.as_deref(), mobile_number.as_deref()),
            Message::Rang(alarm) => self.rang(alarm),
            Message::Answered(id, result) => self.answered(id, result),
            about_cards => self.receive_about_cards(about_cards),
        }
    }

    fn started(&mut self) -> Vec<Effect> {
        if matches!(self.step, Step::Loading) {
            let mut effects = self.ask(Call::Session);
            effects.push(Effect::Tell(Event::Ready));
            return effects;
        }
        // The page was drawn already: the session's facts come in beside what the shopper does.
        let id = self.next_call();
        self.session_call = Some(id);
        let mut effects = vec![Effect::Ask(id, Call::Session), Effect::Tell(Event::Ready)];
        effects.extend(self.countdown());
        effects
    }

    // ----- the number

    fn country_chosen(&mut self, region: &str) -> Vec<Effect> {
        if let Some(country) = Country::of_region(region) {
            self.phone.country = country;
            self.phone.number = country.group(&self.phone.number);
            self.problem = None;
        }
        Vec::new()
    }

    fn number_typed(&mut self, text: &str) -> Vec<Effect> {
        if !matches!(self.step, Step::Phone | Step::Loading) {
            return Vec::new();
        }
        let (country, number) = self.phone.country.read(text);
        self.phone.country = country;
        self.phone.number = number;
        self.problem = None;
        vec![self.change()]
    }

    fn phone_given(
        &mut self,
        country_code: Option<&str>,
        mobile_number: Option<&str>,
    ) -> Vec<Effect> {
        if let Some(country) = country_code.and_then(Country::of_calling_code) {
            self.phone.country = country;
        }
        mobile_number.map_or_else(Vec::new, |number| self.number_typed(number))
    }

    fn send_code(&mut self) -> Vec<Effect> {
        if self.waiting.is_some() || !matches!(self.step, Step::Phone) {
            return Vec::new();
        }
        if self.is_hinted() {
            return self.ask(Call::Start(None));
        }
        if !self.phone.country.is_full(&self.phone.number) {
            return self.refuse(Problem::NumberIncomplete, Target::Number);
        }
        self.ask(Call::Start(Some((
            self.phone.country.calling_code.to_owned(),
            country::digits(&self.phone.number),
        ))))
    }

    // ----- the code

    pub(super) fn challenged(&mut self, view: ChallengeView) -> Vec<Effect> {
        self.last_challenge = Some(view.clone());
        self.problem = None;
        self.notice = None;
        self.step = Step::Code(Challenge::from(view));
        let mut effects = vec![Effect::Tell(Event::CodeSent), Effect::Focus(Target::Code)];
        effects.extend(self.countdown());
        effects
    }

    fn code_typed(&mut self, text: &str) -> Vec<Effect> {
        let length = self.facts.code_digits;
        let Step::Code(challenge) = &mut self.step else {
            return Vec::new();
        };
        let code: String = country::digits(text).chars().take(length).collect();
        if code == challenge.code {
            return Vec::new();
        }
        let full = code.len() == length;
        challenge.code = code;
        self.problem = None;
        if full { self.enter_code() } else { Vec::new() }
    }

    fn enter_code(&mut self) -> Vec<Effect> {
        if self.waiting.is_some() || self.is_locked() {
            return Vec::new();
        }
        let Step::Code(challenge) = &self.step else {
            return Vec::new();
        };
        if challenge.code.len() != self.facts.code_digits {
            return self.refuse(Problem::CodeIncomplete, Target::Code);
        }
        self.ask(Call::Code {
            challenge_id: challenge.view.challenge_id.clone(),
            code: challenge.code.clone(),
        })
    }

    fn resend(&mut self) -> Vec<Effect> {
        if self.waiting.is_some() || self.resend_in().is_some() {
            return Vec::new();
        }
        let Some(challenge) = self
            .challenge()
            .filter(|challenge| challenge.view.resend_at.is_some())
        else {
            return Vec::new();
        };
        self.ask(Call::Resend(challenge.view.challenge_id.clone()))
    }

    pub(super) fn resent(&mut self, view: ChallengeView) -> Vec<Effect> {
        let Step::Code(challenge) = &mut self.step else {
            return Vec::new();
        };
        challenge.code.clear();
        challenge.view = view.clone();
        self.last_challenge = Some(view);
        self.notice = Some(Notice::Resent);
        let mut effects = vec![Effect::Tell(Event::CodeSent), Effect::Focus(Target::Code)];
        effects.extend(self.countdown());
        effects
    }

    fn change_number(&mut self) -> Vec<Effect> {
        if !matches!(self.step, Step::Code(_)) {
            return Vec::new();
        }
        let mut effects = self.stop_waiting();
        self.step = Step::Phone;
        self.problem = None;
        self.notice = None;
        effects.extend([Effect::Hush(Alarm::Second), Effect::Focus(Target::Number)]);
        effects
    }

    /// Rings each second while something on the screen counts down.
    pub(super) fn countdown(&self) -> Option<Effect> {
        (self.resend_in().is_some() || self.is_locked())
            .then_some(Effect::Wake(Alarm::Second, SECOND_MS))
    }

    // ----- leaving

    fn leave(&mut self) -> Vec<Effect> {
        if self.wallet().is_none() {
            return Vec::new();
        }
        self.ask(Call::Leave)
    }

    pub(super) fn ended(&mut self, ending: Ending) -> Vec<Effect> {
        let mut effects = self.stop_everything();
        self.step = Step::Ended(ending);
        self.problem = None;
        self.notice = (ending == Ending::Expired).then_some(Notice::Ended);
        self.stale = false;
        self.phone.number = String::new();
        effects.push(Effect::Tell(Event::Ended));
        // An end that comes by itself is announced and leaves the focus where it is.
        if ending == Ending::Left {
            effects.push(Effect::Focus(Target::Title));
        }
        effects
    }

    fn guest(&mut self) -> Vec<Effect> {
        if matches!(self.step, Step::Guest { .. }) {
            return Vec::new();
        }
        let mut effects = self.stop_everything();
        // A guest leaves without a trace: whoever was recognised is forgotten at the server too.
        let recognised = self.wallet().is_some();
        if recognised {
            effects.push(Effect::Ask(self.next_call(), Call::Leave));
        }
        self.step = Step::Guest {
            returnable: !recognised && !matches!(self.step, Step::Ended(_)),
        };
        self.phone.number = String::new();
        self.problem = None;
        self.notice = None;
        self.stale = false;
        effects.extend([
            Effect::Tell(Event::Guest),
            self.change(),
            Effect::Focus(Target::Title),
        ]);
        effects.extend(self.outcome(Outcome::Guest));
        effects
    }

    fn back_from_guest(&mut self) -> Vec<Effect> {
        if !matches!(self.step, Step::Guest { returnable: true }) {
            return Vec::new();
        }
        self.step = Step::Phone;
        vec![self.change(), Effect::Focus(Target::Number)]
    }

    // ----- the embedding page

    fn submit(&mut self, id: u32) -> Vec<Effect> {
        self.submission = Some(id);
        let mut effects = match &self.step {
            Step::Done(wallet, choice) => {
                let outcome = chosen(wallet, choice);
                return self.outcome(outcome).into_iter().collect();
            }
            Step::Guest { .. } => return self.outcome(Outcome::Guest).into_iter().collect(),
            Step::Cards(_) => self.receive_about_cards(Message::Continue),
            Step::Phone => self.refuse(Problem::NumberIncomplete, Target::Number),
            Step::Code(_) => self.refuse(Problem::CodeIncomplete, Target::Code),
            Step::Loading => self
                .outcome(Outcome::Refused(Problem::Offline))
                .into_iter()
                .collect(),
            Step::Ended(_) => {
                let ended = Problem::Refused {
                    code: ErrorCode::SessionEnded,
                    until: None,
                    tries_left: None,
                };
                self.outcome(Outcome::Refused(ended)).into_iter().collect()
            }
        };
        // Nothing is under way that would bring the outcome.
        if self.waiting.is_none() {
            effects.extend(self.outcome(Outcome::Refused(Problem::NothingChosen)));
        }
        effects
    }

    pub(super) fn outcome(&mut self, outcome: Outcome) -> Option<Effect> {
        self.submission
            .take()
            .map(|id| Effect::Tell(Event::Outcome(id, outcome)))
    }

    fn clear(&mut self) -> Vec<Effect> {
        self.problem = None;
        match &mut self.step {
            Step::Phone => self.phone.number = String::new(),
            Step::Code(challenge) => challenge.code.clear(),
            Step::Cards(wallet) => {
                wallet.pick = None;
                wallet.save = false;
            }
            _ => return Vec::new(),
        }
        vec![self.change()]
    }

    const fn entrance(&self) -> Target {
        match self.step {
            Step::Phone => Target::Number,
            Step::Code(_) => Target::Code,
            Step::Cards(_) => Target::Ways,
            _ => Target::Title,
        }
    }

    pub(super) fn change(&self) -> Effect {
        let (empty, complete, token_id, save) = match &self.step {
            Step::Done(_, choice) => (false, true, choice.token_id.clone(), choice.save),
            Step::Cards(Wallet {
                pick: Some(state::Pick::Card(id)),
                ..
            }) => (false, true, Some(id.clone()), false),
            Step::Cards(wallet) => (
                wallet.pick.is_none(),
                wallet.pick.is_some(),
                None,
                wallet.save,
            ),
            Step::Guest { .. } => (false, true, None, false),
            Step::Phone => (self.phone.number.is_empty(), false, None, false),
            Step::Code(_) => (false, false, None, false),
            Step::Loading | Step::Ended(_) => (true, false, None, false),
        };
        Effect::Tell(Event::Change {
            empty,
            complete,
            token_id,
            save,
        })
    }
}

const fn ends_session(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::SessionEnded | ErrorCode::AuthenticationFailed | ErrorCode::SessionNotFound
    )
}

fn chosen(wallet: &Wallet, choice: &Choice) -> Outcome {
    let face = choice
        .token_id
        .as_deref()
        .and_then(|id| wallet.card(id))
        .and_then(|card| card.card.as_ref());
    Outcome::Chosen {
        status: wallet.customer.status,
        is_new: wallet.customer.is_new,
        token_id: choice.token_id.clone(),
        cvv_required: face.is_some_and(|face| face.cvv_required),
        save: choice.save,
    }
}

#[cfg(test)]
mod tests;
