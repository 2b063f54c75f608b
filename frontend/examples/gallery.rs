//! Writes every state of the frame's page into a directory, to be looked at and checked for
//! accessibility: `cargo run -p frontend --example gallery -- target/gallery`.

use std::error::Error;
use std::path::Path;

use frontend::widget::flow::state::Facts;
use frontend::widget::page::{Assets, PageProps, PageStep, frame_page};
use shared::Timestamp;
use shared::api::checkout::{
    CardFace, CardView, ChallengeView, CustomerCardsView, ShopperView, Theme,
};
use shared::api::error::{ErrorCode, ErrorDetails};
use shared::card_token::CardType;
use shared::customer::CustomerStatus;
use shared::eligibility::{Decision, Reason, ReasonCode, Remedy};
use shared::text::Language;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn after(seconds: u64) -> Timestamp {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

fn challenge() -> ChallengeView {
    ChallengeView {
        challenge_id: "chal-1".into(),
        sent_to: "+91 •••••• 3210".into(),
        resend_at: Some(after(27)),
        tries_left: 5,
        expires_at: after(300),
    }
}

fn card(
    token_id: &str,
    network: &str,
    issuer: &str,
    last4: &str,
    reasons: &[(ReasonCode, Remedy)],
) -> CardView {
    let until = |code| (code == ReasonCode::CustomerSuspended).then(|| after(2 * 86_400));
    let reasons: Vec<Reason> = reasons
        .iter()
        .map(|(code, remedy)| Reason {
            code: *code,
            since: NOW,
            remedy: *remedy,
            until: until(*code),
        })
        .collect();
    let face = CardFace {
        last4_digit: last4.into(),
        network_name: network.into(),
        issuer_name: issuer.into(),
        card_type: Some(if network == "RUPAY" {
            CardType::Debit
        } else {
            CardType::Credit
        }),
        cvv_required: false,
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

fn customer(is_new: bool, cards: Vec<CardView>) -> CustomerCardsView {
    let first_name = if is_new { "" } else { "Priya" }.into();
    let customer = ShopperView {
        first_name,
        last_name: String::new(),
        email_id: String::new(),
        mobile_number: "+91 •••••• 3210".into(),
        status: CustomerStatus::Active,
        is_new,
    };
    CustomerCardsView {
        customer,
        cards,
        revision: "1".into(),
    }
}

fn all_cards() -> Vec<CardView> {
    let mut pending = card(
        "t9",
        "VISA",
        "",
        "",
        &[(ReasonCode::TokenPending, Remedy::Wait)],
    );
    pending.card = None;
    let mut removing = card("t8", "JCB", "Federal", "9001", &[]);
    removing.removing = true;
    vec![
        card("t1", "VISA", "HDFC", "4242", &[]),
        card("t2", "RUPAY", "State Bank of India", "1881", &[]),
        card(
            "t3",
            "MASTERCARD",
            "ICICI",
            "5454",
            &[(ReasonCode::TokenExpired, Remedy::AddCard)],
        ),
        card(
            "t4",
            "AMEX",
            "American Express",
            "0005",
            &[(ReasonCode::CardNotAccepted, Remedy::UseAnotherCard)],
        ),
        card(
            "t5",
            "DINERS",
            "HDFC",
            "0004",
            &[
                (ReasonCode::TokenSuspended, Remedy::ContactIssuer),
                (ReasonCode::ConsentMissing, Remedy::Consent),
            ],
        ),
        card(
            "t6",
            "MAESTRO",
            "Canara",
            "7730",
            &[
                (ReasonCode::VerificationStale, Remedy::Verify),
                (ReasonCode::TokenNotCompliant, Remedy::AddCard),
            ],
        ),
        card(
            "t7",
            "DISCOVER",
            "Yes Bank",
            "1117",
            &[(ReasonCode::ConsentWithdrawn, Remedy::Consent)],
        ),
        removing,
        pending,
    ]
}

fn suspended() -> Vec<CardView> {
    let held = [(ReasonCode::CustomerSuspended, Remedy::WaitUntil)];
    vec![
        card("t1", "VISA", "HDFC", "4242", &held),
        card("t2", "RUPAY", "State Bank of India", "1881", &held),
    ]
}

type Sample = (
    &'static str,
    PageStep,
    Option<(ErrorCode, Option<ErrorDetails>)>,
);

fn samples() -> Vec<Sample> {
    let phone = |number: &str| PageStep::Phone {
        country_code: None,
        mobile_number: number.into(),
    };
    let details = |tries_left, until| ErrorDetails {
        tries_left,
        until,
        ..ErrorDetails::client("code", "")
    };
    let done = |token_id: Option<&str>, save| PageStep::Done {
        cards: customer(false, all_cards()),
        token_id: token_id.map(str::to_owned),
        save,
    };
    vec![
        ("phone", phone(""), None),
        (
            "phone-wrong",
            phone("98765"),
            Some((ErrorCode::InvalidRequest, None)),
        ),
        (
            "phone-limit",
            phone("9876543210"),
            Some((
                ErrorCode::TooManyRequests,
                Some(details(None, Some(after(900)))),
            )),
        ),
        ("code", PageStep::Code(challenge()), None),
        (
            "code-wrong",
            PageStep::Code(challenge()),
            Some((ErrorCode::CodeWrong, Some(details(Some(3), None)))),
        ),
        (
            "code-locked",
            PageStep::Code(challenge()),
            Some((
                ErrorCode::ChallengeLocked,
                Some(details(None, Some(after(900)))),
            )),
        ),
        ("cards", PageStep::Cards(customer(false, all_cards())), None),
        (
            "cards-few",
            PageStep::Cards(customer(false, all_cards().into_iter().take(3).collect())),
            None,
        ),
        (
            "cards-suspended",
            PageStep::Cards(customer(false, suspended())),
            None,
        ),
        (
            "cards-refused",
            PageStep::Cards(customer(false, suspended())),
            Some((ErrorCode::NotEligible, None)),
        ),
        (
            "cards-new",
            PageStep::Cards(customer(true, Vec::new())),
            None,
        ),
        ("done", done(Some("t1"), false), None),
        ("done-other", done(None, true), None),
        ("guest", PageStep::Guest, None),
        ("ended", PageStep::Ended, None),
        ("left", PageStep::Left, None),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: gallery DIRECTORY")?;
    let directory = Path::new(&directory);
    std::fs::create_dir_all(directory)?;
    let style = [
        include_str!("../../style/tokens.css"),
        include_str!("../../style/reset.css"),
        include_str!("../../style/widget.css"),
    ]
    .concat();
    std::fs::write(directory.join("widget.css"), style)?;
    for (name, step, error) in samples() {
        for language in Language::ALL {
            for (theme, suffix) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
                let props = PageProps {
                    language,
                    theme,
                    accent: None,
                    facts: Facts {
                        merchant_name: "Kiran Books".into(),
                        ..Facts::default()
                    },
                    step: step.clone(),
                    error: error.clone(),
                    assets: Assets {
                        style: "widget.css".into(),
                        frame: "none.js".into(),
                        glue: "none.js".into(),
                        wasm: "none.wasm".into(),
                        texts: "none.json".into(),
                    },
                    parent_origin: Some("https://shop.example".into()),
                    base: "/widget/v1/frame/mer-1/cs-1".into(),
                    cookie: false,
                    now: NOW,
                };
                std::fs::write(
                    directory.join(format!("{name}.{}.{suffix}.html", language.tag())),
                    frame_page(&props),
                )?;
            }
        }
    }
    Ok(())
}
