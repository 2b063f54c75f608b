//! What the flow hears and what it wants done.

use shared::api::checkout::{
    ChallengeView, CustomerCardsView, SelectionRequest, SessionView, UpdateShopperRequest,
};
use shared::api::error::{ErrorBody, ErrorCode, ErrorDetails};
use shared::customer::CustomerStatus;
use shared::eligibility::{ReasonCode, Remedy};

use super::state::{Options, Pick, Problem, ProfileField};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The widget is on the screen.
    Started,
    /// Another country was chosen, by its region.
    CountryChosen(String),
    /// The number field changed.
    NumberTyped(String),
    /// "Send code".
    SendCode,
    /// The code field changed.
    CodeTyped(String),
    /// The code's own button.
    EnterCode,
    /// "Send a new code".
    Resend,
    /// "Change number".
    ChangeNumber,
    /// A way to pay was chosen.
    Picked(Pick),
    /// The tick box to save the next card.
    SaveTicked(bool),
    /// "Continue" under the cards.
    Continue,
    /// "Pay without saving".
    PayWithoutSaving,
    /// "Remove" on a card.
    RemoveAsked(String),
    /// "Keep it".
    RemoveKept(String),
    /// "Yes, remove".
    RemoveConfirmed(String),
    /// "Undo".
    RemoveUndone(String),
    /// The button of a reason, on a card.
    RemedyTaken(String, Remedy),
    /// The tick box under the consent text of a saved card.
    ConsentTicked(bool),
    /// "I agree" under it.
    ConsentGiven,
    /// A field of name and e-mail changed.
    ProfileTyped(ProfileField, String),
    /// "Save details".
    ProfileSaved,
    /// "Change" after choosing.
    ChangeChoice,
    /// "Not you?".
    Leave,
    /// "Continue as guest".
    Guest,
    /// "Use a saved card instead".
    BackFromGuest,
    /// "Try again" where nothing could be loaded.
    Retry,

    /// The page wants the outcome; it is answered with this number.
    Submit(u32),
    /// The page empties the widget.
    Clear,
    /// The page puts the caret in the widget.
    FocusAsked,
    /// The page changed its options.
    OptionsGiven(Options),
    /// The page filled in a phone.
    PhoneGiven {
        /// Calling code; as it is when absent.
        country_code: Option<String>,
        /// Number; as it is when absent.
        mobile_number: Option<String>,
    },
    /// The page goes away: what can still be undone is sent now or never.
    Closing,

    /// A timer rang.
    Rang(Alarm),
    /// A call was answered, by its number.
    Answered(u32, Result<Answer, Failure>),
    /// The wait for changes was answered.
    Watched(Result<CustomerCardsView, Failure>),
    /// A removal was answered.
    Removed(String, Result<(), Failure>),
}

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Call the server and answer with the number.
    Ask(u32, Call),
    /// The answer to a call no longer matters.
    Forget(u32),
    /// Wait for the customer to change from this revision.
    Watch(String),
    /// Stop waiting.
    StopWatching,
    /// Remove a card.
    Remove(String),
    /// Ring after so many milliseconds; the same alarm set again is moved.
    Wake(Alarm, u32),
    /// Do not ring after all.
    Hush(Alarm),
    /// Put the caret or the reading position there.
    Focus(Target),
    /// Tell the embedding page.
    Tell(Event),
}

/// One request of the Checkout API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `GET session`.
    Session,
    /// `POST verification`; neither field means the hinted phone.
    Start(Option<(String, String)>),
    /// `POST verification/{challenge_id}`.
    Code {
        /// Which challenge.
        challenge_id: String,
        /// Six digits.
        code: String,
    },
    /// `POST verification/{challenge_id}/resend`.
    Resend(String),
    /// `GET customer`.
    Customer,
    /// `PATCH customer`.
    Profile(UpdateShopperRequest),
    /// `POST selection`.
    Select(SelectionRequest),
    /// `POST selection` with consent for a saved card that lacks it.
    Agree(SelectionRequest),
    /// `POST leave`.
    Leave,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The session.
    Session(Box<SessionView>),
    /// A code is on its way.
    Challenge(ChallengeView),
    /// The customer and the cards. The session's new secret stays with the client.
    Customer(Box<CustomerCardsView>),
    /// Done; there is nothing to know.
    Done,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server was not reached, or what came was not ours.
    Offline,
    /// The server said no.
    Refused(ErrorCode, Box<ErrorDetails>),
}

impl From<ErrorBody> for Failure {
    fn from(body: ErrorBody) -> Self {
        Self::Refused(body.code, body.additional_error_details.unwrap_or_default())
    }
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The next second of a countdown.
    Second,
    /// The shopper has waited long.
    Slow,
    /// The shopper has waited too long.
    GiveUp,
    /// The time to undo a removal is over.
    Removal(String),
    /// Try again to wait for changes.
    Watch,
}

/// A place to put the caret or the reading position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The heading of the step.
    Title,
    /// The number field.
    Number,
    /// The code field.
    Code,
    /// The first way to pay.
    Ways,
    /// A field of name and e-mail.
    Profile(ProfileField),
    /// The consent box of a card.
    Consent(String),
    /// "Yes, remove" of a card.
    RemoveYes(String),
    /// "Undo" of a card.
    Undo(String),
    /// "Remove" of a card.
    Remove(String),
}

impl Target {
    /// What its element has as `data-focus`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Title => "title".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Code => "code".to_owned(),
            Self::Ways => "ways".to_owned(),
            Self::Profile(field) => field.as_str().to_owned(),
            Self::Consent(id) => format!("consent {id}"),
            Self::RemoveYes(id) => format!("yes {id}"),
            Self::Undo(id) => format!("undo {id}"),
            Self::Remove(id) => format!("remove {id}"),
        }
    }
}

/// What the embedding page is told. Nothing of it is personal: no number, no name, no digits of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The widget can be used.
    Ready,
    /// How far the shopper is.
    Change {
        /// Nothing was entered yet.
        empty: bool,
        /// `submit()` would bring an outcome.
        complete: bool,
        /// The chosen card.
        token_id: Option<String>,
        /// Whether another card will be saved.
        save: bool,
    },
    /// A code is on its way.
    CodeSent,
    /// The shopper proved the phone.
    Identified {
        /// Where the customer stands.
        status: CustomerStatus,
        /// Whether the customer came into being now.
        is_new: bool,
        /// How many cards there are.
        cards: usize,
        /// How many can be used.
        usable: usize,
    },
    /// A card was chosen; none for another one.
    CardSelect(Option<String>),
    /// A card was removed.
    CardRemove(String),
    /// A card can be used or no longer.
    EligibilityChange {
        /// Which.
        token_id: String,
        /// Whether it can be used.
        eligible: bool,
        /// Why not.
        reasons: Vec<ReasonCode>,
    },
    /// The shopper goes on as a guest.
    Guest,
    /// Something stands in the way.
    Error(Problem),
    /// The session is over.
    Ended,
    /// The outcome that the page asked for.
    Outcome(u32, Outcome),
}

/// What `submit()` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Chosen.
    Chosen {
        /// Where the customer stands.
        status: CustomerStatus,
        /// Whether the customer came into being now.
        is_new: bool,
        /// The card; none for another one.
        token_id: Option<String>,
        /// Whether the security code must be asked for.
        cvv_required: bool,
        /// Whether another card will be saved.
        save: bool,
    },
    /// A guest.
    Guest,
    /// Not yet.
    Refused(Problem),
}
