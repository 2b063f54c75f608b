insert into idempotency_keys (merchant_id, key_index, request_mac, status, answer, customer_id, session_id,
       session_secret, session_ends_at, created_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
