-- Customers that were erased for good: of each only its id is left, in a signed receipt. What a restored
-- backup brings back is erased again by these.

create table erasures (
    merchant_id text not null,
    customer_id text not null,
    deleted_at integer not null,
    erased_at integer not null,
    tokens integer not null,
    consents integer not null,
    decisions integer not null,
    sessions integer not null,
    signature blob not null,
    constraint erasures_pk primary key (merchant_id, customer_id),
    constraint erasures_merchant_fk foreign key (merchant_id) references merchants (merchant_id)
) strict, without rowid;

create index customers_by_deletion on customers (merchant_id, state_since_at, customer_id)
    where status = 'DELETED';
create index checkout_sessions_by_customer on checkout_sessions (merchant_id, customer_id)
    where customer_id is not null;
