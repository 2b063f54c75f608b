//! A decision in words: usable, or every reason why not.

use leptos::prelude::*;
use shared::eligibility::{Decision, Reason, Remedy};

use crate::admin::session::Session;
use crate::admin::wording;
use crate::components::dates::Moment;
use crate::components::icon::{Icon, Shape};
use crate::components::view;

/// The outcome in a line.
#[component]
pub fn Outcome(eligible: bool) -> impl IntoView {
    let (class, shape, words) = if eligible {
        ("outcome is-yes", Shape::Check, "Can be used")
    } else {
        ("outcome is-no", Shape::Cross, "Cannot be used")
    };
    view! { <p class=class><Icon shape=shape/>{words}</p> }
}

/// Every reason, most fundamental first.
#[component]
pub fn Reasons(decision: Decision) -> impl IntoView {
    (!decision.reasons.is_empty()).then(|| {
        view! {
            <ul class="reasons" role="list">
                {decision.reasons.into_iter().map(|reason| view! { <ReasonLine reason=reason/> }).collect_view()}
            </ul>
        }
    })
}

/// Every reason in a line of its own, where many decisions stand below each other.
#[component]
pub fn ShortReasons(decision: Decision) -> impl IntoView {
    let texts = Session::here().texts;
    (!decision.reasons.is_empty()).then(|| {
        view! {
            <ul class="short-reasons" role="list">
                {decision.reasons.into_iter().map(|reason| {
                    let told = texts.with_untracked(|texts| {
                        texts.as_ref().map(|texts| texts.reason(reason.code).to_owned())
                    });
                    view! {
                        <li>
                            {wording::readable(reason.code.as_str())}
                            {told.map(|told| view! { <span class="reason-told">" “" {told} "”"</span> })}
                            <span class="reason-since">" since " <Moment at=reason.since/></span>
                        </li>
                    }
                }).collect_view()}
            </ul>
        }
    })
}

#[component]
fn ReasonLine(reason: Reason) -> impl IntoView {
    let texts = Session::here().texts;
    let (told, remedy) = texts.with_untracked(|texts| match texts {
        Some(texts) => (
            texts.reason(reason.code).to_owned(),
            texts.remedy(reason.remedy).to_owned(),
        ),
        None => (
            reason.code.as_str().to_owned(),
            reason.remedy.as_str().to_owned(),
        ),
    });
    view! {
        <li class="reason">
            <p class="reason-code">{wording::readable(reason.code.as_str())}</p>
            <p class="reason-told">"“" {told} "”"</p>
            <p class="reason-facts">
                <span>"since " <Moment at=reason.since/></span>
                {reason.until.map(|until| view! { <span>"until " <Moment at=until/></span> })}
                {(reason.remedy != Remedy::None).then(|| view! { <span>"remedy: " {remedy}</span> })}
            </p>
        </li>
    }
}
