-- What was answered under an Idempotency-Key. A key is kept as its blind index, an answer sealed; the
-- secret of a checkout session apart from the answer, so that it can leave it.
create table idempotency_keys (
    merchant_id text not null,
    key_index blob not null,
    request_mac blob not null,
    status integer not null,
    answer blob not null,
    customer_id text,
    session_id text,
    session_secret blob,
    session_ends_at integer,
    created_at integer not null,
    constraint idempotency_keys_pk primary key (merchant_id, key_index),
    constraint idempotency_keys_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint idempotency_keys_status_check check (status between 200 and 299),
    constraint idempotency_keys_session_check check (
        (session_id is null) = (session_ends_at is null)
        and (session_secret is null or session_id is not null)
    )
) strict;

create index idempotency_keys_by_session on idempotency_keys (merchant_id, session_id)
    where session_id is not null;
create index idempotency_keys_by_customer on idempotency_keys (merchant_id, customer_id)
    where customer_id is not null;
create index idempotency_keys_by_creation on idempotency_keys (created_at);
