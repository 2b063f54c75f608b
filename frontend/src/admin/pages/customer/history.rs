//! What happened, newest first: who, what, when, and why.

use leptos::prelude::*;
use shared::api::admin::HistoryEntryView;
use shared::customer::CustomerStatus;

use super::{Open, Panel, card_of};
use crate::admin::wording;
use crate::components::badge::Badge;
use crate::components::button::Button;
use crate::components::dates::{Grain, Moment, number};
use crate::components::icon::{Icon, Shape};
use crate::components::notice::Empty;
use crate::components::view;

const FIRST: usize = 12;

/// The history.
#[component]
pub fn HistoryPanel() -> impl IntoView {
    let open = Open::here();
    let history = open.part(|detail| (detail.history.clone(), detail.tokens.clone()));
    let all = RwSignal::new(false);
    view! {
        <Panel id="customer-history" title="History">
            {move || history.get().map(|(entries, tokens)| {
                let count = entries.len();
                if count == 0 {
                    return view! { <Empty title="Nothing happened yet" text="Every change is kept here."/> }.into_any();
                }
                let visible = if all.get() { count } else { FIRST };
                view! {
                    <ol class="history" role="list">
                        {entries.into_iter().take(visible).map(|entry| {
                            let card = entry.token_id.as_deref().map(|id| card_of(&tokens, id));
                            view! { <Entry entry=entry card=card/> }
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
fn Entry(entry: HistoryEntryView, card: Option<String>) -> impl IntoView {
    view! {
        <li class="entry">
            <p class="entry-when"><Moment at=entry.at grain=Grain::Second/></p>
            <div class="entry-what">
                <p class="entry-action">
                    <strong>{wording::action(&entry.action)}</strong>
                    {card.map(|card| view! { <span class="entry-card">{card}</span> })}
                    <Passage from=entry.from to=entry.to/>
                </p>
                {entry.reason.map(|reason| view! { <p class="entry-reason">{reason}</p> })}
                {entry.note.map(|note| view! { <p class="entry-note">{note}</p> })}
                <p class="entry-facts">
                    <span>"by " {wording::actor(entry.actor, &entry.actor_id)}</span>
                    {(!entry.fields.is_empty()).then(|| view! {
                        <span>"fields: " {entry.fields.join(", ")}</span>
                    })}
                    <span>"request " <code>{entry.request_id}</code></span>
                </p>
            </div>
        </li>
    }
}

/// From one status to the next.
#[component]
fn Passage(from: Option<CustomerStatus>, to: Option<CustomerStatus>) -> impl IntoView {
    let badge = |status| {
        let (words, tone) = wording::customer_status(status);
        view! { <Badge words=words tone=tone/> }
    };
    (from.is_some() || to.is_some()).then(|| {
        view! {
            <span class="passage">
                {from.map(badge)}
                {(from.is_some() && to.is_some()).then(|| view! {
                    <Icon shape=Shape::Right/><span class="unseen">" to "</span>
                })}
                {to.map(badge)}
            </span>
        }
    })
}
