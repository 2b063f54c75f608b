//! Removing a card: asked, confirmed, and sent once the time to undo it is over.

use shared::checkout_session::Permission;

use super::ends_session;
use super::message::{Alarm, Effect, Event, Failure, Target};
use super::state::{Notice, Pick, Problem, Removal, State, Step};

/// How long a confirmed removal can be undone.
pub const UNDO_MS: u32 = 5_000;

impl State {
    pub(super) fn removal_mut(&mut self, id: &str) -> Option<&mut Removal> {
        self.wallet_mut()?
            .removals
            .iter_mut()
            .find(|(token_id, _)| token_id == id)
            .map(|(_, removal)| removal)
    }

    pub(super) fn remove_asked(&mut self, id: String) -> Vec<Effect> {
        let may = self.may(Permission::Remove) && self.options.removable;
        let Step::Cards(wallet) = &mut self.step else {
            return Vec::new();
        };
        if !may || wallet.card(&id).is_none() || wallet.removal(&id).is_some() {
            return Vec::new();
        }
        wallet
            .removals
            .retain(|(_, removal)| *removal != Removal::Asked);
        wallet.removals.push((id.clone(), Removal::Asked));
        vec![Effect::Focus(Target::RemoveYes(id))]
    }

    pub(super) fn remove_taken_back(&mut self, id: String, stage: Removal) -> Vec<Effect> {
        if self
            .removal_mut(&id)
            .is_none_or(|removal| *removal != stage)
        {
            return Vec::new();
        }
        if let Some(wallet) = self.wallet_mut() {
            wallet.removals.retain(|(token_id, _)| *token_id != id);
        }
        self.notice = None;
        vec![
            Effect::Hush(Alarm::Removal(id.clone())),
            Effect::Focus(Target::Remove(id)),
        ]
    }

    pub(super) fn remove_confirmed(&mut self, id: String) -> Vec<Effect> {
        match self.removal_mut(&id) {
            Some(removal) if *removal == Removal::Asked => *removal = Removal::Counting,
            _ => return Vec::new(),
        }
        self.notice = Some(Notice::Removed(id.clone()));
        let mut effects = vec![
            Effect::Wake(Alarm::Removal(id.clone()), UNDO_MS),
            Effect::Focus(Target::Undo(id.clone())),
        ];
        if let Step::Cards(wallet) = &mut self.step
            && wallet.pick == Some(Pick::Card(id))
        {
            wallet.pick = None;
            effects.push(self.change());
        }
        effects
    }

    /// Whoever goes on has made up their mind: what could still be undone is sent.
    pub(super) fn send_removals(&mut self) -> Vec<Effect> {
        let Some(wallet) = self.wallet_mut() else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        for (id, removal) in &mut wallet.removals {
            if *removal == Removal::Counting {
                *removal = Removal::Sent;
                effects.extend([
                    Effect::Hush(Alarm::Removal(id.clone())),
                    Effect::Remove(id.clone()),
                ]);
            }
        }
        effects
    }

    pub(super) fn removed(&mut self, id: String, result: Result<(), Failure>) -> Vec<Effect> {
        match result {
            Ok(()) => {
                if let Some(card) = self
                    .wallet_mut()
                    .and_then(|wallet| wallet.cards.iter_mut().find(|card| card.token_id == id))
                {
                    card.removing = true;
                }
                vec![Effect::Tell(Event::CardRemove(id))]
            }
            Err(Failure::Refused(code, _)) if ends_session(code) => self.expired(code),
            Err(failure) => {
                if let Some(wallet) = self.wallet_mut() {
                    wallet.removals.retain(|(token_id, _)| *token_id != id);
                }
                self.trouble(match failure {
                    Failure::Offline => Problem::Offline,
                    Failure::Refused(code, details) => Problem::Refused {
                        code,
                        until: details.until,
                        tries_left: None,
                    },
                })
            }
        }
    }
}
