//! The checkout as a pure step machine: a state and a message give the next state and what is to be
//! done outside. Nothing here knows of a browser, a clock or a server; the screens draw the state and
//! `app` carries out the effects. Session secrets never come here.
//!
//! * [`state`]: where the checkout stands
//! * [`message`]: what it hears and what it wants done
//! * `cards`: the step where the saved cards are

mod cards;
pub mod message;
pub mod state;

use shared::Timestamp;
use shared::api::checkout::ChallengeView;
use shared::api::error::{ErrorCode, ErrorDetails};
use shared::checkout_session::SessionStatus;
use shared::verification;

use self::message::{Alarm, Answer, Call, Effect, Event, Failure, Message, Outcome, Target};
use self::state::{
    Challenge, Choice, Ending, Notice, Problem, ProfileField, State, Step, Waiting, Wallet,
};
use super::country::{self, Country};

/// After this the shopper is told that it takes longer than usual.
const SLOW_MS: u32 = 3_000;
/// After this the shopper is told that there is no connection.
const GIVE_UP_MS: u32 = 20_000;
const SECOND_MS: u32 = 1_000;
/// The longest pause between two tries to wait for changes.
const WATCH_PAUSE_MAX_MS: u32 = 30_000;

impl State {
    /// Takes a message at an instant.
    pub fn receive(&mut self, now: Timestamp, message: Message) -> Vec<Effect> {
        self.now = now;
        match message {
            Message::Started => self.started(),
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
            Message::Retry => self.started(),
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

    fn challenged(&mut self, view: ChallengeView) -> Vec<Effect> {
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

    fn resent(&mut self, view: ChallengeView) -> Vec<Effect> {
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
    fn countdown(&self) -> Option<Effect> {
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

    fn ended(&mut self, ending: Ending) -> Vec<Effect> {
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

    fn outcome(&mut self, outcome: Outcome) -> Option<Effect> {
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

    fn change(&self) -> Effect {
        let (empty, complete, token_id, save) = match &self.step {
            Step::Done(_, choice) => (false, true, choice.token_id.clone(), choice.save),
            Step::Cards(Wallet {
                pick: Some(state::Pick::Card(id)),
                ..
            }) => (false, true, Some(id.clone()), false),
            Step::Cards(wallet) => (wallet.pick.is_none(), wallet.pick.is_some(), None, wallet.save),
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

    // ----- calls

    const fn next_call(&mut self) -> u32 {
        self.last_call = self.last_call.wrapping_add(1);
        self.last_call
    }

    fn ask(&mut self, call: Call) -> Vec<Effect> {
        let mut effects = self.stop_waiting();
        let id = self.next_call();
        self.problem = None;
        self.waiting = Some(Waiting {
            id,
            call: call.clone(),
            slow: false,
        });
        effects.extend([
            Effect::Ask(id, call),
            Effect::Wake(Alarm::Slow, SLOW_MS),
            Effect::Wake(Alarm::GiveUp, GIVE_UP_MS),
        ]);
        effects
    }

    fn stop_waiting(&mut self) -> Vec<Effect> {
        if self.notice == Some(Notice::Slow) {
            self.notice = None;
        }
        self.waiting.take().map_or_else(Vec::new, |waiting| {
            vec![
                Effect::Forget(waiting.id),
                Effect::Hush(Alarm::Slow),
                Effect::Hush(Alarm::GiveUp),
            ]
        })
    }

    fn stop_everything(&mut self) -> Vec<Effect> {
        let mut effects = self.stop_waiting();
        effects.extend(self.send_removals());
        effects.extend([
            Effect::StopWatching,
            Effect::Hush(Alarm::Watch),
            Effect::Hush(Alarm::Second),
        ]);
        effects
    }

    fn refuse(&mut self, problem: Problem, target: Target) -> Vec<Effect> {
        let mut effects = vec![Effect::Focus(target)];
        effects.extend(self.trouble(problem));
        effects
    }

    /// Shows a problem and tells the page.
    fn trouble(&mut self, problem: Problem) -> Vec<Effect> {
        self.problem = Some(problem.clone());
        let mut effects = vec![Effect::Tell(Event::Error(problem.clone()))];
        effects.extend(self.outcome(Outcome::Refused(problem)));
        effects
    }

    fn rang(&mut self, alarm: Alarm) -> Vec<Effect> {
        match alarm {
            Alarm::Second => self.countdown().into_iter().collect(),
            Alarm::Slow => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.slow = true;
                    self.notice = Some(Notice::Slow);
                }
                Vec::new()
            }
            Alarm::GiveUp if self.waiting.is_some() => {
                let mut effects = self.stop_waiting();
                effects.extend(self.trouble(Problem::Offline));
                effects
            }
            Alarm::GiveUp => Vec::new(),
            about_cards => self.rang_about_cards(about_cards),
        }
    }

    fn answered(&mut self, id: u32, result: Result<Answer, Failure>) -> Vec<Effect> {
        if self.session_call == Some(id) {
            self.session_call = None;
            return self.session_answered(result);
        }
        let Some(waiting) = self.waiting.take_if(|waiting| waiting.id == id) else {
            return Vec::new();
        };
        if self.notice == Some(Notice::Slow) {
            self.notice = None;
        }
        let mut effects = vec![Effect::Hush(Alarm::Slow), Effect::Hush(Alarm::GiveUp)];
        effects.extend(match result {
            Ok(answer) => self.granted(waiting.call, answer),
            Err(failure) => self.failed(waiting.call, failure),
        });
        effects
    }

    /// The session's facts, asked for beside what the shopper does: only an end of it matters.
    fn session_answered(&mut self, result: Result<Answer, Failure>) -> Vec<Effect> {
        match result {
            Ok(Answer::Session(view)) => {
                self.facts = (*view).into();
                Vec::new()
            }
            Err(Failure::Refused(code, _)) if ends_session(code) => self.expired(code),
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    fn expired(&mut self, code: ErrorCode) -> Vec<Effect> {
        let mut effects = self.trouble(Problem::Refused {
            code,
            until: None,
            tries_left: None,
        });
        effects.extend(self.ended(Ending::Expired));
        effects
    }

    fn granted(&mut self, call: Call, answer: Answer) -> Vec<Effect> {
        match (call, answer) {
            (Call::Session, Answer::Session(view)) => {
                let recognised = matches!(
                    view.status,
                    SessionStatus::Identified | SessionStatus::Completed
                );
                self.facts = (*view).into();
                if recognised {
                    return self.ask(Call::Customer);
                }
                self.step = Step::Phone;
                vec![self.change()]
            }
            (Call::Start(_), Answer::Challenge(view)) => self.challenged(view),
            (Call::Resend(_), Answer::Challenge(view)) => self.resent(view),
            (Call::Code { .. }, Answer::Customer(view)) => self.identified(*view),
            (Call::Customer, Answer::Customer(view)) => self.loaded(*view),
            (Call::Profile(_), Answer::Customer(view)) => self.profile_kept(*view),
            (Call::Select(request), _) => self.selected(Choice {
                save: request.save.is_some(),
                token_id: request.token_id,
            }),
            (Call::Agree(_), _) => self.ask(Call::Customer),
            (Call::Leave, _) => self.ended(Ending::Left),
            // An answer of another kind than was asked for is none.
            (call, _) => self.failed(call, Failure::Offline),
        }
    }

    fn failed(&mut self, call: Call, failure: Failure) -> Vec<Effect> {
        if matches!(call, Call::Leave) {
            // The device forgets at once, whether or not the server could be told.
            return self.ended(Ending::Left);
        }
        let Failure::Refused(code, details) = failure else {
            return self.trouble(Problem::Offline);
        };
        if ends_session(code) {
            return self.expired(code);
        }
        let ErrorDetails {
            until, tries_left, ..
        } = *details;
        let problem = Problem::Refused {
            code,
            until,
            tries_left,
        };
        match (call, code) {
            (Call::Start(phone), ErrorCode::ResendTooEarly) => {
                match self.running_challenge(phone, &details) {
                    Some(view) => self.challenged(view),
                    None => self.trouble(problem),
                }
            }
            (Call::Start(Some(_)), ErrorCode::InvalidRequest) => {
                self.refuse(Problem::NumberIncomplete, Target::Number)
            }
            (Call::Resend(_), ErrorCode::ResendTooEarly) => {
                if let Step::Code(challenge) = &mut self.step {
                    challenge.view.resend_at = details.resend_at.or(challenge.view.resend_at);
                }
                let mut effects = self.trouble(problem);
                effects.extend(self.countdown());
                effects
            }
            (Call::Code { .. } | Call::Resend(_), ErrorCode::ChallengeNotFound) => {
                self.step = Step::Phone;
                self.refuse(problem, Target::Number)
            }
            (Call::Code { .. }, _) => self.code_refused(problem, until, tries_left),
            (Call::Profile(_), ErrorCode::InvalidRequest | ErrorCode::CardNumberRefused) => {
                match details.field.as_deref().and_then(ProfileField::parse) {
                    Some(field) => self.refuse(Problem::Profile(field), Target::Profile(field)),
                    None => self.trouble(problem),
                }
            }
            (Call::Select(request) | Call::Agree(request), ErrorCode::NotEligible) => {
                self.not_eligible(request.token_id, *details, problem)
            }
            _ => self.trouble(problem),
        }
    }

    fn code_refused(
        &mut self,
        problem: Problem,
        until: Option<Timestamp>,
        tries_left: Option<u32>,
    ) -> Vec<Effect> {
        if let Step::Code(challenge) = &mut self.step {
            challenge.code.clear();
            challenge.view.tries_left = tries_left.unwrap_or(challenge.view.tries_left);
            challenge.locked_until = until;
        }
        let mut effects = self.refuse(problem, Target::Code);
        effects.extend(self.countdown());
        effects
    }

    /// The challenge that a too early second start names: the code already sent stays good.
    fn running_challenge(
        &self,
        phone: Option<(String, String)>,
        details: &ErrorDetails,
    ) -> Option<ChallengeView> {
        let challenge_id = details.challenge_id.clone()?;
        let known = self
            .last_challenge
            .clone()
            .filter(|known| known.challenge_id == challenge_id);
        let sent_to = match (known.as_ref(), phone) {
            (Some(known), _) => known.sent_to.clone(),
            (None, Some((code, number))) => {
                let tail: String = number
                    .chars()
                    .skip(number.chars().count().saturating_sub(4))
                    .collect();
                format!("+{code} •••••• {tail}")
            }
            (None, None) => self.facts.hint.clone()?,
        };
        Some(ChallengeView {
            challenge_id,
            sent_to,
            resend_at: details.resend_at,
            tries_left: details
                .tries_left
                .or(known.as_ref().map(|known| known.tries_left))
                .unwrap_or(verification::TRIES),
            expires_at: known.map_or_else(
                || self.now.plus(verification::CODE_LIFETIME),
                |known| known.expires_at,
            ),
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
