-- Ends of audit chains, signed on a timer under a key that is not in the database. Only ever added to:
-- each signature covers the one before, so that one that is taken out from between is missed.

create table audit_heads (
    merchant_id text not null,
    seq integer not null,
    hash blob not null,
    signed_at integer not null,
    signature blob not null,
    constraint audit_heads_pk primary key (merchant_id, seq),
    constraint audit_heads_merchant_fk foreign key (merchant_id) references merchants (merchant_id),
    constraint audit_heads_seq_check check (seq >= 1)
) strict, without rowid;
