//! Adding customers together with the audit entries that say so, and what is kept of the answers.

use shared::Timestamp;
use shared::id::{CustomerId, MerchantId, TokenId};
use sqlx::PgConnection;
use store::group::Reach;
use store::row::{columns_of, word_of};
use store::{Creation, Inserted};

use crate::error::{Answer, Failure};
use crate::outcome::created;

/// The statement, with what becomes of a customer who is on file. It takes the chain first, as units do
/// (`audit::head_alone`): whoever waits behind it must not find a place in the chain taken.
macro_rules! create {
    ($on_file:literal, $merchant:ident, $creations:ident) => {{
        let customers = Rows($creations.iter().map(|creation| &creation.customer).collect());
        let entries = Rows($creations.iter().map(|creation| &creation.entry).collect());
        let answers = Rows($creations.iter().flat_map(|creation| &creation.answer).collect());
        sqlx::query!(
            "with chain as (
                 select merchant_id from merchants where merchant_id = $1 for no key update),
             added as (
                 insert into customers (merchant_id, customer_id, status, suspended_until_at, resumes,
                        state_since_at, verified_at, phone_changed_at, version, wrapped_key, profile, phone_index,
                        reference_index, email_index, created_at, updated_at)
                 select chain.merchant_id, given.* from chain, unnest($2::text[], $3::text[], $4::bigint[],
                        $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bytea[],
                        $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bigint[], $16::bigint[])
                        as given "
                + $on_file
                + " returning customer_id),
             kept as (
                 insert into idempotency_keys (merchant_id, key_index, request_mac, status, answer, customer_id,
                        session_id, session_secret, session_ends_at, created_at)
                 select $1, given.* from unnest($31::bytea[], $32::bytea[], $33::bigint[], $34::bytea[],
                        $35::text[], $36::text[], $37::bytea[], $38::bigint[], $39::bigint[]) as given
                 where (select count(*) from added) = cardinality($2::text[]))
             insert into audit_entries (merchant_id, seq, happened_at, actor, actor_id, address, action,
                    customer_id, token_id, fields, transition, sealed_reason, request_id, previous_hash, hash)
             select $1, given.* from unnest($17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[],
                    $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::bytea[], $28::text[],
                    $29::bytea[], $30::bytea[]) as given
             where (select count(*) from added) = cardinality($2::text[])",
        $merchant.as_str(),
        customers.of(|it| it.customer_id.as_str()) as _,
        customers.of(|it| columns_of(it.state).0) as _,
        customers.of(|it| columns_of(it.state).1) as _,
        customers.of(|it| columns_of(it.state).2) as _,
        customers.of(|it| it.state_since.as_micros()) as _,
        customers.of(|it| it.verified_at.map(Timestamp::as_micros)) as _,
        customers.of(|it| it.phone_changed_at.map(Timestamp::as_micros)) as _,
        customers.of(|it| it.version) as _,
        customers.of(|it| it.wrapped_key.as_slice()) as _,
        customers.of(|it| it.profile.as_slice()) as _,
        customers.of(|it| it.phone_index.as_deref()) as _,
        customers.of(|it| it.reference_index.as_deref()) as _,
        customers.of(|it| it.email_index.as_deref()) as _,
        customers.of(|it| it.created_at.as_micros()) as _,
        customers.of(|it| it.updated_at.as_micros()) as _,
        entries.of(|it| it.seq) as _,
        entries.of(|it| it.at.as_micros()) as _,
        entries.of(|it| word_of(it.actor)) as _,
        entries.of(|it| it.actor_id.as_str()) as _,
        entries.of(|it| it.address.as_deref()) as _,
        entries.of(|it| it.action.as_str()) as _,
        entries.of(|it| it.customer_id.as_ref().map(CustomerId::as_str)) as _,
        entries.of(|it| it.token_id.as_ref().map(TokenId::as_str)) as _,
        entries.of(|it| it.fields.as_str()) as _,
        entries.of(|it| it.transition.as_str()) as _,
        entries.of(|it| it.sealed_reason.as_deref()) as _,
        entries.of(|it| it.request_id.as_str()) as _,
        entries.of(|it| it.previous_hash.as_slice()) as _,
        entries.of(|it| it.hash.as_slice()) as _,
        answers.of(|it| it.key_index.as_slice()) as _,
        answers.of(|it| it.request_mac.as_slice()) as _,
        answers.of(|it| i64::from(it.status)) as _,
        answers.of(|it| it.answer.as_slice()) as _,
        answers.of(|it| it.customer_id.as_ref().map(CustomerId::as_str)) as _,
        answers.of(|it| it.session.as_ref().map(|session| session.session_id.as_str())) as _,
        answers.of(|it| it.session.as_ref().and_then(|session| session.secret.as_deref())) as _,
        answers.of(|it| it.session.as_ref().map(|session| session.ends_at.as_micros())) as _,
        answers.of(|it| it.created_at.as_micros()) as _
        )
    }};
}

/// Adds all or none: in one round trip, a column of all of them to a parameter.
pub(crate) async fn create(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    creations: &[Creation],
) -> Answer<Inserted> {
    let done = create!("on conflict do nothing", merchant, creations)
        .execute(connection)
        .await?;
    created(&done, creations.len())
}

/// The same as a whole unit, which the server commits before it answers. Refused, it answers why: that does
/// no harm to the connection.
pub(crate) async fn create_whole(
    connection: &mut PgConnection,
    merchant: &MerchantId,
    creations: &[Creation],
) -> Answer<Answer<()>> {
    let done = create!("", merchant, creations).execute(connection).await;
    match done.map_err(Failure::from) {
        Ok(done) => Ok(created(&done, creations.len()).map(drop)),
        Err(failure) if failure.reach == Reach::Group => Err(failure),
        Err(failure) => Ok(Err(failure)),
    }
}

struct Rows<'a, T>(Vec<&'a T>);

impl<'a, T> Rows<'a, T> {
    fn of<C>(&self, column: impl Fn(&'a T) -> C) -> Vec<C> {
        self.0.iter().map(|row| column(row)).collect()
    }
}
