use shared::api::checkout::{
    CardFace, CardView, CustomerCardsView, SaveConsent, SelectionRequest, ShopperView,
};
use shared::api::error::ErrorDetails;
use shared::checkout_session::Permission;
use shared::customer::CustomerStatus;
use shared::eligibility::{Decision, Reason, ReasonCode, Remedy};
use shared::text::Language;

use super::message::*;
use super::state::*;
use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

fn beginning() -> State {
    State::new(
        Language::En,
        Facts::default(),
        Options::default(),
        Step::Phone,
    )
}

fn challenge() -> ChallengeView {
    ChallengeView {
        challenge_id: "chal-1".into(),
        sent_to: "+91 •••••• 3210".into(),
        resend_at: Some(later(30)),
        tries_left: 5,
        expires_at: later(300),
    }
}

fn card(token_id: &str, reasons: &[(ReasonCode, Remedy)]) -> CardView {
    let reasons: Vec<Reason> = reasons
        .iter()
        .map(|(code, remedy)| Reason {
            code: *code,
            since: NOW,
            remedy: *remedy,
            until: None,
        })
        .collect();
    let face = CardFace {
        last4_digit: "4242".into(),
        network_name: "VISA".into(),
        issuer_name: "HDFC".into(),
        card_type: None,
        cvv_required: true,
    };
    CardView {
        token_id: token_id.into(),
        card: Some(face),
        decision: Decision {
            eligible: reasons.is_empty(),
            reasons,
        },
        removing: false,
    }
}

fn customer(cards: Vec<CardView>) -> CustomerCardsView {
    let customer = ShopperView {
        first_name: "Priya".into(),
        last_name: String::new(),
        email_id: String::new(),
        mobile_number: "+91 •••••• 3210".into(),
        status: CustomerStatus::Active,
        is_new: false,
    };
    CustomerCardsView {
        customer,
        cards,
        revision: "1".into(),
    }
}

fn two_cards() -> CustomerCardsView {
    customer(vec![
        card("a", &[]),
        card("b", &[(ReasonCode::TokenExpired, Remedy::AddCard)]),
    ])
}

fn suspended() -> CustomerCardsView {
    let held = [(ReasonCode::CustomerSuspended, Remedy::ContactMerchant)];
    CustomerCardsView {
        revision: "2".into(),
        ..customer(vec![card("a", &held), card("b", &held)])
    }
}

/// Sends messages one after another; gives the effects of the last.
fn send(state: &mut State, messages: impl IntoIterator<Item = Message>) -> Vec<Effect> {
    messages
        .into_iter()
        .map(|message| state.receive(NOW, message))
        .last()
        .unwrap_or_default()
}

fn answer(state: &mut State, result: Result<Answer, Failure>) -> Vec<Effect> {
    let id = state.waiting.as_ref().expect("something is asked").id;
    state.receive(NOW, Message::Answered(id, result))
}

fn refused(code: ErrorCode, details: ErrorDetails) -> Result<Answer, Failure> {
    Err(Failure::Refused(code, Box::new(details)))
}

fn at_code() -> State {
    let mut state = beginning();
    send(
        &mut state,
        [
            Message::NumberTyped("98765 43210".into()),
            Message::SendCode,
        ],
    );
    answer(&mut state, Ok(Answer::Challenge(challenge())));
    state
}

fn at_cards() -> State {
    let mut state = at_code();
    send(&mut state, [Message::CodeTyped("123456".into())]);
    answer(&mut state, Ok(Answer::Customer(Box::new(two_cards()))));
    state
}

fn asked(effects: &[Effect]) -> Option<&Call> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(_, call) => Some(call),
        _ => None,
    })
}

#[test]
fn a_short_number_is_not_sent() {
    let mut state = beginning();
    let effects = send(
        &mut state,
        [Message::NumberTyped("98765".into()), Message::SendCode],
    );
    assert_eq!(asked(&effects), None);
    assert_eq!(state.problem, Some(Problem::NumberIncomplete));
    assert!(effects.contains(&Effect::Focus(Target::Number)));
}

#[test]
fn nothing_is_sent_before_the_button_is_pressed() {
    let mut state = beginning();
    for message in [
        Message::NumberTyped("9876543210".into()),
        Message::CountryChosen("GB".into()),
        Message::FocusAsked,
    ] {
        assert_eq!(asked(&state.receive(NOW, message)), None);
    }
}

#[test]
fn an_empty_field_uses_the_number_that_the_merchant_gave() {
    let mut state = beginning();
    state.facts.hint = Some("+91 •••••• 3210".into());
    assert_eq!(
        asked(&send(&mut state, [Message::SendCode])),
        Some(&Call::Start(None))
    );
}

#[test]
fn a_code_submits_itself_at_its_last_digit() {
    let mut state = at_code();
    assert_eq!(
        asked(&send(&mut state, [Message::CodeTyped("12345".into())])),
        None
    );
    let effects = send(&mut state, [Message::CodeTyped("123 456".into())]);
    assert_eq!(
        asked(&effects),
        Some(&Call::Code {
            challenge_id: "chal-1".into(),
            code: "123456".into()
        })
    );
    assert_eq!(
        asked(&send(&mut state, [Message::EnterCode])),
        None,
        "one is under way"
    );
}

#[test]
fn a_wrong_code_says_how_many_tries_are_left_and_empties_the_field() {
    let mut state = at_code();
    send(&mut state, [Message::CodeTyped("000000".into())]);
    answer(
        &mut state,
        refused(
            ErrorCode::CodeWrong,
            ErrorDetails {
                tries_left: Some(4),
                ..ErrorDetails::default()
            },
        ),
    );
    let challenge = state.challenge().expect("still asking");
    assert_eq!(
        (challenge.code.as_str(), challenge.view.tries_left),
        ("", 4)
    );
    assert_eq!(
        state.problem,
        Some(Problem::Refused {
            code: ErrorCode::CodeWrong,
            until: None,
            tries_left: Some(4)
        })
    );
}

#[test]
fn a_locked_challenge_takes_no_code_until_its_end() {
    let mut state = at_code();
    send(&mut state, [Message::CodeTyped("000000".into())]);
    answer(
        &mut state,
        refused(
            ErrorCode::ChallengeLocked,
            ErrorDetails {
                until: Some(later(60)),
                ..ErrorDetails::default()
            },
        ),
    );
    assert!(state.is_locked());
    assert_eq!(
        asked(&send(&mut state, [Message::CodeTyped("123456".into())])),
        None
    );
    state.receive(later(61), Message::Rang(Alarm::Second));
    assert!(!state.is_locked());
}

#[test]
fn another_code_can_be_asked_for_when_the_time_has_come() {
    let mut state = at_code();
    assert_eq!(asked(&send(&mut state, [Message::Resend])), None);
    assert_eq!(state.resend_in(), Some(30));
    let effects = state.receive(later(30), Message::Resend);
    assert_eq!(asked(&effects), Some(&Call::Resend("chal-1".into())));
}

#[test]
fn a_too_early_second_start_leads_to_the_code_already_sent() {
    let mut state = at_code();
    send(&mut state, [Message::ChangeNumber, Message::SendCode]);
    let details = ErrorDetails {
        challenge_id: Some("chal-1".into()),
        resend_at: Some(later(12)),
        ..ErrorDetails::default()
    };
    answer(&mut state, refused(ErrorCode::ResendTooEarly, details));
    let challenge = state.challenge().expect("back at the code");
    assert_eq!(challenge.view.sent_to, "+91 •••••• 3210");
    assert_eq!(challenge.view.resend_at, Some(later(12)));
}

#[test]
fn the_number_survives_a_change_of_mind() {
    let mut state = at_code();
    send(&mut state, [Message::ChangeNumber]);
    assert_eq!(state.phone.number, "98765 43210");
}

#[test]
fn only_usable_cards_can_be_chosen() {
    let mut state = at_cards();
    send(&mut state, [Message::Picked(Pick::Card("b".into()))]);
    assert_eq!(state.wallet().and_then(|wallet| wallet.pick.clone()), None);
    let effects = send(
        &mut state,
        [Message::Picked(Pick::Card("a".into())), Message::Continue],
    );
    assert_eq!(
        asked(&effects),
        Some(&Call::Select(SelectionRequest {
            token_id: Some("a".into()),
            save: None
        }))
    );
}

#[test]
fn the_box_to_save_is_not_ticked_by_us_and_gives_the_wording_when_it_is() {
    let mut state = at_cards();
    let effects = send(
        &mut state,
        [Message::Picked(Pick::Other), Message::Continue],
    );
    assert_eq!(
        asked(&effects),
        Some(&Call::Select(SelectionRequest::default()))
    );
    let mut state = at_cards();
    let effects = send(
        &mut state,
        [
            Message::Picked(Pick::Other),
            Message::SaveTicked(true),
            Message::Continue,
        ],
    );
    let wording = SaveConsent::Wording {
        text_version: shared::consent::TEXT_VERSION.into(),
        language: Language::En,
    };
    assert_eq!(
        asked(&effects),
        Some(&Call::Select(SelectionRequest {
            token_id: None,
            save: Some(wording)
        }))
    );
}

#[test]
fn a_session_without_the_permission_neither_saves_nor_removes() {
    let mut state = at_cards();
    state.facts.allow = vec![Permission::List];
    send(
        &mut state,
        [Message::SaveTicked(true), Message::RemoveAsked("a".into())],
    );
    let wallet = state.wallet().expect("at the cards");
    assert!(!wallet.save);
    assert_eq!(wallet.removal("a"), None);
}

#[test]
fn a_removal_is_sent_when_its_time_to_undo_is_over() {
    let mut state = at_cards();
    let effects = send(
        &mut state,
        [
            Message::RemoveAsked("a".into()),
            Message::RemoveConfirmed("a".into()),
        ],
    );
    assert!(effects.contains(&Effect::Wake(Alarm::Removal("a".into()), removal::UNDO_MS)));
    assert!(!effects.contains(&Effect::Remove("a".into())));
    let effects = send(&mut state, [Message::Rang(Alarm::Removal("a".into()))]);
    assert_eq!(effects, [Effect::Remove("a".into())]);
}

#[test]
fn an_undone_removal_is_never_sent() {
    let mut state = at_cards();
    send(
        &mut state,
        [
            Message::RemoveAsked("a".into()),
            Message::RemoveConfirmed("a".into()),
            Message::RemoveUndone("a".into()),
        ],
    );
    assert_eq!(
        send(&mut state, [Message::Rang(Alarm::Removal("a".into()))]),
        []
    );
    assert!(state.wallet().is_some_and(|wallet| wallet.is_usable("a")));
}

#[test]
fn leaving_the_page_sends_what_was_confirmed() {
    let mut state = at_cards();
    send(
        &mut state,
        [
            Message::RemoveAsked("a".into()),
            Message::RemoveConfirmed("a".into()),
        ],
    );
    assert!(send(&mut state, [Message::Closing]).contains(&Effect::Remove("a".into())));
}

#[test]
fn a_suspension_dims_the_cards_deselects_and_says_why() {
    let mut state = at_cards();
    send(&mut state, [Message::Picked(Pick::Card("a".into()))]);
    let effects = send(&mut state, [Message::Watched(Ok(suspended()))]);
    let wallet = state.wallet().expect("still at the cards");
    assert_eq!(wallet.pick, None);
    assert!(!wallet.is_usable("a"));
    assert_eq!(
        state.notice,
        Some(Notice::AllDimmed(ReasonCode::CustomerSuspended))
    );
    assert!(effects.contains(&Effect::Watch("2".into())));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Focus(_))),
        "nobody asked for the focus"
    );
}

#[test]
fn a_choice_that_is_no_longer_possible_goes_back_to_the_cards() {
    let mut state = at_cards();
    send(
        &mut state,
        [Message::Picked(Pick::Card("a".into())), Message::Continue],
    );
    answer(&mut state, Ok(Answer::Done));
    assert_eq!(state.step.screen(), Screen::Done);
    send(&mut state, [Message::Watched(Ok(suspended()))]);
    assert_eq!(state.step.screen(), Screen::Cards);
}

#[test]
fn the_servers_reasons_are_taken_over_when_it_refuses_a_card() {
    let mut state = at_cards();
    send(
        &mut state,
        [Message::Picked(Pick::Card("a".into())), Message::Continue],
    );
    let reason = Reason {
        code: ReasonCode::TokenSuspended,
        since: NOW,
        remedy: Remedy::ContactIssuer,
        until: None,
    };
    answer(
        &mut state,
        refused(
            ErrorCode::NotEligible,
            ErrorDetails {
                reasons: Some(vec![reason]),
                ..ErrorDetails::default()
            },
        ),
    );
    assert!(!state.wallet().is_some_and(|wallet| wallet.is_usable("a")));
    assert_eq!(
        state.notice,
        Some(Notice::Dimmed("a".into(), ReasonCode::TokenSuspended))
    );
}

#[test]
fn agreeing_needs_the_box_and_then_chooses_the_card() {
    let mut state = beginning();
    state.step = Step::Cards(Wallet::from(customer(vec![card(
        "a",
        &[(ReasonCode::ConsentMissing, Remedy::Consent)],
    )])));
    send(
        &mut state,
        [Message::RemedyTaken("a".into(), Remedy::Consent)],
    );
    assert_eq!(asked(&send(&mut state, [Message::ConsentGiven])), None);
    let effects = send(
        &mut state,
        [Message::ConsentTicked(true), Message::ConsentGiven],
    );
    assert!(matches!(asked(&effects), Some(Call::Agree(_))));
    answer(&mut state, Ok(Answer::Done));
    answer(
        &mut state,
        Ok(Answer::Customer(Box::new(customer(vec![card("a", &[])])))),
    );
    assert_eq!(
        state.wallet().and_then(|wallet| wallet.pick.clone()),
        Some(Pick::Card("a".into()))
    );
}

#[test]
fn waiting_for_changes_backs_off_while_offline_and_goes_on() {
    let mut state = at_cards();
    assert_eq!(
        send(&mut state, [Message::Watched(Err(Failure::Offline))]),
        [Effect::Wake(Alarm::Watch, 1_000)]
    );
    assert_eq!(
        send(&mut state, [Message::Watched(Err(Failure::Offline))]),
        [Effect::Wake(Alarm::Watch, 2_000)]
    );
    assert!(state.stale);
    assert_eq!(
        send(&mut state, [Message::Rang(Alarm::Watch)]),
        [Effect::Watch("1".into())]
    );
    send(&mut state, [Message::Watched(Ok(two_cards()))]);
    assert!(!state.stale);
}

#[test]
fn no_answer_is_given_up_and_can_be_tried_again() {
    let mut state = beginning();
    send(
        &mut state,
        [
            Message::NumberTyped("9876543210".into()),
            Message::SendCode,
            Message::Rang(Alarm::Slow),
        ],
    );
    assert!(state.waiting.as_ref().is_some_and(|waiting| waiting.slow));
    send(&mut state, [Message::Rang(Alarm::GiveUp)]);
    assert_eq!(
        (state.problem.clone(), state.waiting.clone()),
        (Some(Problem::Offline), None)
    );
    assert!(asked(&send(&mut state, [Message::SendCode])).is_some());
}

#[test]
fn an_answer_to_an_abandoned_call_changes_nothing() {
    let mut state = at_code();
    send(&mut state, [Message::CodeTyped("123456".into())]);
    let id = state.waiting.as_ref().expect("asked").id;
    send(&mut state, [Message::ChangeNumber]);
    let before = state.clone();
    assert_eq!(
        state.receive(
            NOW,
            Message::Answered(id, Ok(Answer::Customer(Box::new(two_cards()))))
        ),
        []
    );
    assert_eq!(state, before);
}

#[test]
fn a_dead_session_ends_the_flow_wherever_it_is() {
    for mut state in [beginning(), at_code(), at_cards()] {
        send(
            &mut state,
            [
                Message::Picked(Pick::Other),
                Message::SendCode,
                Message::EnterCode,
                Message::Continue,
            ],
        );
        if state.waiting.is_none() {
            send(
                &mut state,
                [
                    Message::NumberTyped("9876543210".into()),
                    Message::SendCode,
                    Message::CodeTyped("111111".into()),
                ],
            );
        }
        answer(
            &mut state,
            refused(ErrorCode::SessionEnded, ErrorDetails::default()),
        );
        assert_eq!(state.step, Step::Ended(Ending::Expired));
    }
}

#[test]
fn not_you_forgets_even_when_the_server_cannot_be_told() {
    let mut state = at_cards();
    send(&mut state, [Message::Leave]);
    answer(&mut state, Err(Failure::Offline));
    assert_eq!(state.step, Step::Ended(Ending::Left));
    assert_eq!(state.phone.number, "");
}

#[test]
fn a_guest_who_was_recognised_is_forgotten_at_the_server() {
    let mut state = at_cards();
    assert_eq!(
        asked(&send(&mut state, [Message::Guest])),
        Some(&Call::Leave)
    );
    assert_eq!(state.step, Step::Guest { returnable: false });
    let mut state = at_code();
    assert_eq!(asked(&send(&mut state, [Message::Guest])), None);
    send(&mut state, [Message::BackFromGuest]);
    assert_eq!(state.step, Step::Phone);
}

#[test]
fn submit_answers_once_with_what_was_chosen_or_what_is_missing() {
    let mut state = at_cards();
    let effects = send(&mut state, [Message::Submit(7)]);
    assert!(effects.contains(&Effect::Tell(Event::Outcome(
        7,
        Outcome::Refused(Problem::NothingChosen)
    ))));
    send(
        &mut state,
        [Message::Picked(Pick::Card("a".into())), Message::Submit(8)],
    );
    let effects = answer(&mut state, Ok(Answer::Done));
    let outcome = Outcome::Chosen {
        status: CustomerStatus::Active,
        is_new: false,
        token_id: Some("a".into()),
        cvv_required: true,
        save: false,
    };
    assert_eq!(
        effects
            .iter()
            .filter(|effect| **effect == Effect::Tell(Event::Outcome(8, outcome.clone())))
            .count(),
        1
    );
    assert!(
        send(&mut state, [Message::Submit(9)]).contains(&Effect::Tell(Event::Outcome(9, outcome)))
    );
}

#[test]
fn usable_cards_come_first_and_keep_their_places_when_they_dim() {
    let mut state = beginning();
    let expired = [(ReasonCode::TokenExpired, Remedy::AddCard)];
    state.step = Step::Cards(Wallet::from(customer(vec![
        card("a", &expired),
        card("b", &[]),
        card("c", &[]),
    ])));
    let order = |state: &State| {
        state
            .shown_cards()
            .map(|card| card.token_id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&state), ["b", "c", "a"]);
    let changed = customer(vec![
        card("a", &expired),
        card("b", &expired),
        card("c", &[]),
    ]);
    send(&mut state, [Message::Watched(Ok(changed))]);
    assert_eq!(order(&state), ["b", "c", "a"]);
}

mod properties;
