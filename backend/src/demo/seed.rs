//! Sample data: customers in every status, cards in every state. Made through the services, so that the
//! history of each is what really happened.

use std::sync::Arc;
use std::time::Duration;

use shared::api::admin::Role;
use shared::api::checkout::Appearance;
use shared::consent::{ConsentAct, ConsentChannel, ConsentRecord, Purpose};
use shared::customer::{
    Actor, Address, AddressCategory, CountryCode, Customer, Email, Metadata, Move, Name, Profile,
    Reference,
};
use shared::eligibility::Acceptance;
use shared::id::CustomerId;

use super::{DemoAdmin, DemoMerchant, Sample};
use crate::app::Onfile;
use crate::command::CommandError;
use crate::outbox;
use crate::service::customers::{self, MoveReason};
use crate::service::merchants::{self, Merchant, NewMerchant, Settings};
use crate::service::tokens::{self, NewToken};
use crate::service::{By, Fault, admins, creations};
use crate::vault::secret;

/// What was planted.
pub struct Seeded {
    /// The shop's API key.
    pub merchant: DemoMerchant,
    /// Who signs in to the admin page.
    pub admin: DemoAdmin,
    /// Some customers to try.
    pub samples: Vec<Sample>,
}

/// What becomes of a sample customer after creation.
enum Fate {
    Inactive,
    Active,
    Suspended,
    SuspendedForAWeek,
    Deleted,
}

/// First name, last name, mobile number, fate, how the references of the cards begin.
type Plan = (
    &'static str,
    &'static str,
    &'static str,
    Fate,
    &'static [&'static str],
);

const PLANS: &[Plan] = &[
    (
        "Priya",
        "Sharma",
        "9876543210",
        Fate::Active,
        &[
            "card",
            "gold",
            "sandbox-pending-",
            "sandbox-fail-",
            "sandbox-suspend-",
            "sandbox-deactivate-",
            "sandbox-expired-",
            "sandbox-noncompliant-",
            "w",
        ],
    ),
    (
        "Arjun",
        "Mehta",
        "9876543211",
        Fate::Active,
        &["card", "travel"],
    ),
    ("Kavya", "Iyer", "9876543212", Fate::Inactive, &["card"]),
    (
        "Rohan",
        "Das",
        "9876543213",
        Fate::Suspended,
        &["card", "gold"],
    ),
    (
        "Meera",
        "Nair",
        "9876543214",
        Fate::SuspendedForAWeek,
        &["card"],
    ),
    ("Vikram", "Singh", "9876543215", Fate::Deleted, &["card"]),
    ("Ananya", "Bose", "9876543216", Fate::Active, &[]),
    (
        "आदित्य",
        "जोशी",
        "9876543217",
        Fate::Active,
        &["card", "sandbox-expired-"],
    ),
];

/// More people, so that the admin page has pages to turn.
const FIRST_NAMES: [&str; 8] = [
    "Aarav", "Diya", "Ishaan", "Lakshmi", "Nikhil", "Pooja", "Sanjay", "Tara",
];
const LAST_NAMES: [&str; 5] = ["Banerjee", "Gupta", "Khan", "Patel", "Reddy"];

/// Plants everything.
///
/// # Errors
/// [`CommandError`].
pub async fn plant(app: &Arc<Onfile>) -> Result<Seeded, CommandError> {
    let settings = Settings {
        acceptance: Acceptance {
            max_amount: Some(10_000_000),
            ..Acceptance::default()
        },
        appearance: Appearance::default(),
        ..Settings::default()
    };
    let created = merchants::create(app, "Tamra Tea", true, &settings).await?;
    let email = "owner@tamra.example".to_owned();
    let admin = DemoAdmin {
        email,
        password: secret(&*app.random),
    };
    admins::create(
        app,
        &created.merchant_id,
        &admin.email,
        &admin.password,
        Role::Owner,
    )
    .await?;
    let merchant = merchants::get(app, &created.merchant_id)
        .await?
        .ok_or_else(|| Fault::Other("the merchant just made is gone".into()))?;
    let server = By {
        actor: Actor::Merchant,
        actor_id: created.client_id.clone(),
        address: None,
        request_id: "demo-seed".to_owned(),
    };
    let officer = By {
        actor: Actor::Admin,
        actor_id: admin.email.clone(),
        ..server.clone()
    };
    let seed = Seed {
        app,
        merchant: &merchant,
        server,
        officer,
    };
    let mut customers = Vec::new();
    for (first, last, number, _, cards) in PLANS {
        let customer_id = seed.customer(first, last, number).await?;
        for (place, begins) in cards.iter().enumerate() {
            seed.card(&customer_id, &format!("{begins}{number}-{place}"))
                .await?;
        }
        customers.push(customer_id);
    }
    seed.further_customers().await?;
    // Cards are provisioned before anybody is suspended or deleted.
    while outbox::run_due(app).await? > 0 {}
    let mut samples = Vec::new();
    for ((_, _, number, fate, _), customer_id) in PLANS.iter().zip(customers) {
        samples.push(seed.meet(fate, &customer_id, number).await?);
    }
    seed.withdraw_one(&samples).await?;
    while outbox::run_due(app).await? > 0 {}
    let NewMerchant {
        client_id,
        client_secret,
        ..
    } = created;
    Ok(Seeded {
        merchant: DemoMerchant {
            client_id,
            client_secret,
        },
        admin,
        samples,
    })
}

/// What planting needs at every step.
struct Seed<'a> {
    app: &'a Arc<Onfile>,
    merchant: &'a Arc<Merchant>,
    server: By,
    officer: By,
}

impl Seed<'_> {
    async fn customer(
        &self,
        first: &str,
        last: &str,
        number: &str,
    ) -> Result<CustomerId, CommandError> {
        let phone = crate::phone::normalise(CountryCode::india(), number).map_err(wrong)?;
        let ascii = first.is_ascii();
        let address = Address {
            address1: Some("14 Lake Road".to_owned()),
            city: Some("Kolkata".to_owned()),
            state: Some("West Bengal".to_owned()),
            pincode: Some("700029".to_owned()),
            country: Some("India".to_owned()),
            address_category: Some(AddressCategory::Billing),
            ..Address::default()
        };
        let local = if ascii {
            format!("{}.{}", first.to_lowercase(), last.to_lowercase())
        } else {
            "aditya.joshi".to_owned()
        };
        let profile = Profile {
            merchant_customer_reference: Some(
                Reference::parse(&format!("tea-{number}")).map_err(wrong)?,
            ),
            first_name: Some(Name::parse(first).map_err(wrong)?),
            last_name: Some(Name::parse(last).map_err(wrong)?),
            phone: Some(phone),
            email: Some(Email::parse(&format!("{local}@example.com")).map_err(wrong)?),
            billing_address: Some(address),
            merchant_metadata: Metadata::parse(
                [("favourite".to_owned(), "Darjeeling".to_owned())].into(),
            )
            .map_err(|(_, invalid)| wrong(invalid))?,
            ..Profile::default()
        };
        let nothing = |_: &Customer| Ok(None);
        let created =
            creations::create(self.app, self.merchant, &self.server, profile, nothing).await;
        Ok(created.map_err(wrong)?.customer_id)
    }

    async fn card(&self, customer_id: &CustomerId, reference: &str) -> Result<(), CommandError> {
        let new = NewToken {
            customer_id: customer_id.clone(),
            merchant_token_reference: Reference::parse(reference).map_err(wrong)?,
            canonical_request: reference.as_bytes().to_vec(),
            afa_reference: Some(format!("afa-{reference}")),
            merchant_metadata: Metadata::default(),
        };
        tokens::generate(self.app, self.merchant, &self.server, new)
            .await
            .map_err(wrong)?
            .commit()
            .await
            .map_err(wrong)?;
        Ok(())
    }

    async fn move_status(
        &self,
        by: &By,
        customer_id: &CustomerId,
        attempted: Move,
        until: Option<shared::Timestamp>,
        reason: &str,
    ) -> Result<(), CommandError> {
        let why = MoveReason {
            reason: reason.to_owned(),
            note: None,
            until,
        };
        customers::move_status(self.app, self.merchant, by, customer_id, attempted, &why)
            .await
            .map_err(wrong)?;
        Ok(())
    }

    /// A card whose holder took consent back without removing it, as a support agent meets it.
    async fn withdraw_one(&self, samples: &[Sample]) -> Result<(), CommandError> {
        let Some(customer_id) = samples
            .first()
            .and_then(|sample| CustomerId::parse(&sample.customer_id))
        else {
            return Ok(());
        };
        let mut unit = self.app.store.write().await.map_err(Fault::from)?;
        let token = unit
            .token_by_reference(&self.merchant.merchant_id, "w9876543210-8")
            .await
            .map_err(Fault::from)?;
        if let Some(token) = token {
            let consent = ConsentRecord {
                token_id: Some(token.token_id),
                purpose: Purpose::default(),
                act: ConsentAct::Withdrawn,
                channel: ConsentChannel::Merchant,
                text_version: None,
                language: None,
                session_id: None,
                at: self.app.clock.now(),
            };
            unit.append_consent(&self.merchant.merchant_id, &customer_id, &consent)
                .await
                .map_err(Fault::from)?;
            unit.commit().await.map_err(Fault::from)?;
        }
        Ok(())
    }

    /// More people, with a phone each and mostly verified.
    async fn further_customers(&self) -> Result<(), CommandError> {
        for (place, first) in FIRST_NAMES.iter().enumerate() {
            for (other, last) in LAST_NAMES.iter().enumerate() {
                let number = format!("98200{:05}", 10_000 + place * 100 + other);
                let customer_id = self.customer(first, last, &number).await?;
                if (place + other) % 3 != 0 {
                    self.activate(&customer_id).await?;
                }
            }
        }
        Ok(())
    }

    async fn activate(&self, customer_id: &CustomerId) -> Result<(), CommandError> {
        self.move_status(
            &self.server,
            customer_id,
            Move::Activate,
            None,
            "verified at the counter",
        )
        .await
    }

    /// Lets a customer meet their fate.
    async fn meet(
        &self,
        fate: &Fate,
        customer_id: &CustomerId,
        number: &str,
    ) -> Result<Sample, CommandError> {
        if matches!(
            fate,
            Fate::Active | Fate::Suspended | Fate::SuspendedForAWeek
        ) {
            self.activate(customer_id).await?;
        }
        let week = self.app.clock.now().plus(Duration::from_hours(168));
        let further = match fate {
            Fate::Inactive | Fate::Active => None,
            Fate::Suspended => Some((Move::Suspend, None, "chargeback under review")),
            Fate::SuspendedForAWeek => Some((Move::Suspend, Some(week), "asked for a pause")),
            Fate::Deleted => Some((Move::Delete, None, "asked to be forgotten")),
        };
        if let Some((attempted, until, reason)) = further {
            self.move_status(&self.officer, customer_id, attempted, until, reason)
                .await?;
        }
        let customer = customers::get(self.app, self.merchant, customer_id)
            .await
            .map_err(wrong)?;
        Ok(Sample {
            customer_id: customer_id.to_string(),
            country_code: "91".to_owned(),
            mobile_number: number.to_owned(),
            status: customer.state.status(),
        })
    }
}

fn wrong(error: impl std::fmt::Display) -> CommandError {
    CommandError::Plain(format!("the sample data could not be made: {error}"))
}
