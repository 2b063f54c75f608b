//! Calls of the server and their answers, and the timers that watch over them.

use shared::Timestamp;
use shared::api::checkout::ChallengeView;
use shared::api::error::{ErrorCode, ErrorDetails};
use shared::checkout_session::SessionStatus;
use shared::verification;

use super::ends_session;
use super::message::{Alarm, Answer, Call, Effect, Event, Failure, Outcome, Target};
use super::state::{Choice, Ending, Notice, Problem, ProfileField, State, Step, Waiting};

/// After this the shopper is told that it takes longer than usual.
const SLOW_MS: u32 = 3_000;
/// After this the shopper is told that there is no connection.
const GIVE_UP_MS: u32 = 20_000;

impl State {
    pub(super) const fn next_call(&mut self) -> u32 {
        self.last_call = self.last_call.wrapping_add(1);
        self.last_call
    }

    pub(super) fn ask(&mut self, call: Call) -> Vec<Effect> {
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

    pub(super) fn stop_waiting(&mut self) -> Vec<Effect> {
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

    pub(super) fn stop_everything(&mut self) -> Vec<Effect> {
        let mut effects = self.stop_waiting();
        effects.extend(self.send_removals());
        effects.extend([
            Effect::StopWatching,
            Effect::Hush(Alarm::Watch),
            Effect::Hush(Alarm::Second),
        ]);
        effects
    }

    pub(super) fn refuse(&mut self, problem: Problem, target: Target) -> Vec<Effect> {
        let mut effects = vec![Effect::Focus(target)];
        effects.extend(self.trouble(problem));
        effects
    }

    /// Shows a problem and tells the page.
    pub(super) fn trouble(&mut self, problem: Problem) -> Vec<Effect> {
        self.problem = Some(problem.clone());
        let mut effects = vec![Effect::Tell(Event::Error(problem.clone()))];
        effects.extend(self.outcome(Outcome::Refused(problem)));
        effects
    }

    pub(super) fn rang(&mut self, alarm: Alarm) -> Vec<Effect> {
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

    pub(super) fn answered(&mut self, id: u32, result: Result<Answer, Failure>) -> Vec<Effect> {
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

    pub(super) fn expired(&mut self, code: ErrorCode) -> Vec<Effect> {
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
