insert into audit_entries (merchant_id, seq, happened_at, actor, actor_id, address, action, customer_id,
       token_id, fields, transition, sealed_reason, request_id, previous_hash, hash)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
