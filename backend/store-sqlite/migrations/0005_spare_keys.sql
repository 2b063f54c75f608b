-- A second key of a merchant while its key is rotated: the one that comes, or the one that goes. What
-- either has sealed opens.
alter table merchants add column wrapped_spare_key blob;
alter table merchants add column spare_role text
    constraint merchants_spare_role_check check (spare_role in ('next', 'previous'));
alter table merchants add column spare_since_at integer
    constraint merchants_spare_check check (
        (wrapped_spare_key is null) = (spare_role is null)
        and (wrapped_spare_key is null) = (spare_since_at is null)
    );
