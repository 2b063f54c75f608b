-- The second key of a merchant may be one of its blind indexes. Without a word it is the one that wraps,
-- as those who know no other leave it.
alter table merchants add column spare_of text
    constraint merchants_spare_of_check check (spare_of in ('key', 'index_key'));
