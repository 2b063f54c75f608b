//! The saved cards, each with its decision now.

use leptos::prelude::*;
use shared::api::admin::AdminTokenView;

use super::reasons::{Outcome, Reasons};
use super::{Open, Panel};
use crate::admin::wording;
use crate::components::badge::Badge;
use crate::components::dates::{Grain, Moment};
use crate::components::notice::Empty;
use crate::components::view;

/// Every token, newest first.
#[component]
pub fn CardsPanel() -> impl IntoView {
    let open = Open::here();
    let tokens = open.part(|detail| detail.tokens.clone());
    view! {
        <Panel id="customer-cards" title="Saved cards">
            {move || tokens.get().map(|tokens| if tokens.is_empty() {
                view! { <Empty title="No saved cards" text="Nothing was saved yet, or everything was removed."/> }.into_any()
            } else {
                let usable = tokens.iter().filter(|token| token.decision.eligible).count();
                let summary = format!("{usable} of {} can be used now.", tokens.len());
                view! {
                    <p class="panel-note">{summary}</p>
                    <ul class="cards" role="list">
                        {tokens.into_iter().map(|token| view! { <CardLine token=token/> }).collect_view()}
                    </ul>
                }
                .into_any()
            })}
        </Panel>
    }
}

#[component]
fn CardLine(token: AdminTokenView) -> impl IntoView {
    let (words, tone) = wording::token_status(token.status);
    let (name, spoken, traits) = match &token.card_data {
        Some(card) => (
            wording::card_name(card),
            wording::card_spoken(card),
            wording::card_traits(card),
        ),
        None => (
            "Card not known yet".to_owned(),
            "Card not known yet".to_owned(),
            Vec::new(),
        ),
    };
    let class = if token.decision.eligible {
        "card is-usable"
    } else {
        "card"
    };
    view! {
        <li class=class>
            <div class="card-head">
                <h3 class="card-name">
                    <span aria-hidden="true">{name}</span>
                    <span class="unseen">{spoken}</span>
                </h3>
                <Badge words=words tone=tone/>
                <Outcome eligible=token.decision.eligible/>
            </div>
            {(!traits.is_empty()).then(|| view! {
                <ul class="traits" role="list">
                    {traits.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}
                </ul>
            })}
            {token.status_reason.map(|why| view! { <p class="card-why">"Because: " {why}</p> })}
            <Reasons decision=token.decision/>
            <dl class="card-facts">
                <div><dt>"Saved"</dt><dd><Moment at=token.created_at/></dd></div>
                {token.expired_at.map(|at| view! {
                    <div><dt>"Good until"</dt><dd><Moment at=at grain=Grain::Day/></dd></div>
                })}
                <div><dt>"Reference"</dt><dd><code>{token.merchant_token_reference}</code></dd></div>
                <div><dt>"Token"</dt><dd><code>{token.token_id}</code></dd></div>
            </dl>
        </li>
    }
}
