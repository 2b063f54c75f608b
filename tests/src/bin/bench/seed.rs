//! A store with many customers, each with saved cards that can be used. The records are the ones that the
//! services write, sealed with the merchant's keys, and each customer has its entry in the history; they
//! are written in large units, because how they came to be is not measured.

use std::sync::Arc;

use backend::ambient::SystemRandom;
use backend::app::Onfile as App;
use backend::command::{self, RootKeyFile};
use backend::sender::Unconfigured;
use backend::service::By;
use backend::service::merchants::{self, Merchant, NewMerchant, Settings};
use backend::service::work::{Entry, Work};
use backend::vault::sha256;
use shared::Timestamp;
use shared::card_token::{CardSummary, CardType, PaymentMethod, TokenProvider, TokenStatus};
use shared::consent::{ConsentAct, ConsentChannel, ConsentRecord, Purpose};
use shared::customer::{
    Address, AddressCategory, CountryCode, Customer, CustomerState, Email, Metadata, Name, Profile,
    Reference,
};
use shared::id::{CustomerId, ServiceProviderTokenId, TokenId};
use store::{Inserted, TokenRecord};

use crate::children::Onfile;
use crate::{Outcome, go_on};

/// Saved cards of each customer, unless said otherwise.
pub const CARDS: usize = 3;
/// How many customers are written in one unit.
const UNIT: u32 = 500;

/// What was made.
pub struct Seeded {
    /// The API key.
    pub merchant: NewMerchant,
    /// Whom to ask for.
    pub customers: Vec<Known>,
    /// Saved cards of each.
    pub cards: usize,
}

/// A customer on file.
pub struct Known {
    /// Who.
    pub customer_id: String,
    /// The phone, without country code.
    pub mobile_number: String,
}

/// Makes the data of an Onfile that does not run yet.
pub async fn plant(onfile: &Onfile, customers: u32, cards: usize) -> Outcome<Seeded> {
    std::fs::create_dir_all(&onfile.data)?;
    let root_keys = RootKeyFile::within(&onfile.data);
    root_keys.make_unless_there()?;
    let app = command::assemble(
        &onfile.database(),
        root_keys,
        Arc::new(Unconfigured),
        String::new(),
        Vec::new(),
    )
    .await?;
    let new = merchants::create(&app, "Bench", true, &Settings::default()).await?;
    let merchant = merchants::get(&app, &new.merchant_id)
        .await?
        .ok_or("the merchant just made is gone")?;
    let mut known = Vec::new();
    for first in (0..customers).step_by(UNIT.try_into()?) {
        go_on()?;
        let mut work = Work::begin(&app, &merchant).await?;
        for number in first..customers.min(first + UNIT) {
            known.push(plant_one(&app, &merchant, &mut work, number, cards).await?);
        }
        work.commit().await?;
    }
    app.store.close().await;
    Ok(Seeded {
        merchant: new,
        customers: known,
        cards,
    })
}

async fn plant_one(
    app: &App,
    merchant: &Merchant,
    work: &mut Work<'_>,
    number: u32,
    cards: usize,
) -> Outcome<Known> {
    let now = app.clock.now();
    let customer_id = CustomerId::new(now, app.random_bytes());
    let mobile_number = format!("98{number:08}");
    let customer = Customer {
        customer_id: customer_id.clone(),
        state: CustomerState::Active,
        state_since: now,
        verified_at: Some(now),
        phone_changed_at: None,
        profile: profile(number, &mobile_number)?,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let wrapped = merchant.keys.new_customer_key(&customer_id, &SystemRandom);
    let record = merchant.keys.record(&customer, wrapped, &SystemRandom)?;
    let unit = work.unit();
    if unit.insert_customer(&merchant.merchant_id, &record).await? == Inserted::Taken {
        return Err("a sample customer exists already".into());
    }
    for place in 0..cards {
        let token = card(
            app,
            &customer_id,
            &format!("card-{number}-{place}"),
            place,
            now,
        );
        let consent = ConsentRecord {
            token_id: Some(token.token_id.clone()),
            purpose: Purpose::default(),
            act: ConsentAct::Given,
            channel: ConsentChannel::Merchant,
            text_version: None,
            language: None,
            session_id: None,
            at: now,
        };
        if unit.insert_token(&merchant.merchant_id, &token).await? == Inserted::Taken {
            return Err("a sample card exists already".into());
        }
        unit.append_consent(&merchant.merchant_id, &customer_id, &consent)
            .await?;
    }
    let entry = Entry {
        action: "customer.create",
        customer_id: Some(&customer_id),
        fields: &FIELDS,
        ..Entry::default()
    };
    work.audit(&By::system("bench"), entry).await?;
    Ok(Known {
        customer_id: customer_id.to_string(),
        mobile_number,
    })
}

/// What [`profile`] fills in.
const FIELDS: [&str; 7] = [
    "merchant_customer_reference",
    "first_name",
    "last_name",
    "mobile_number",
    "email_id",
    "billing_address",
    "merchant_metadata",
];

fn profile(number: u32, mobile_number: &str) -> Outcome<Profile> {
    let home = Address {
        address1: Some(format!("{} Lake Road", number % 400)),
        city: Some("Kolkata".to_owned()),
        state: Some("West Bengal".to_owned()),
        pincode: Some("700029".to_owned()),
        country: Some("India".to_owned()),
        address_category: Some(AddressCategory::Billing),
        ..Address::default()
    };
    Ok(Profile {
        merchant_customer_reference: Some(Reference::parse(&format!("loyal-{number}"))?),
        first_name: Some(Name::parse("Lakshmi")?),
        last_name: Some(Name::parse("Banerjee")?),
        phone: Some(backend::phone::normalise(
            CountryCode::india(),
            mobile_number,
        )?),
        email: Some(Email::parse(&format!("shopper.{number}@example.com"))?),
        billing_address: Some(home),
        merchant_metadata: Metadata::parse([("tier".to_owned(), "gold".to_owned())].into())
            .map_err(|(_, invalid)| invalid)?,
        ..Profile::default()
    })
}

fn card(
    app: &App,
    customer_id: &CustomerId,
    reference: &str,
    place: usize,
    now: Timestamp,
) -> TokenRecord {
    TokenRecord {
        token_id: TokenId::new(now, app.random_bytes()),
        customer_id: customer_id.clone(),
        merchant_token_reference: reference.to_owned(),
        request_mac: sha256(reference.as_bytes()),
        status: TokenStatus::Active,
        status_since: now,
        status_reason: None,
        payment_method: PaymentMethod::Card,
        card: Some(CardSummary {
            last4_digit: format!("{place:04}"),
            card_type: Some(CardType::Credit),
            network_name: "VISA".to_owned(),
            issuer_name: "HDFC".to_owned(),
            card_category: Some("PLATINUM".to_owned()),
            country_code: Some("IND".to_owned()),
            international: false,
            emi: true,
            cvv_required: false,
        }),
        expired_at: Some(now.plus(std::time::Duration::from_hours(24 * 365))),
        is_compliant: true,
        metadata: None,
        provider: TokenProvider::Sandbox,
        provider_token_reference: Some(reference.to_owned()),
        service_provider_token_id: Some(ServiceProviderTokenId::new(now, app.random_bytes())),
        afa_reference: Some(format!("afa-{reference}")),
        removed_at: None,
        removal_confirmed_at: None,
        created_at: now,
        updated_at: now,
    }
}
