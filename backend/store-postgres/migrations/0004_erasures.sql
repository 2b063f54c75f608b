-- Customers that were erased for good: of each only its id is left, in a signed receipt. What a restored
-- backup brings back is erased again by these.

create table erasures (
    merchant_id text collate "C" not null,
    customer_id text collate "C" not null,
    deleted_at bigint not null,
    erased_at bigint not null,
    tokens bigint not null,
    consents bigint not null,
    decisions bigint not null,
    sessions bigint not null,
    signature bytea not null,
    constraint erasures_pk primary key (merchant_id, customer_id),
    constraint erasures_merchant_fk foreign key (merchant_id) references merchants (merchant_id)
);

create index customers_by_deletion on customers (merchant_id, state_since_at, customer_id)
    where status = 'DELETED';
create index checkout_sessions_by_customer on checkout_sessions (merchant_id, customer_id)
    where customer_id is not null;
