-- Instants are microseconds since 1970-01-01T00:00:00Z. Everything personal is a sealed blob; an
-- *_index is a keyed blind index. Keys begin with the merchant, except where a row is what leads to
-- the merchant (a client id, an e-mail address, a cookie) or belongs to the instance itself. Ids are
-- compared byte by byte, whatever the database's collation, so that pages come in the same order.

create table instance_values (
    name text not null,
    value bytea not null,
    constraint instance_values_pk primary key (name)
);

create table merchants (
    merchant_id text collate "C" not null,
    name text not null,
    sandbox boolean not null,
    wrapped_key bytea not null,
    wrapped_index_key bytea not null,
    settings text not null,
    created_at bigint not null,
    constraint merchants_pk primary key (merchant_id),
    constraint merchants_settings_check check (settings::json is not null)
);

create table api_keys (
    merchant_id text collate "C" not null,
    client_id text collate "C" not null,
    secret_sha256 bytea not null,
    created_at bigint not null,
    last_used_at bigint,
    revoked_at bigint,
    constraint api_keys_pk primary key (merchant_id, client_id),
    constraint api_keys_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint api_keys_secret_check check (length(secret_sha256) = 32)
);

create unique index api_keys_client_id_unique on api_keys (client_id);

create table customers (
    merchant_id text collate "C" not null,
    customer_id text collate "C" not null,
    status text not null,
    suspended_until_at bigint,
    resumes text,
    state_since_at bigint not null,
    verified_at bigint,
    phone_changed_at bigint,
    version bigint not null,
    wrapped_key bytea not null,
    profile bytea not null,
    phone_index bytea,
    reference_index bytea,
    email_index bytea,
    created_at bigint not null,
    updated_at bigint not null,
    constraint customers_pk primary key (merchant_id, customer_id),
    constraint customers_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint customers_status_check check (status in ('INACTIVE', 'ACTIVE', 'SUSPENDED', 'DELETED')),
    constraint customers_resumes_check check (resumes in ('INACTIVE', 'ACTIVE')),
    constraint customers_suspension_check check (
        (status = 'SUSPENDED') = (resumes is not null)
        and (status = 'SUSPENDED' or suspended_until_at is null)
    )
);

create unique index customers_phone_unique on customers (merchant_id, phone_index)
    where status <> 'DELETED';
create unique index customers_reference_unique on customers (merchant_id, reference_index)
    where status <> 'DELETED';
create index customers_by_email on customers (merchant_id, email_index, created_at, customer_id)
    where email_index is not null and status <> 'DELETED';
create index customers_by_creation on customers (merchant_id, created_at, customer_id);
create index customers_by_status on customers (merchant_id, status, created_at, customer_id);

-- A test holds these columns against what may be kept of a card.
create table card_tokens (
    merchant_id text collate "C" not null,
    token_id text collate "C" not null,
    customer_id text collate "C" not null,
    merchant_token_reference text not null,
    request_mac bytea not null,
    status text not null,
    status_since_at bigint not null,
    status_reason text,
    payment_method text not null,
    card_last4_digit text,
    card_type text,
    card_network_name text,
    card_issuer_name text,
    card_category text,
    card_country_code text,
    card_international boolean,
    card_emi boolean,
    card_cvv_required boolean,
    expired_at bigint,
    is_compliant boolean not null,
    metadata bytea,
    provider text not null,
    provider_token_reference text,
    service_provider_token_id text collate "C",
    afa_reference text,
    removed_at bigint,
    removal_confirmed_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    constraint card_tokens_pk primary key (merchant_id, token_id),
    constraint card_tokens_customer_fk foreign key (merchant_id, customer_id)
        references customers (merchant_id, customer_id),
    constraint card_tokens_status_check
        check (status in ('INITIATED', 'ACTIVE', 'SUSPENDED', 'FAILED', 'DEACTIVATED')),
    constraint card_tokens_payment_method_check check (payment_method = 'CARD'),
    constraint card_tokens_provider_check check (provider in ('sandbox', 'pinelabs', 'external')),
    constraint card_tokens_last4_check
        check (card_last4_digit is null or card_last4_digit ~ '^[0-9]{4}$'),
    constraint card_tokens_card_type_check check (card_type in ('CREDIT', 'DEBIT')),
    -- known whole or not at all
    constraint card_tokens_card_check check (
        (card_last4_digit is null) = (card_network_name is null)
        and (card_last4_digit is null) = (card_issuer_name is null)
        and (card_last4_digit is null) = (card_international is null)
        and (card_last4_digit is null) = (card_emi is null)
        and (card_last4_digit is null) = (card_cvv_required is null)
        and (card_last4_digit is not null
            or (card_type is null and card_category is null and card_country_code is null))
    )
);

create unique index card_tokens_reference_unique on card_tokens (merchant_id, merchant_token_reference);
create index card_tokens_by_customer on card_tokens (merchant_id, customer_id, created_at, token_id);

-- Only ever added to. No foreign key to the token: consent may be recorded before its token is made.
create table consents (
    merchant_id text collate "C" not null,
    customer_id text collate "C" not null,
    seq bigint not null,
    token_id text collate "C",
    purpose text not null,
    act text not null,
    channel text not null,
    text_version text,
    language text,
    session_id text collate "C",
    recorded_at bigint not null,
    constraint consents_pk primary key (merchant_id, customer_id, seq),
    constraint consents_customer_fk foreign key (merchant_id, customer_id)
        references customers (merchant_id, customer_id),
    constraint consents_purpose_check check (purpose in ('card_on_file', 'recurring')),
    constraint consents_act_check check (act in ('given', 'withdrawn')),
    constraint consents_channel_check check (channel in ('shopper', 'merchant'))
);

-- Only ever added to; kept when the session it was shown in is gone.
create table decisions (
    merchant_id text collate "C" not null,
    customer_id text collate "C" not null,
    seq bigint not null,
    token_id text collate "C" not null,
    session_id text collate "C" not null,
    shown_at bigint not null,
    rules_version bigint not null,
    inputs text not null,
    outcome text not null,
    constraint decisions_pk primary key (merchant_id, customer_id, seq),
    constraint decisions_customer_fk foreign key (merchant_id, customer_id)
        references customers (merchant_id, customer_id)
);

create table checkout_sessions (
    merchant_id text collate "C" not null,
    session_id text collate "C" not null,
    secret_sha256 bytea,
    frame_code_sha256 bytea,
    cookie_sha256 bytea,
    origin text not null,
    amount bigint,
    currency text,
    hint bytea,
    locale text,
    allow text not null,
    purpose text not null,
    status text not null,
    customer_id text collate "C",
    is_new boolean not null,
    challenge_id text collate "C",
    shown_revision text,
    selected_token_id text collate "C",
    save_consent text,
    created_at bigint not null,
    expires_at bigint not null,
    constraint checkout_sessions_pk primary key (merchant_id, session_id),
    constraint checkout_sessions_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint checkout_sessions_customer_fk foreign key (merchant_id, customer_id)
        references customers (merchant_id, customer_id),
    constraint checkout_sessions_purpose_check check (purpose in ('card_on_file', 'recurring')),
    constraint checkout_sessions_status_check
        check (status in ('open', 'identified', 'completed', 'expired'))
);

create index checkout_sessions_by_expiry on checkout_sessions (expires_at);

create table challenges (
    merchant_id text collate "C" not null,
    challenge_id text collate "C" not null,
    session_id text collate "C" not null,
    phone_index bytea not null,
    phone bytea not null,
    code_mac bytea,
    code_expires_at bigint not null,
    sends bigint not null,
    last_sent_at bigint not null,
    wrong bigint not null,
    locked_until_at bigint,
    created_at bigint not null,
    constraint challenges_pk primary key (merchant_id, challenge_id),
    constraint challenges_session_fk foreign key (merchant_id, session_id)
        references checkout_sessions (merchant_id, session_id) on delete cascade,
    constraint challenges_counts_check check (sends >= 0 and wrong >= 0)
);

create index challenges_by_session on challenges (merchant_id, session_id);
create index challenges_by_creation on challenges (created_at);

-- What limits count. An empty merchant_id means across all merchants, so there is no foreign key.
create table limit_events (
    merchant_id text collate "C" not null,
    scope text not null,
    subject bytea not null,
    happened_at bigint not null,
    times bigint not null,
    constraint limit_events_pk primary key (merchant_id, scope, subject, happened_at),
    constraint limit_events_times_check check (times > 0)
);

create index limit_events_by_time on limit_events (happened_at);

create table cool_downs (
    merchant_id text collate "C" not null,
    phone_index bytea not null,
    until_at bigint not null,
    nth bigint not null,
    constraint cool_downs_pk primary key (merchant_id, phone_index),
    constraint cool_downs_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint cool_downs_nth_check check (nth > 0)
);

create table audit_entries (
    merchant_id text collate "C" not null,
    seq bigint not null,
    happened_at bigint not null,
    actor text not null,
    actor_id text collate "C" not null,
    address text,
    action text not null,
    customer_id text collate "C",
    token_id text collate "C",
    fields text not null,
    transition text not null,
    sealed_reason bytea,
    request_id text collate "C" not null,
    previous_hash bytea not null,
    hash bytea not null,
    constraint audit_entries_pk primary key (merchant_id, seq),
    constraint audit_entries_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint audit_entries_seq_check check (seq >= 1),
    constraint audit_entries_actor_check check (actor in ('merchant', 'admin', 'shopper', 'system'))
);

create index audit_entries_by_customer on audit_entries (merchant_id, customer_id, seq)
    where customer_id is not null;

create table outbox_messages (
    merchant_id text collate "C" not null,
    message_id text collate "C" not null,
    kind text not null,
    payload bytea not null,
    due_at bigint not null,
    attempts bigint not null,
    created_at bigint not null,
    constraint outbox_messages_pk primary key (merchant_id, message_id),
    constraint outbox_messages_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint outbox_messages_attempts_check check (attempts >= 0)
);

create index outbox_messages_by_due on outbox_messages (due_at, created_at, message_id);

create table admins (
    merchant_id text collate "C" not null,
    admin_id text collate "C" not null,
    email text not null,
    password_hash text not null,
    role text not null,
    created_at bigint not null,
    constraint admins_pk primary key (merchant_id, admin_id),
    constraint admins_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint admins_role_check check (role in ('viewer', 'support', 'officer', 'owner'))
);

create unique index admins_email_unique on admins (email);

create table admin_sessions (
    token_sha256 bytea not null,
    merchant_id text collate "C" not null,
    admin_id text collate "C" not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    constraint admin_sessions_pk primary key (token_sha256),
    constraint admin_sessions_admin_fk foreign key (merchant_id, admin_id)
        references admins (merchant_id, admin_id),
    constraint admin_sessions_token_check check (length(token_sha256) = 32)
);

create index admin_sessions_by_expiry on admin_sessions (expires_at);
