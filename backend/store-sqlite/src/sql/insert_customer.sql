insert into customers (merchant_id, customer_id, status, suspended_until_at, resumes, state_since_at,
       verified_at, phone_changed_at, version, wrapped_key, profile, phone_index, reference_index,
       email_index, created_at, updated_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
