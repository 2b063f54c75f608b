//! Choosing how to pay.

use leptos::prelude::*;
use shared::checkout_session::Permission;
use shared::text::Key;

use super::parts::{guest_way, instead, invalid, line, main_button, quiet_form, title};
use super::{Ui, card, mark, view};
use crate::widget::flow::message::{Call, Message, Target};
use crate::widget::flow::state::{Pick, Problem, ProfileField, State};
use crate::widget::wording;

/// The form that all ways to pay belong to, wherever they stand.
pub const FORM: &str = "of-select";

const ABOUT_CHOICE: fn(&Problem) -> bool = |problem| !matches!(problem, Problem::Profile(_));

pub fn cards(ui: Ui) -> AnyView {
    let shown = Memo::new(move |_| {
        ui.state.with(|state| {
            state
                .shown_cards()
                .map(|card| card.token_id.clone())
                .collect::<Vec<_>>()
        })
    });
    let heading = ui.text(|state, texts| {
        state
            .wallet()
            .map_or_else(String::new, |wallet| wording::greeting(wallet, texts))
    });
    let usual = ui.text(|state, texts| {
        wording::note(
            state,
            texts,
            if state.stale {
                texts.get(Key::WidgetOfflineWatch)
            } else {
                ""
            },
        )
    });
    let busy = move || {
        ui.state
            .with(|state| wording::is_busy(state, |call| matches!(call, Call::Select(_))))
    };
    let go_on = ui
        .state
        .with_untracked(|state| state.options.button)
        .then(|| {
            main_button(
                ui.text(|_, texts| texts.get(Key::WidgetCardsSubmit).to_owned()),
                busy,
                Some(FORM),
            )
        });
    view! {
        <div class="step">
            {title(heading)}
            <p class="lead">{ui.text(wording::cards_lead)}</p>
            <form id=FORM method="post" action=ui.action("select") on:submit=instead(ui, Message::Continue)></form>
            <fieldset class="ways">
                <legend class="unseen">{ui.say(Key::WidgetCardsLegend)}</legend>
                <ul>
                    <For each=move || shown.get() key=Clone::clone children=move |id| card::card(ui, id) />
                    {other(ui)}
                </ul>
            </fieldset>
            {line(ui, "of-cards-line", ABOUT_CHOICE, usual)}
            {go_on}
            <div class="second">{quiet_form(ui, "select", Key::WidgetCardsWithoutSaving, Message::PayWithoutSaving, None)}</div>
        </div>
        {profile(ui)}
        <footer class="ways-out">
            {quiet_form(ui, "leave", Key::WidgetLeave, Message::Leave, None)}
            {guest_way(ui)}
        </footer>
    }
    .into_any()
}

/// Another card: a way to pay like the saved ones, with the box to save it.
fn other(ui: Ui) -> AnyView {
    let picked = ui.flag(|state| {
        state
            .wallet()
            .is_some_and(|wallet| wallet.pick == Some(Pick::Other))
    });
    let may_save = ui.state.with_untracked(|state| state.may(Permission::Save));
    let save = may_save.then(|| {
        let ticked = ui.flag(|state| state.wallet().is_some_and(|wallet| wallet.save));
        view! {
            <div class="more">
                <label class="tick">
                    <input
                        type="checkbox"
                        name="save"
                        value="true"
                        form=FORM
                        aria-describedby="of-consent"
                        prop:checked=ticked
                        on:change=move |event| ui.send(Message::SaveTicked(event_target_checked(&event)))
                    />
                    <span>{ui.say(Key::WidgetCardsSave)}</span>
                </label>
                <p class="consent" id="of-consent">{consent(ui)}</p>
            </div>
        }
        .into_any()
    });
    view! {
        <li class="way other">
            <div class="row">
                <label class="pick">
                    <input type="radio" id="of-other" name="token_id" value="" form=FORM prop:checked=picked on:change=move |_| ui.send(Message::Picked(Pick::Other)) />
                    {mark::another()}
                    <span class="name"><span>{ui.say(Key::WidgetCardsOther)}</span> <span class="kind">{ui.say(Key::WidgetCardsOtherNote)}</span></span>
                </label>
            </div>
            {save}
        </li>
    }
    .into_any()
}

/// The consent text: the wording whose version is recorded.
pub fn consent(ui: Ui) -> super::Text {
    ui.text(|state, texts| {
        texts.fill(
            Key::WidgetCardsConsent,
            &[("merchant", &state.facts.merchant_name)],
        )
    })
}

/// Name and e-mail, asked of a new customer after everything else, and never required.
fn profile(ui: Ui) -> AnyView {
    let open = Memo::new(move |_| {
        ui.state
            .with(|state| state.wallet().is_some_and(|wallet| wallet.profile.open))
    });
    (move || open.get().then(|| profile_form(ui))).into_any()
}

fn profile_form(ui: Ui) -> AnyView {
    let busy = move || {
        ui.state
            .with(|state| wording::is_busy(state, |call| matches!(call, Call::Profile(_))))
    };
    let about: fn(&Problem) -> bool = |problem| matches!(problem, Problem::Profile(_));
    view! {
        <form class="profile" method="post" action=ui.action("profile") novalidate="" on:submit=instead(ui, Message::ProfileSaved)>
            <h2>{ui.say(Key::WidgetProfileTitle)} " " <small>{ui.say(Key::WidgetProfileOptional)}</small></h2>
            <div class="pair">
                {profile_field(ui, ProfileField::FirstName, Key::WidgetProfileFirstName, "given-name", "text", |problem| {
                    matches!(problem, Problem::Profile(ProfileField::FirstName))
                })}
                {profile_field(ui, ProfileField::LastName, Key::WidgetProfileLastName, "family-name", "text", |problem| {
                    matches!(problem, Problem::Profile(ProfileField::LastName))
                })}
            </div>
            {profile_field(ui, ProfileField::Email, Key::WidgetProfileEmail, "email", "email", |problem| {
                matches!(problem, Problem::Profile(ProfileField::Email))
            })}
            {line(ui, "of-profile-line", about, ui.text(|_, _| String::new()))}
            <button class="button second" type="submit" class:busy=busy>{ui.say(Key::WidgetProfileSubmit)}</button>
        </form>
    }
    .into_any()
}

fn profile_field(
    ui: Ui,
    field: ProfileField,
    label: Key,
    autocomplete: &'static str,
    kind: &'static str,
    about: fn(&Problem) -> bool,
) -> AnyView {
    let id = format!("of-{}", field.as_str());
    let held = move |state: &State| {
        state
            .wallet()
            .map_or_else(String::new, |wallet| wallet.profile.get(field).to_owned())
    };
    view! {
        <div>
            <label class="label" for=id.clone()>{ui.say(label)}</label>
            <input
                class="field"
                id=id
                name=field.as_str()
                type=kind
                autocomplete=autocomplete
                maxlength="50"
                data-focus=Target::Profile(field).name()
                aria-describedby="of-profile-line"
                aria-invalid=invalid(ui, about)
                value=ui.state.with_untracked(held)
                prop:value=ui.text(move |state, _| held(state))
                on:input=move |event| ui.send(Message::ProfileTyped(field, event_target_value(&event)))
            />
        </div>
    }
    .into_any()
}
