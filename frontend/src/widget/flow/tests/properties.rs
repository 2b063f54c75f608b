use proptest::prelude::*;
use shared::api::checkout::{CardView, CustomerCardsView};
use shared::eligibility::{Reason, ReasonCode, Remedy};
use shared::text::Language;

use super::*;

fn failures() -> impl Strategy<Value = Failure> {
    let details = (
        prop::option::of(0u64..900),
        prop::option::of(0u32..6),
        prop::option::of("[a-z_]{0,12}"),
        any::<bool>(),
    );
    (
        prop::sample::select(ErrorCode::ALL.to_vec()),
        details,
        any::<bool>(),
    )
        .prop_map(|(code, (seconds, tries_left, field, named), offline)| {
            let at = seconds.map(later);
            let challenge_id = named.then(|| "chal-1".to_owned());
            let reasons = named.then(|| {
                vec![Reason {
                    code: ReasonCode::TokenExpired,
                    since: NOW,
                    remedy: Remedy::AddCard,
                    until: None,
                }]
            });
            let details = ErrorDetails {
                until: at,
                resend_at: at,
                tries_left,
                field,
                challenge_id,
                reasons,
                ..ErrorDetails::default()
            };
            if offline {
                Failure::Offline
            } else {
                Failure::Refused(code, Box::new(details))
            }
        })
}

fn wallets() -> impl Strategy<Value = CustomerCardsView> {
    let some_card = (
        prop::sample::select(vec!["a", "b", "c"]),
        prop::option::of(prop::sample::select(ReasonCode::ALL.to_vec())),
        any::<bool>(),
    );
    (prop::collection::vec(some_card, 0..3), any::<bool>()).prop_map(|(cards, is_new)| {
        let cards = cards.into_iter().map(|(id, code, removing)| CardView {
            removing,
            ..card(
                id,
                &code
                    .map(|code| (code, Remedy::Consent))
                    .into_iter()
                    .collect::<Vec<_>>(),
            )
        });
        let mut view = customer(cards.collect());
        view.customer.is_new = is_new;
        view
    })
}

fn answers() -> impl Strategy<Value = Result<Answer, Failure>> {
    prop_oneof![
        Just(Ok(Answer::Challenge(challenge()))),
        wallets().prop_map(|view| Ok(Answer::Customer(Box::new(view)))),
        Just(Ok(Answer::Done)),
        failures().prop_map(Err),
    ]
}

/// What can happen; `None` answers the call that is waited for.
fn happenings() -> impl Strategy<Value = Result<Message, Result<Answer, Failure>>> {
    let id = || prop::sample::select(vec!["a".to_owned(), "b".into(), "c".into()]);
    let alarm = prop_oneof![
        Just(Alarm::Second),
        Just(Alarm::Slow),
        Just(Alarm::GiveUp),
        Just(Alarm::Watch),
        id().prop_map(Alarm::Removal)
    ];
    prop_oneof![
        4 => answers().prop_map(Err),
        2 => ".{0,16}".prop_map(|text| Ok(Message::NumberTyped(text))),
        3 => prop::sample::select(vec!["9876543210", "123456", "12"]).prop_flat_map(|text| {
            prop::sample::select(vec![Message::NumberTyped(text.into()), Message::CodeTyped(text.into())]).prop_map(Ok)
        }),
        6 => prop::sample::select(vec![
            Message::Started, Message::SendCode, Message::EnterCode, Message::Resend, Message::ChangeNumber, Message::Continue,
            Message::PayWithoutSaving, Message::ConsentGiven, Message::ProfileSaved, Message::ChangeChoice, Message::Leave, Message::Guest,
            Message::BackFromGuest, Message::Retry, Message::Clear, Message::FocusAsked, Message::Closing, Message::Picked(Pick::Other),
            Message::SaveTicked(true), Message::ConsentTicked(true), Message::Submit(1), Message::CountryChosen("GB".into()),
        ]).prop_map(Ok),
        2 => (id(), prop::sample::select(Remedy::ALL.to_vec())).prop_map(|(id, remedy)| Ok(Message::RemedyTaken(id, remedy))),
        3 => id().prop_flat_map(|id| prop::sample::select(vec![
            Message::Picked(Pick::Card(id.clone())), Message::RemoveAsked(id.clone()), Message::RemoveKept(id.clone()),
            Message::RemoveConfirmed(id.clone()), Message::RemoveUndone(id.clone()), Message::Removed(id, Ok(())),
        ])).prop_map(Ok),
        1 => (id(), failures()).prop_map(|(id, failure)| Ok(Message::Removed(id, Err(failure)))),
        2 => prop_oneof![wallets().prop_map(Ok), failures().prop_map(Err)].prop_map(|result| Ok(Message::Watched(result))),
        2 => alarm.prop_map(|alarm| Ok(Message::Rang(alarm))),
        1 => (any::<u32>(), answers()).prop_map(|(id, result)| Ok(Message::Answered(id, result))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_the_flow_stays_sound(happenings in prop::collection::vec(happenings(), 0..60)) {
        let mut state = beginning();
        let mut sent = Vec::new();
        let mut confirmed = Vec::new();
        for (index, happening) in happenings.into_iter().enumerate() {
            let message = match (happening, &state.waiting) {
                (Ok(message), _) => message,
                (Err(result), Some(waiting)) => Message::Answered(waiting.id, result),
                (Err(_), None) => continue,
            };
            if let Message::RemoveConfirmed(id) = &message {
                confirmed.push(id.clone());
            }
            let by_shopper = !matches!(message, Message::Watched(_) | Message::Rang(_) | Message::Removed(..));
            let effects = state.receive(later(u64::try_from(index).unwrap()), message);
            for effect in &effects {
                if let Effect::Remove(id) = effect {
                    prop_assert!(confirmed.contains(id), "removed without a confirmation");
                    sent.push(id.clone());
                }
            }
            prop_assert!(by_shopper || !effects.iter().any(|effect| matches!(effect, Effect::Focus(_))), "the focus moved by itself");
            // What is chosen can be used.
            if let Step::Cards(wallet) = &state.step
                && let Some(Pick::Card(id)) = &wallet.pick
            {
                prop_assert!(wallet.is_usable(id));
            }
            // Nobody is watched who is not recognised.
            if state.wallet().is_none() {
                prop_assert!(!effects.iter().any(|effect| matches!(effect, Effect::Watch(_))));
            }
            // Going on as a guest is always possible, and leaves nothing behind.
            let mut guest = state.clone();
            guest.receive(NOW, Message::Guest);
            let left = matches!(guest.step, Step::Guest { .. });
            prop_assert!(left);
            prop_assert!(guest.wallet().is_none() && guest.phone.number.is_empty() && guest.waiting.is_none());
            // Every state can be put into words.
            let texts = shared::text::tables::of(Language::Hi);
            let _ = (crate::widget::wording::problem(&state, texts), crate::widget::wording::notice(&state, texts));
        }
    }

    #[test]
    fn a_removal_is_sent_at_most_once_for_each_confirmation(happenings in prop::collection::vec(happenings(), 0..60)) {
        let mut state = at_cards();
        let (mut sent, mut confirmed) = (0, 0);
        for happening in happenings {
            let message = match (happening, &state.waiting) {
                (Ok(message), _) => message,
                (Err(result), Some(waiting)) => Message::Answered(waiting.id, result),
                (Err(_), None) => continue,
            };
            confirmed += usize::from(matches!(message, Message::RemoveConfirmed(_)));
            sent += state.receive(NOW, message).iter().filter(|effect| matches!(effect, Effect::Remove(_))).count();
            prop_assert!(sent <= confirmed);
        }
    }
}
