//! `/`: the customer list.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local_scoped_with_cancellation;
use shared::api::admin::{CustomerPageView, CustomerSummaryView};
use shared::customer::CustomerStatus;

use crate::admin::listing::Listing;
use crate::admin::session::Session;
use crate::admin::shell::SEARCH_ID;
use crate::admin::wording;
use crate::client::admin::{self as client, CallError};
use crate::components::announcer::Announcer;
use crate::components::badge::Badge;
use crate::components::button::{Button, SubmitButton};
use crate::components::dates::{Grain, Moment, number};
use crate::components::field::{focus, focus_later};
use crate::components::icon::{Icon, Shape};
use crate::components::notice::{Empty, Failure};
use crate::components::view;

const TITLE_ID: &str = "customers-title";

/// A page of the list, with the place it was asked for.
type Shown = Option<(Listing, CustomerPageView)>;

/// The customer list.
#[component]
pub fn CustomersPage() -> impl IntoView {
    document().set_title("Customers · Onfile");
    let session = Session::here();
    let listing = session.listing;
    let shown: RwSignal<Shown> = RwSignal::new(None);
    let failure: RwSignal<Option<CallError>> = RwSignal::new(None);
    let loading = RwSignal::new(true);
    let attempt = RwSignal::new(0_u32);
    load(listing, shown, failure, loading, attempt);
    let wanted = session
        .search_wanted
        .try_update_value(std::mem::take)
        .unwrap_or_default();
    session.arrive(if wanted { SEARCH_ID } else { TITLE_ID });

    // A count of what was looked for before would be read as the count of what is asked now.
    let total = move || {
        let shown = shown
            .get()
            .filter(|(place, _)| place.same_search(&listing.get()));
        shown
            .filter(|_| failure.with(Option::is_none))
            .map(|(_, page)| page.total)
    };
    view! {
        <div class="page-head">
            <h1 id=TITLE_ID tabindex="-1">"Customers"</h1>
            {move || total().map(|total| view! {
                <p class="page-count">{wording::counted(total, &number(total), "customer", "customers")}</p>
            })}
        </div>
        <div class="tools">
            <SearchForm listing=listing loading=loading/>
            <StatusFilter listing=listing/>
        </div>
        <section class="results" aria-label="Customers found" aria-busy=move || loading.get().to_string()>
            {move || match (failure.get(), shown.get()) {
                (Some(error), _) => view! {
                    <Failure error=error on_retry=move |()| attempt.update(|count| *count += 1)/>
                }
                .into_any(),
                (None, None) => view! { <Skeleton/> }.into_any(),
                (None, Some((place, page))) if page.customers.is_empty() => {
                    view! { <NobodyFound place=place listing=listing/> }.into_any()
                }
                (None, Some((place, page))) => view! {
                    <CustomerTable customers=page.customers.clone()/>
                    <Pager place=place page=page listing=listing/>
                }
                .into_any(),
            }}
        </section>
    }
}

/// Asks for the list whenever something else is looked for; an answer that came too late is dropped.
fn load(
    listing: RwSignal<Listing>,
    shown: RwSignal<Shown>,
    failure: RwSignal<Option<CallError>>,
    loading: RwSignal<bool>,
    attempt: RwSignal<u32>,
) {
    let session = Session::here();
    let announcer = Announcer::here();
    Effect::new(move |_| {
        attempt.track();
        let place = listing.get();
        loading.set(true);
        spawn_local_scoped_with_cancellation(async move {
            let outcome = session.call(client::search(&place.request())).await;
            loading.try_set(false);
            match outcome {
                Ok(page) => {
                    announcer.say(spoken(&place, &page));
                    failure.try_set(None);
                    shown.try_set(Some((place, page)));
                    if let Some(customer_id) = session
                        .last_customer
                        .try_update_value(Option::take)
                        .flatten()
                    {
                        request_animation_frame(move || {
                            focus(&link_id(&customer_id));
                        });
                    }
                }
                Err(error) => {
                    failure.try_set(Some(error));
                }
            }
        });
    });
}

fn spoken(place: &Listing, page: &CustomerPageView) -> String {
    let total = wording::counted(page.total, &number(page.total), "customer", "customers");
    match place.places(page.customers.len()) {
        Some((first, last)) if page.total > last || first > 1 => {
            format!("{total}, showing {} to {}", number(first), number(last))
        }
        Some(_) => total,
        None => "Nobody found".to_owned(),
    }
}

#[component]
fn SearchForm(listing: RwSignal<Listing>, loading: RwSignal<bool>) -> impl IntoView {
    let draft = RwSignal::new(listing.with_untracked(|listing| listing.query().to_owned()));
    // The list may be reset from elsewhere, such as by "Show everyone".
    Effect::new(move |_| draft.set(listing.with(|listing| listing.query().to_owned())));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        listing.update(|listing| listing.search(&draft.get_untracked()));
    };
    let input = move |event| {
        let text = event_target_value(&event);
        // Emptied, for instance with the field's own cross: back to everyone at once.
        if text.is_empty() && listing.with_untracked(|listing| !listing.query().is_empty()) {
            listing.update(|listing| listing.search(""));
        }
        draft.set(text);
    };
    view! {
        <form class="search" role="search" novalidate=true on:submit=submit>
            <label class="label" for=SEARCH_ID>"Find by phone, e-mail, reference or customer id"</label>
            <div class="search-row">
                <div class="search-box">
                    <Icon shape=Shape::Search/>
                    <input
                        id=SEARCH_ID class="input" type="search" autocomplete="off" spellcheck="false"
                        autocapitalize="off" enterkeyhint="search"
                        prop:value=move || draft.get() on:input=input
                    />
                    {move || draft.with(String::is_empty).then(|| view! {
                        <kbd class="search-key" aria-hidden="true">"/"</kbd>
                    })}
                </div>
                <SubmitButton label="Find" busy=loading/>
            </div>
        </form>
    }
}

#[component]
fn StatusFilter(listing: RwSignal<Listing>) -> impl IntoView {
    let choices = std::iter::once(None).chain(CustomerStatus::ALL.into_iter().map(Some));
    view! {
        <fieldset class="segments">
            <legend class="label">"Status"</legend>
            <div class="segments-row">
                {choices.map(|status| {
                    let words = status.map_or("All", |status| wording::customer_status(status).0);
                    view! {
                        <label class="segment">
                            <input
                                type="radio" name="status" value=words
                                prop:checked=move || listing.with(|listing| listing.status() == status)
                                on:change=move |_| listing.update(|listing| listing.filter(status))
                            />
                            <span>{words}</span>
                        </label>
                    }
                }).collect_view()}
            </div>
        </fieldset>
    }
}

fn link_id(customer_id: &str) -> String {
    format!("customer-{customer_id}")
}

// The roles are spelled out because on narrow screens the style makes each line a block, and some
// browsers then forget that this is a table.
#[component]
fn CustomerTable(customers: Vec<CustomerSummaryView>) -> impl IntoView {
    view! {
        <table class="table" role="table">
            <caption class="unseen">"Customers, newest first"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Customer"</th>
                    <th role="columnheader" scope="col">"Status"</th>
                    <th role="columnheader" scope="col">"Phone"</th>
                    <th role="columnheader" scope="col">"E-mail"</th>
                    <th role="columnheader" scope="col">"Reference"</th>
                    <th role="columnheader" scope="col" class="is-number">"Cards"</th>
                    <th role="columnheader" scope="col">"Created"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                {customers.into_iter().map(|customer| view! { <CustomerLine customer=customer/> }).collect_view()}
            </tbody>
        </table>
    }
}

#[component]
fn CustomerLine(customer: CustomerSummaryView) -> impl IntoView {
    let session = Session::here();
    let (words, tone) = wording::customer_status(customer.status);
    let name = wording::customer_name(&customer.name, "", customer.status);
    let id = StoredValue::new(customer.customer_id.clone());
    view! {
        <tr role="row" class="line">
            <th role="rowheader" scope="row" class="line-who">
                <a
                    class="line-link"
                    id=link_id(&customer.customer_id)
                    href=format!("/customers/{}", customer.customer_id)
                    on:click=move |_| session.last_customer.set_value(Some(id.get_value()))
                >{name}</a>
                <span class="line-id">{customer.customer_id.clone()}</span>
            </th>
            <td role="cell" class="line-status"><Badge words=words tone=tone/></td>
            <Cell label="Phone" text=customer.mobile_number/>
            <Cell label="E-mail" text=customer.email_id/>
            <Cell label="Reference" text=customer.merchant_customer_reference/>
            <td role="cell" class="is-number" data-label="Cards">{number(customer.total_tokens)}</td>
            <td role="cell" class="line-when" data-label="Created"><Moment at=customer.created_at grain=Grain::Minute/></td>
        </tr>
    }
}

#[component]
fn Cell(label: &'static str, text: String) -> impl IntoView {
    if text.is_empty() {
        return view! {
            <td role="cell" class="is-none" data-label=label><span class="none">"none"</span></td>
        }
        .into_any();
    }
    view! { <td role="cell" data-label=label>{text}</td> }.into_any()
}

#[component]
fn Pager(place: Listing, page: CustomerPageView, listing: RwSignal<Listing>) -> impl IntoView {
    let next = page.next;
    let first_page = !place.has_previous();
    let last_page = next.is_none();
    if first_page && last_page {
        return ().into_any();
    }
    let where_ = place.places(page.customers.len()).map(|(first, last)| {
        format!(
            "{}–{} of {}",
            number(first),
            number(last),
            number(page.total)
        )
    });
    let turn = move |change: &dyn Fn(&mut Listing)| {
        listing.update(|listing| change(listing));
        window().scroll_to_with_x_and_y(0.0, 0.0);
        focus_later(TITLE_ID);
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <p>{where_}</p>
            <Button
                label="Previous" icon=Shape::Left disabled=Signal::stored(first_page)
                on_press=move |_| turn(&Listing::back)
            />
            <Button
                label="Next" disabled=Signal::stored(last_page)
                on_press=move |_| if let Some(cursor) = next.clone() {
                    turn(&move |listing: &mut Listing| listing.forward(cursor.clone()));
                }
            />
        </nav>
    }
    .into_any()
}

#[component]
fn NobodyFound(place: Listing, listing: RwSignal<Listing>) -> impl IntoView {
    let everyone = move |_| {
        listing.set(Listing::default());
        focus_later(SEARCH_ID);
    };
    if place.is_everyone() {
        return view! {
            <Empty
                title="No customers yet"
                text="A customer appears here when a shopper verifies a phone at checkout, or when your server creates one."
            />
        }
        .into_any();
    }
    let status = place
        .status()
        .map(|status| wording::customer_status(status).0.to_lowercase());
    let text = match (&status, place.query().is_empty()) {
        (Some(status), false) => format!("Nobody who is {status} has exactly this phone, e-mail address, reference or id. With another status there may be."),
        (Some(status), true) => format!("No customer is {status} now."),
        (None, _) => "Nobody has exactly this phone, e-mail address, reference or id. A phone is found with or without its calling code; a part of it is not enough.".to_owned(),
    };
    let all_statuses = (status.is_some() && !place.query().is_empty()).then(|| view! {
        <Button label="Look in every status" on_press=move |_| listing.update(|listing| listing.filter(None))/>
    });
    view! {
        <Empty title="Nobody found" text=text>
            {all_statuses}
            <Button label="Show everyone" on_press=everyone/>
        </Empty>
    }
    .into_any()
}

/// Where the list will be.
#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" aria-hidden="true">
            {(0..8).map(|_| view! { <div class="skeleton-line"></div> }).collect_view()}
        </div>
    }
}
