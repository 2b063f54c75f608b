//! Where one is in the customer list: what is looked for, which status, which page. Pure.
//!
//! It lives in memory only. A phone number that was searched for never gets into a URL, a title or
//! the browser's history.

use shared::api::admin::SearchCustomersRequest;
use shared::customer::CustomerStatus;

/// Customers on a page.
pub const PAGE_SIZE: u32 = 25;

/// Where one is in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    query: String,
    status: Option<CustomerStatus>,
    /// The cursors of the pages passed, so that one can go back.
    cursors: Vec<String>,
}

impl Listing {
    /// What is looked for; empty for everyone.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The status shown; none for all.
    #[must_use]
    pub const fn status(&self) -> Option<CustomerStatus> {
        self.status
    }

    /// Looks for something else, from the first page.
    pub fn search(&mut self, query: &str) {
        query.trim().clone_into(&mut self.query);
        self.cursors.clear();
    }

    /// Shows another status, from the first page.
    pub fn filter(&mut self, status: Option<CustomerStatus>) {
        self.status = status;
        self.cursors.clear();
    }

    /// Goes on to the page that `cursor` begins.
    pub fn forward(&mut self, cursor: String) {
        self.cursors.push(cursor);
    }

    /// Goes back a page.
    pub fn back(&mut self) {
        self.cursors.pop();
    }

    /// Whether there is a page before.
    #[must_use]
    pub fn has_previous(&self) -> bool {
        !self.cursors.is_empty()
    }

    /// Whether the list is of everyone.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        self.query.is_empty() && self.status.is_none()
    }

    /// Whether this is a page of the same list.
    #[must_use]
    pub fn same_search(&self, other: &Self) -> bool {
        self.query == other.query && self.status == other.status
    }

    /// What to ask the server for.
    #[must_use]
    pub fn request(&self) -> SearchCustomersRequest {
        SearchCustomersRequest {
            query: (!self.query.is_empty()).then(|| self.query.clone()),
            status: self.status,
            after: self.cursors.last().cloned(),
            limit: Some(PAGE_SIZE),
        }
    }

    /// The first and last place of this page among all, counted from 1; none when it is empty.
    #[must_use]
    pub fn places(&self, shown: usize) -> Option<(i64, i64)> {
        let before = i64::try_from(self.cursors.len())
            .ok()?
            .checked_mul(i64::from(PAGE_SIZE))?;
        let shown = i64::try_from(shown).ok().filter(|shown| *shown > 0)?;
        Some((before.checked_add(1)?, before.checked_add(shown)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_search_or_filter_begins_at_the_first_page() {
        let mut listing = Listing::default();
        listing.forward("a".into());
        listing.search("  98765 43210 ");
        assert_eq!(listing.query(), "98765 43210");
        assert!(!listing.has_previous());
        listing.forward("b".into());
        listing.filter(Some(CustomerStatus::Suspended));
        assert!(!listing.has_previous());
        assert_eq!(listing.request().status, Some(CustomerStatus::Suspended));
    }

    #[test]
    fn one_goes_back_the_way_one_came() {
        let mut listing = Listing::default();
        listing.forward("a".into());
        listing.forward("b".into());
        assert_eq!(listing.request().after.as_deref(), Some("b"));
        listing.back();
        assert_eq!(listing.request().after.as_deref(), Some("a"));
        listing.back();
        listing.back();
        assert_eq!(listing.request().after, None);
        assert!(listing.same_search(&Listing::default()));
    }

    #[test]
    fn an_empty_search_asks_for_everyone() {
        let mut listing = Listing::default();
        listing.search("   ");
        assert!(listing.is_everyone());
        assert_eq!(listing.request().query, None);
    }

    #[test]
    fn places_count_on_from_page_to_page() {
        let mut listing = Listing::default();
        assert_eq!(listing.places(0), None);
        assert_eq!(listing.places(25), Some((1, 25)));
        listing.forward("a".into());
        assert_eq!(listing.places(3), Some((26, 28)));
    }
}
