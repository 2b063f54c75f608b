//! The person: masked, until somebody with a reason wants to see.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::admin::{ProfileView, Role};
use shared::customer::Address;

use super::{Open, Panel, faults_of};
use crate::admin::form::{self, Faults};
use crate::admin::session::{Session, Standing};
use crate::admin::wording;
use crate::client::admin as client;
use crate::components::announcer::Announcer;
use crate::components::button::{Button, SubmitButton, Weight};
use crate::components::dates::Moment;
use crate::components::dialog::Dialog;
use crate::components::field::{Field, Kind, focus, focus_later};
use crate::components::icon::{Icon, Shape};
use crate::components::view;

const TITLE_ID: &str = "customer-profile";
const REASON_ID: &str = "reveal-reason";

/// The profile, with the way to see all of it.
#[component]
pub fn ProfilePanel() -> impl IntoView {
    let open = Open::here();
    let session = Session::here();
    let masked = open.part(|detail| detail.profile.clone());
    let revealed: RwSignal<Option<ProfileView>> = RwSignal::new(None);
    let asking = RwSignal::new(false);
    // What was revealed is of one customer as it was then; any change masks it again.
    Effect::new(move |_| {
        masked.track();
        revealed.set(None);
    });
    let may_reveal = move || matches!(session.standing.get(), Standing::SignedIn(view) if view.role >= Role::Support);
    let foot = move || {
        if revealed.with(Option::is_some) {
            view! {
                <p class="hint">"Revealed to you; the history says so."</p>
                <Button label="Mask again" on_press=move |_| {
                    revealed.set(None);
                    focus_later(TITLE_ID);
                }/>
            }
            .into_any()
        } else if masked.with(|profile| profile.as_ref().is_none_or(|profile| profile.revealed)) {
            ().into_any()
        } else if may_reveal() {
            view! {
                <Button label="Reveal …" icon=Shape::Eye on_press=move |_| asking.set(true)/>
            }
            .into_any()
        } else {
            view! { <p class="hint">"Your role sees customers masked."</p> }.into_any()
        }
    };
    view! {
        <Panel id=TITLE_ID title="Profile">
            {move || revealed.get().or_else(|| masked.get()).map(|profile| view! { <Facts profile=profile/> })}
            <div class="panel-foot">{foot}</div>
        </Panel>
        <Dialog id="reveal" open=asking title=Signal::derive(move || format!("Reveal the profile of {}?", open.name()))>
            <RevealForm revealed=revealed asking=asking/>
        </Dialog>
    }
}

#[component]
fn Facts(profile: ProfileView) -> impl IntoView {
    let text = |text: String| {
        if text.is_empty() {
            view! { <span class="none">"none"</span> }.into_any()
        } else {
            text.into_any()
        }
    };
    let metadata = profile.merchant_metadata.unwrap_or_default();
    view! {
        <dl class="facts">
            <div><dt>"Phone"</dt><dd>{text(profile.mobile_number)}</dd></div>
            <div><dt>"E-mail"</dt><dd>{text(profile.email_id)}</dd></div>
            <div><dt>"Reference"</dt><dd>{text(profile.merchant_customer_reference)}</dd></div>
            {profile.billing_address.map(|address| view! { <AddressFact label="Billing address" address=address/> })}
            {profile.shipping_address.map(|address| view! { <AddressFact label="Shipping address" address=address/> })}
            {profile.gstin.map(|gstin| view! { <div><dt>"GSTIN"</dt><dd>{text(gstin)}</dd></div> })}
            {metadata.into_iter().map(|(key, value)| view! {
                <div><dt>{key}</dt><dd>{text(value)}</dd></div>
            }).collect_view()}
            <div><dt>"Created"</dt><dd><Moment at=profile.created_at/></dd></div>
            <div><dt>"Changed"</dt><dd><Moment at=profile.updated_at/></dd></div>
        </dl>
    }
}

#[component]
fn AddressFact(label: &'static str, address: Address) -> impl IntoView {
    let lines = wording::address_lines(&address);
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{lines.into_iter().map(|line| view! { <span class="address-line">{line}</span> }).collect_view()}</dd>
        </div>
    }
}

#[component]
fn RevealForm(revealed: RwSignal<Option<ProfileView>>, asking: RwSignal<bool>) -> impl IntoView {
    let open = Open::here();
    let session = Session::here();
    let announcer = Announcer::here();
    let reason = RwSignal::new(String::new());
    let faults = RwSignal::new(Faults::default());
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let request = match form::read_reveal(&reason.get_untracked()) {
            Ok(request) => request,
            Err(found) => {
                faults.set(found);
                return focus(REASON_ID);
            }
        };
        faults.set(Faults::default());
        busy.set(true);
        let customer_id = open.customer_id.get_untracked();
        spawn_local(async move {
            let outcome = session.call(client::reveal(&customer_id, &request)).await;
            busy.try_set(false);
            match outcome {
                Ok(profile) => {
                    revealed.try_set(Some(profile));
                    asking.try_set(false);
                    announcer.say("Profile revealed");
                    focus_later(TITLE_ID);
                    // The history has one more entry now.
                    open.reload();
                }
                Err(error) => {
                    faults.try_set(faults_of(error));
                }
            }
        });
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            <p class="dialog-lead">
                "You will see phone, e-mail, addresses and everything else in full. Your name and the reason are kept in the history."
            </p>
            <Field
                id=REASON_ID label="Reason" kind=Kind::Input("text") value=reason required=true autofocus=true
                hint="For instance the number of the support case."
                fault=Signal::derive(move || faults.with(|faults| faults.reason.clone()))
            />
            <p class="form-fault" role="alert">
                {move || faults.with(|faults| faults.form.clone()).map(|text| view! {
                    <Icon shape=Shape::Alert/><span>{text}</span>
                })}
            </p>
            <div class="dialog-foot">
                <Button label="Cancel" on_press=move |_| asking.set(false)/>
                <SubmitButton label="Reveal" weight=Weight::Primary busy=busy/>
            </div>
        </form>
    }
}
