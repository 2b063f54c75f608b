//! Where the customer stands, and what may be done about it.

use leptos::prelude::*;
use shared::customer::{CustomerStatus, Move};

use super::{Open, Panel, STATUS_ID};
use crate::admin::wording;
use crate::components::badge::Badge;
use crate::components::button::{Button, Weight};
use crate::components::dates::Moment;
use crate::components::view;

/// The status with its facts and the legal moves.
#[component]
pub fn StatusPanel() -> impl IntoView {
    let open = Open::here();
    let facts = open.part(|detail| {
        (
            detail.status,
            detail.status_since,
            detail.suspended_until,
            detail.verified_at,
        )
    });
    let moves = open.part(|detail| (detail.status, detail.legal_moves.clone()));
    view! {
        <Panel id=STATUS_ID title="Status">
            {move || facts.get().map(|(status, since, until, verified_at)| {
                let (words, tone) = wording::customer_status(status);
                view! {
                    <p class="standing">
                        <Badge words=words tone=tone/>
                        <span>"since " <Moment at=since/></span>
                    </p>
                    <p class="standing-meaning">{wording::status_meaning(status)}</p>
                    <dl class="facts">
                        {(status == CustomerStatus::Suspended).then(|| view! {
                            <div>
                                <dt>"Ends"</dt>
                                <dd>{match until {
                                    Some(until) => view! { <Moment at=until/> }.into_any(),
                                    None => "when it is lifted".into_any(),
                                }}</dd>
                            </div>
                        })}
                        <div>
                            <dt>"Phone proven"</dt>
                            <dd>{match verified_at {
                                Some(at) => view! { <Moment at=at/> }.into_any(),
                                None => "never".into_any(),
                            }}</dd>
                        </div>
                    </dl>
                }
            })}
            {move || moves.get().map(|(status, moves)| view! { <MoveButtons status=status moves=moves/> })}
        </Panel>
    }
}

#[component]
fn MoveButtons(status: CustomerStatus, moves: Vec<Move>) -> impl IntoView {
    let open = Open::here();
    let buttons = moves
        .into_iter()
        .filter_map(|attempted| wording::move_words(attempted).map(|words| (attempted, words)))
        .map(|(attempted, words)| {
            let weight = match attempted {
                Move::Activate | Move::Lift => Weight::Primary,
                Move::Delete => Weight::Danger,
                _ => Weight::Plain,
            };
            let press = move |_| {
                open.done.set(None);
                open.attempted.set(Some(attempted));
                open.asking_move.set(true);
            };
            view! { <Button label=format!("{} …", words.button) weight=weight on_press=press/> }
        })
        .collect::<Vec<_>>();
    if !buttons.is_empty() {
        return view! { <div class="moves">{buttons}</div> }.into_any();
    }
    let why = if status == CustomerStatus::Deleted {
        "Nothing can follow."
    } else {
        "Your role may not change a customer's status."
    };
    view! { <p class="hint">{why}</p> }.into_any()
}
