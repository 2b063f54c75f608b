//! What shoppers were shown: the answer to "why was this card not offered at 10:42?".

use leptos::prelude::*;
use shared::api::admin::AdminTokenView;

use super::reasons::{Outcome, ShortReasons};
use super::{Open, Panel, card_of};
use crate::admin::showings::{Showing, showings};
use crate::components::button::Button;
use crate::components::dates::{Grain, Moment, number};
use crate::components::notice::Empty;
use crate::components::view;

const FIRST: usize = 5;

/// Decisions as they were shown, newest first.
#[component]
pub fn DecisionsPanel() -> impl IntoView {
    let open = Open::here();
    let shown = open.part(|detail| (detail.shown_decisions.clone(), detail.tokens.clone()));
    let all = RwSignal::new(false);
    view! {
        <Panel id="customer-decisions" title="What shoppers were shown">
            {move || shown.get().map(|(decisions, tokens)| {
                let showings = showings(decisions);
                let count = showings.len();
                if count == 0 {
                    return view! {
                        <Empty title="Nothing was shown yet" text="Each time a checkout lists these cards, the decisions are kept here."/>
                    }
                    .into_any();
                }
                let visible = if all.get() { count } else { FIRST };
                view! {
                    <ol class="history" role="list">
                        {showings.into_iter().take(visible).map(|showing| {
                            view! { <ShowingEntry showing=showing tokens=tokens.clone()/> }
                        }).collect_view()}
                    </ol>
                    {(count > visible).then(|| {
                        let count = number(i64::try_from(count).unwrap_or(i64::MAX));
                        view! { <Button label=format!("Show all {count}") on_press=move |_| all.set(true)/> }
                    })}
                }
                .into_any()
            })}
        </Panel>
    }
}

#[component]
fn ShowingEntry(showing: Showing, tokens: Vec<AdminTokenView>) -> impl IntoView {
    view! {
        <li class="entry">
            <p class="entry-when"><Moment at=showing.at grain=Grain::Second/></p>
            <div class="entry-what">
                <ul class="shown" role="list">
                    {showing.cards.into_iter().map(|(token_id, decision)| view! {
                        <li class="shown-card">
                            <div class="shown-head">
                                <strong>{card_of(&tokens, &token_id)}</strong>
                                <Outcome eligible=decision.eligible/>
                            </div>
                            <ShortReasons decision=decision/>
                        </li>
                    }).collect_view()}
                </ul>
                <p class="entry-facts">
                    <span>"checkout session " <code>{showing.session_id}</code></span>
                    <span>{format!("rules version {}", showing.rules_version)}</span>
                </p>
            </div>
        </li>
    }
}
