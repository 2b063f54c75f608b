//! Where the checkout stands.

use shared::Timestamp;
use shared::api::checkout::{CardView, ChallengeView, CustomerCardsView, SessionView, ShopperView};
use shared::api::error::ErrorCode;
use shared::checkout_session::Permission;
use shared::eligibility::ReasonCode;
use shared::text::Language;

use super::message::Call;
use crate::widget::country::Country;

/// What is known of the session, from the page at first and from its own call then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose checkout it is.
    pub merchant_name: String,
    /// Calling code to begin with.
    pub country_code: String,
    /// Masked phone that the merchant's server gave.
    pub hint: Option<String>,
    /// What the browser may do.
    pub allow: Vec<Permission>,
    /// Digits of a code.
    pub code_digits: usize,
    /// How long a code is good.
    pub code_minutes: u64,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            merchant_name: String::new(),
            country_code: "91".to_owned(),
            hint: None,
            allow: Permission::ALL.to_vec(),
            code_digits: shared::verification::CODE_DIGITS,
            code_minutes: shared::verification::CODE_LIFETIME.as_secs() / 60,
        }
    }
}

impl From<SessionView> for Facts {
    fn from(view: SessionView) -> Self {
        Self {
            merchant_name: view.merchant_name,
            country_code: view.country_code,
            hint: view.hint,
            allow: view.allow,
            code_digits: view.limits.code_digits,
            code_minutes: view.limits.code_lifetime_seconds / 60,
        }
    }
}

/// What the embedding page asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether cards can be removed here.
    pub removable: bool,
    /// Show only cards that can be used; the others stay visible by default, with their reasons.
    pub only_usable: bool,
    /// The most cards to show.
    pub limit: Option<usize>,
    /// Whether the widget has its own button to go on, or the page calls `submit()`.
    pub button: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            removable: true,
            only_usable: false,
            limit: None,
            button: true,
        }
    }
}

/// Everything the screens draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The language on the screen: consent is given in it.
    pub language: Language,
    /// What is known of the session.
    pub facts: Facts,
    /// What the page asked for.
    pub options: Options,
    /// Which step, with what belongs to it alone.
    pub step: Step,
    /// The number as it was typed: it survives "change number".
    pub phone: PhoneForm,
    /// The call whose answer the shopper waits for.
    pub waiting: Option<Waiting>,
    /// What stands in the way, beside the field or button it belongs to.
    pub problem: Option<Problem>,
    /// What happened by itself or out of sight, for the live region.
    pub notice: Option<Notice>,
    /// The cards may be out of date: changes cannot be waited for.
    pub stale: bool,
    /// The instant of the last message.
    pub now: Timestamp,
    pub(super) session_call: Option<u32>,
    pub(super) submission: Option<u32>,
    pub(super) last_call: u32,
    pub(super) watch_failures: u32,
    pub(super) last_challenge: Option<ChallengeView>,
}

/// The steps. Each carries its own facts, so none can be shown without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is known yet.
    Loading,
    /// Asking for the number.
    Phone,
    /// Asking for the code.
    Code(Challenge),
    /// Choosing how to pay.
    Cards(Wallet),
    /// Chosen.
    Done(Wallet, Choice),
    /// Left as a guest; whether there is a way back.
    Guest {
        /// False when the session is over.
        returnable: bool,
    },
    /// The session is over.
    Ended(Ending),
}

/// Which screen a step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Nothing is known yet.
    Loading,
    /// Asking for the number.
    Phone,
    /// Asking for the code.
    Code,
    /// Choosing how to pay.
    Cards,
    /// Chosen.
    Done,
    /// Left as a guest.
    Guest,
    /// The session is over.
    Ended,
}

impl Step {
    /// Which screen it has.
    #[must_use]
    pub const fn screen(&self) -> Screen {
        match self {
            Self::Loading => Screen::Loading,
            Self::Phone => Screen::Phone,
            Self::Code(_) => Screen::Code,
            Self::Cards(_) => Screen::Cards,
            Self::Done(..) => Screen::Done,
            Self::Guest { .. } => Screen::Guest,
            Self::Ended(_) => Screen::Ended,
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its time is over, or its secret is not good.
    Expired,
    /// The shopper said "not you".
    Left,
}

/// The number as it is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneForm {
    /// Whose calling code goes before it.
    pub country: &'static Country,
    /// In its country's groups.
    pub number: String,
}

/// A code on its way and what was typed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Where it was sent and when the next may be asked for.
    pub view: ChallengeView,
    /// The digits so far.
    pub code: String,
    /// Until when no code is taken.
    pub locked_until: Option<Timestamp>,
}

impl From<ChallengeView> for Challenge {
    fn from(view: ChallengeView) -> Self {
        Self {
            view,
            code: String::new(),
            locked_until: None,
        }
    }
}

/// The saved cards and what is being done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// The shopper, as a customer.
    pub customer: ShopperView,
    /// The saved cards.
    pub cards: Vec<CardView>,
    /// Which revision this is.
    pub revision: String,
    /// What is chosen.
    pub pick: Option<Pick>,
    /// The tick box to save the next card; never ticked by us.
    pub save: bool,
    /// Removals that are asked about, counting down or sent.
    pub removals: Vec<(String, Removal)>,
    /// The card whose consent text is open, and whether its box is ticked.
    pub agreeing: Option<(String, bool)>,
    /// Name and e-mail of a new customer.
    pub profile: ProfileForm,
}

impl From<CustomerCardsView> for Wallet {
    fn from(view: CustomerCardsView) -> Self {
        let asks = view.customer.first_name.is_empty() && view.customer.is_new;
        // What can be used comes first. Later changes dim a card where it stands: nothing jumps.
        let (mut cards, others): (Vec<_>, Vec<_>) = view
            .cards
            .into_iter()
            .partition(|card| card.decision.eligible);
        cards.extend(others);
        Self {
            customer: view.customer,
            cards,
            revision: view.revision,
            pick: None,
            save: false,
            removals: Vec::new(),
            agreeing: None,
            profile: ProfileForm {
                open: asks,
                ..ProfileForm::default()
            },
        }
    }
}

impl Wallet {
    /// The card of a token.
    #[must_use]
    pub fn card(&self, token_id: &str) -> Option<&CardView> {
        self.cards.iter().find(|card| card.token_id == token_id)
    }

    /// Where the removal of a card stands.
    #[must_use]
    pub fn removal(&self, token_id: &str) -> Option<Removal> {
        if self.card(token_id).is_some_and(|card| card.removing) {
            return Some(Removal::Sent);
        }
        self.removals
            .iter()
            .find(|(id, _)| id == token_id)
            .map(|(_, removal)| *removal)
    }

    /// Whether a card can be chosen now.
    #[must_use]
    pub fn is_usable(&self, token_id: &str) -> bool {
        self.card(token_id)
            .is_some_and(|card| card.decision.eligible)
            && matches!(self.removal(token_id), None | Some(Removal::Asked))
    }
}

/// What is chosen in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// A saved card, by its token.
    Card(String),
    /// A card that is not saved.
    Other,
}

/// How far the removal of a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// "Remove this card?"
    Asked,
    /// Confirmed; can still be undone.
    Counting,
    /// Sent; gone once the provider confirms.
    Sent,
}

/// What the shopper's choice came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The card; none for another one.
    pub token_id: Option<String>,
    /// Whether that other one will be saved.
    pub save: bool,
}

/// Name and e-mail, all optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileForm {
    /// Whether it is shown.
    pub open: bool,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email_id: String,
}

/// One field of [`ProfileForm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileField {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// E-mail address.
    Email,
}

impl ProfileField {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Email => "email_id",
        }
    }

    /// Reads the name on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::FirstName, Self::LastName, Self::Email]
            .into_iter()
            .find(|field| field.as_str() == text)
    }
}

impl ProfileForm {
    /// What a field holds.
    #[must_use]
    pub fn get(&self, field: ProfileField) -> &str {
        match field {
            ProfileField::FirstName => &self.first_name,
            ProfileField::LastName => &self.last_name,
            ProfileField::Email => &self.email_id,
        }
    }

    pub(super) fn set(&mut self, field: ProfileField, text: String) {
        match field {
            ProfileField::FirstName => self.first_name = text,
            ProfileField::LastName => self.last_name = text,
            ProfileField::Email => self.email_id = text,
        }
    }
}

/// A call whose answer the shopper waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: an answer to another one is ignored.
    pub id: u32,
    /// What was asked.
    pub call: Call,
    /// It takes longer than usual.
    pub slow: bool,
}

/// What stands in the shopper's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No answer came.
    Offline,
    /// The number is too short.
    NumberIncomplete,
    /// The code is too short.
    CodeIncomplete,
    /// Nothing was chosen.
    NothingChosen,
    /// A field of name and e-mail was refused.
    Profile(ProfileField),
    /// The server refused.
    Refused {
        /// Why.
        code: ErrorCode,
        /// Until when, where it says so.
        until: Option<Timestamp>,
        /// Tries left, where it says so.
        tries_left: Option<u32>,
    },
}

/// Something that happened by itself or out of sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Another code was sent.
    Resent,
    /// The answer takes longer than usual.
    Slow,
    /// A card was removed and can be brought back.
    Removed(String),
    /// A card can no longer be used.
    Dimmed(String, ReasonCode),
    /// No card can be used any more, all for one reason.
    AllDimmed(ReasonCode),
    /// A card can be used again.
    Usable(String),
    /// Several cards changed.
    Updated,
    /// Name and e-mail are saved.
    Saved,
    /// The session is over.
    Ended,
}

impl State {
    /// A checkout at its beginning.
    #[must_use]
    pub fn new(language: Language, facts: Facts, options: Options, step: Step) -> Self {
        let country = Country::of_calling_code(&facts.country_code).unwrap_or_else(Country::first);
        Self {
            language,
            facts,
            options,
            step,
            phone: PhoneForm {
                country,
                number: String::new(),
            },
            waiting: None,
            problem: None,
            notice: None,
            stale: false,
            now: Timestamp::from_micros(0),
            session_call: None,
            submission: None,
            last_call: 0,
            watch_failures: 0,
            last_challenge: None,
        }
    }

    /// Whether the session lets the browser do it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.facts.allow.contains(&permission)
    }

    /// Whether the number that the merchant's server gave would be used.
    #[must_use]
    pub fn is_hinted(&self) -> bool {
        self.facts.hint.is_some() && self.phone.number.is_empty()
    }

    /// The saved cards, once they are known.
    #[must_use]
    pub const fn wallet(&self) -> Option<&Wallet> {
        match &self.step {
            Step::Cards(wallet) | Step::Done(wallet, _) => Some(wallet),
            _ => None,
        }
    }

    pub(super) const fn wallet_mut(&mut self) -> Option<&mut Wallet> {
        match &mut self.step {
            Step::Cards(wallet) | Step::Done(wallet, _) => Some(wallet),
            _ => None,
        }
    }

    /// The cards on the screen, in order.
    pub fn shown_cards(&self) -> impl Iterator<Item = &CardView> {
        let only_usable = self.options.only_usable;
        let cards = self.wallet().map_or(&[][..], |wallet| &wallet.cards);
        cards
            .iter()
            .filter(move |card| card.decision.eligible || !only_usable)
            .take(self.options.limit.unwrap_or(usize::MAX))
    }

    /// The code on its way.
    #[must_use]
    pub const fn challenge(&self) -> Option<&Challenge> {
        match &self.step {
            Step::Code(challenge) => Some(challenge),
            _ => None,
        }
    }

    /// Whole seconds until another code may be asked for; none when it may or never will be.
    #[must_use]
    pub fn resend_in(&self) -> Option<u64> {
        let at = self.challenge()?.view.resend_at?;
        let left = self.now.until(at);
        (!left.is_zero()).then(|| left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    /// Whether no code is taken now.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.challenge()
            .and_then(|challenge| challenge.locked_until)
            .is_some_and(|until| until > self.now)
    }
}
