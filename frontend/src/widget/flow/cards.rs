//! The step where the saved cards are: choosing, removing, agreeing, and changes from outside.

use shared::api::Change;
use shared::api::checkout::{
    CardView, CustomerCardsView, SaveConsent, SelectionRequest, UpdateShopperRequest,
};
use shared::api::error::ErrorDetails;
use shared::checkout_session::Permission;
use shared::consent;
use shared::eligibility::{Decision, ReasonCode, Remedy};

use super::message::{Alarm, Call, Effect, Event, Failure, Message, Target};
use super::state::{Choice, Notice, Pick, Problem, ProfileField, Removal, State, Step, Wallet};
use super::{WATCH_PAUSE_MAX_MS, ends_session};

impl State {
    pub(super) fn receive_about_cards(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Picked(pick) => self.picked(pick),
            Message::SaveTicked(ticked) => self.save_ticked(ticked),
            Message::Continue => self.go_on(),
            Message::PayWithoutSaving => self.select(SelectionRequest::default()),
            Message::RemoveAsked(id) => self.remove_asked(id),
            Message::RemoveKept(id) => self.remove_taken_back(id, Removal::Asked),
            Message::RemoveUndone(id) => self.remove_taken_back(id, Removal::Counting),
            Message::RemoveConfirmed(id) => self.remove_confirmed(id),
            Message::Removed(id, result) => self.removed(id, result),
            Message::RemedyTaken(id, remedy) => self.remedy_taken(id, remedy),
            Message::ConsentTicked(ticked) => {
                if let Some((_, box_ticked)) = self
                    .wallet_mut()
                    .and_then(|wallet| wallet.agreeing.as_mut())
                {
                    *box_ticked = ticked;
                }
                Vec::new()
            }
            Message::ConsentGiven => self.consent_given(),
            Message::ProfileTyped(field, text) => self.profile_typed(field, text),
            Message::ProfileSaved => self.profile_saved(),
            Message::ChangeChoice => self.change_choice(),
            Message::Closing => self.send_removals(),
            Message::Watched(result) => self.watched(result),
            _ => Vec::new(),
        }
    }

    pub(super) fn rang_about_cards(&mut self, alarm: Alarm) -> Vec<Effect> {
        match alarm {
            Alarm::Removal(id) => match self.removal_mut(&id) {
                Some(removal) if *removal == Removal::Counting => {
                    *removal = Removal::Sent;
                    vec![Effect::Remove(id)]
                }
                _ => Vec::new(),
            },
            Alarm::Watch => self.wallet().map_or_else(Vec::new, |wallet| {
                vec![Effect::Watch(wallet.revision.clone())]
            }),
            _ => Vec::new(),
        }
    }

    // ----- arriving

    pub(super) fn identified(&mut self, view: CustomerCardsView) -> Vec<Effect> {
        let identified = Event::Identified {
            status: view.customer.status,
            is_new: view.customer.is_new,
            cards: view.cards.len(),
            usable: view
                .cards
                .iter()
                .filter(|card| card.decision.eligible)
                .count(),
        };
        let mut effects = vec![Effect::Hush(Alarm::Second), Effect::Tell(identified)];
        effects.extend(self.loaded(view));
        effects.push(Effect::Focus(Target::Title));
        effects
    }

    pub(super) fn loaded(&mut self, view: CustomerCardsView) -> Vec<Effect> {
        self.problem = None;
        if self.wallet().is_some() {
            let agreed = self.wallet_mut().and_then(|wallet| wallet.agreeing.take());
            let mut effects = self.merged(view);
            if let Some((id, _)) = agreed {
                effects.extend(self.picked(Pick::Card(id)));
            }
            return effects;
        }
        let revision = view.revision.clone();
        self.notice = None;
        self.step = Step::Cards(Wallet::from(view));
        vec![self.change(), Effect::Watch(revision)]
    }

    // ----- choosing

    fn picked(&mut self, pick: Pick) -> Vec<Effect> {
        let Step::Cards(wallet) = &mut self.step else {
            return Vec::new();
        };
        if let Pick::Card(id) = &pick
            && !wallet.is_usable(id)
        {
            return Vec::new();
        }
        let token_id = match &pick {
            Pick::Card(id) => Some(id.clone()),
            Pick::Other => None,
        };
        wallet.pick = Some(pick);
        self.problem = None;
        vec![Effect::Tell(Event::CardSelect(token_id)), self.change()]
    }

    fn save_ticked(&mut self, ticked: bool) -> Vec<Effect> {
        let may = self.may(Permission::Save);
        let Step::Cards(wallet) = &mut self.step else {
            return Vec::new();
        };
        wallet.save = ticked && may;
        vec![self.change()]
    }

    fn go_on(&mut self) -> Vec<Effect> {
        let Step::Cards(wallet) = &self.step else {
            return Vec::new();
        };
        let request = match &wallet.pick {
            None => return self.refuse(Problem::NothingChosen, Target::Ways),
            Some(Pick::Card(id)) => SelectionRequest {
                token_id: Some(id.clone()),
                save: None,
            },
            Some(Pick::Other) => SelectionRequest {
                token_id: None,
                save: wallet.save.then(|| self.consent()),
            },
        };
        self.select(request)
    }

    /// The present wording, in the language in which it stands on the screen.
    fn consent(&self) -> SaveConsent {
        SaveConsent::Wording {
            text_version: consent::TEXT_VERSION.to_owned(),
            language: self.language,
        }
    }

    fn select(&mut self, request: SelectionRequest) -> Vec<Effect> {
        if self.waiting.is_some() || !matches!(self.step, Step::Cards(_)) {
            return Vec::new();
        }
        let mut effects = self.send_removals();
        effects.extend(self.ask(Call::Select(request)));
        effects
    }

    pub(super) fn selected(&mut self, choice: Choice) -> Vec<Effect> {
        let Step::Cards(wallet) = &self.step else {
            return Vec::new();
        };
        let outcome = super::chosen(wallet, &choice);
        self.step = Step::Done(wallet.clone(), choice);
        self.notice = None;
        let mut effects = vec![self.change(), Effect::Focus(Target::Title)];
        effects.extend(self.outcome(outcome));
        effects
    }

    fn change_choice(&mut self) -> Vec<Effect> {
        let Step::Done(wallet, _) = &self.step else {
            return Vec::new();
        };
        self.step = Step::Cards(wallet.clone());
        self.problem = None;
        vec![self.change(), Effect::Focus(Target::Title)]
    }

    /// The server decided otherwise than the screen shows: take its reasons over and deselect.
    pub(super) fn not_eligible(
        &mut self,
        token_id: Option<String>,
        details: ErrorDetails,
        problem: Problem,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let (Some(wallet), Some(id), Some(reasons)) = (self.wallet(), token_id, details.reasons)
        {
            let mut view = CustomerCardsView {
                customer: wallet.customer.clone(),
                cards: wallet.cards.clone(),
                revision: wallet.revision.clone(),
            };
            if let Some(card) = view.cards.iter_mut().find(|card| card.token_id == id) {
                card.decision = Decision {
                    eligible: reasons.is_empty(),
                    reasons,
                };
            }
            effects = self.merged(view);
        }
        effects.extend(self.trouble(problem));
        effects
    }

    // ----- what a reason's button does

    fn remedy_taken(&mut self, id: String, remedy: Remedy) -> Vec<Effect> {
        let Step::Cards(wallet) = &mut self.step else {
            return Vec::new();
        };
        match remedy {
            Remedy::Verify => {
                let mut effects = self.stop_everything();
                self.step = Step::Phone;
                self.problem = None;
                self.notice = None;
                effects.extend([self.change(), Effect::Focus(Target::Number)]);
                effects
            }
            Remedy::AddCard | Remedy::UseAnotherCard => {
                let mut effects = self.picked(Pick::Other);
                effects.push(Effect::Focus(Target::Ways));
                effects
            }
            Remedy::Consent => {
                wallet.agreeing = Some((id.clone(), false));
                vec![Effect::Focus(Target::Consent(id))]
            }
            Remedy::ContactMerchant
            | Remedy::WaitUntil
            | Remedy::Wait
            | Remedy::ContactIssuer
            | Remedy::None => Vec::new(),
        }
    }

    fn consent_given(&mut self) -> Vec<Effect> {
        if self.waiting.is_some() {
            return Vec::new();
        }
        let Some((id, true)) = self.wallet().and_then(|wallet| wallet.agreeing.clone()) else {
            return Vec::new();
        };
        self.ask(Call::Agree(SelectionRequest {
            token_id: Some(id),
            save: Some(self.consent()),
        }))
    }

    // ----- name and e-mail

    fn profile_typed(&mut self, field: ProfileField, text: String) -> Vec<Effect> {
        if let Some(wallet) = self.wallet_mut() {
            wallet.profile.set(field, text);
            if self.problem == Some(Problem::Profile(field)) {
                self.problem = None;
            }
        }
        Vec::new()
    }

    fn profile_saved(&mut self) -> Vec<Effect> {
        let Step::Cards(wallet) = &self.step else {
            return Vec::new();
        };
        if self.waiting.is_some() || !wallet.profile.open {
            return Vec::new();
        }
        let given = |field| match wallet.profile.get(field).trim() {
            "" => Change::Keep,
            text => Change::Set(text.to_owned()),
        };
        let request = UpdateShopperRequest {
            first_name: given(ProfileField::FirstName),
            last_name: given(ProfileField::LastName),
            email_id: given(ProfileField::Email),
        };
        if request == UpdateShopperRequest::default() {
            return self.refuse(
                Problem::Profile(ProfileField::FirstName),
                Target::Profile(ProfileField::FirstName),
            );
        }
        self.ask(Call::Profile(request))
    }

    pub(super) fn profile_kept(&mut self, view: CustomerCardsView) -> Vec<Effect> {
        let mut effects = self.merged(view);
        if let Some(wallet) = self.wallet_mut() {
            wallet.profile.open = false;
        }
        self.notice = Some(Notice::Saved);
        effects.push(Effect::Focus(Target::Title));
        effects
    }

    // ----- changes from outside

    fn watched(&mut self, result: Result<CustomerCardsView, Failure>) -> Vec<Effect> {
        if self.wallet().is_none() {
            return Vec::new();
        }
        match result {
            Ok(view) => {
                self.stale = false;
                self.watch_failures = 0;
                let revision = view.revision.clone();
                let mut effects = self.merged(view);
                effects.push(Effect::Watch(revision));
                effects
            }
            Err(Failure::Refused(code, _)) if ends_session(code) => self.expired(code),
            Err(_) => {
                self.stale = true;
                let pause = 1_000u32
                    .saturating_mul(1 << self.watch_failures.min(5))
                    .min(WATCH_PAUSE_MAX_MS);
                self.watch_failures = self.watch_failures.saturating_add(1);
                vec![Effect::Wake(Alarm::Watch, pause)]
            }
        }
    }

    /// Takes the server's cards over in place: what the shopper chose or asked about stays, unless it
    /// is no longer possible.
    fn merged(&mut self, view: CustomerCardsView) -> Vec<Effect> {
        let Some(wallet) = self.wallet_mut() else {
            return Vec::new();
        };
        let CustomerCardsView {
            customer,
            cards: mut incoming,
            revision,
        } = view;
        // Each card keeps its place; new ones come last.
        let mut cards = Vec::new();
        for before in &wallet.cards {
            let place = incoming
                .iter()
                .position(|card| card.token_id == before.token_id);
            cards.extend(place.map(|place| incoming.remove(place)));
        }
        cards.append(&mut incoming);
        let turned: Vec<CardView> = cards
            .iter()
            .filter(|card| {
                wallet
                    .card(&card.token_id)
                    .is_some_and(|before| before.decision.eligible != card.decision.eligible)
            })
            .cloned()
            .collect();
        let unlike = |card: &CardView| {
            wallet
                .card(&card.token_id)
                .is_none_or(|before| before.decision != card.decision)
        };
        let same = wallet.cards.len() == cards.len() && !cards.iter().any(unlike);
        wallet.customer = customer;
        wallet.cards = cards;
        wallet.revision = revision;
        wallet
            .removals
            .retain(|(id, _)| wallet.cards.iter().any(|card| card.token_id == *id));
        let picked_before = wallet.pick.clone();
        if let Some(Pick::Card(id)) = &picked_before
            && !wallet.is_usable(id)
        {
            wallet.pick = None;
        }
        if wallet
            .agreeing
            .as_ref()
            .is_some_and(|(id, _)| wallet.card(id).is_none_or(|card| card.decision.eligible))
        {
            wallet.agreeing = None;
        }
        let lost = picked_before != wallet.pick;
        let nothing_usable = !wallet.cards.iter().any(|card| card.decision.eligible);
        if !same {
            self.notice = Some(notice_of(&turned, nothing_usable));
        }
        let mut effects: Vec<Effect> = turned
            .into_iter()
            .map(|card| {
                let reasons = card
                    .decision
                    .reasons
                    .iter()
                    .map(|reason| reason.code)
                    .collect();
                Effect::Tell(Event::EligibilityChange {
                    token_id: card.token_id,
                    eligible: card.decision.eligible,
                    reasons,
                })
            })
            .collect();
        if let Step::Done(wallet, choice) = &self.step
            && choice
                .token_id
                .as_deref()
                .is_some_and(|id| !wallet.is_usable(id))
        {
            self.step = Step::Cards(wallet.clone());
            effects.push(self.change());
        } else if lost {
            effects.push(self.change());
        }
        effects
    }
}

/// What to say of the cards that turned: one by name, all by their reason, otherwise only that.
fn notice_of(turned: &[CardView], nothing_usable: bool) -> Notice {
    let reason = |card: &CardView| card.decision.reasons.first().map(|reason| reason.code);
    match turned {
        [card] if card.decision.eligible => Notice::Usable(card.token_id.clone()),
        [card, others @ ..] => match reason(card) {
            Some(code)
                if nothing_usable
                    && is_of_customer(code)
                    && others.iter().all(|other| reason(other) == Some(code)) =>
            {
                Notice::AllDimmed(code)
            }
            Some(code) if others.is_empty() => Notice::Dimmed(card.token_id.clone(), code),
            _ => Notice::Updated,
        },
        [] => Notice::Updated,
    }
}

const fn is_of_customer(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::CustomerNotVerified
            | ReasonCode::CustomerSuspended
            | ReasonCode::CustomerDeleted
            | ReasonCode::VerificationStale
    )
}
