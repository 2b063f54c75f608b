//! What every engine must do alike: one case per promise of the traits.
//!
//! An engine runs them all with [`crate::conformance!`], each on a fresh, empty store:
//!
//! ```ignore
//! async fn empty_store() -> (Arc<dyn store::Store>, impl Sized) { /* the store, and what keeps it alive */ }
//!
//! store::conformance!(empty_store);
//! ```
//!
//! Ids and instants are fixed and nothing sleeps, so that a case that fails fails again.
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "the names of the cases say it all; they fail by assertion, and run in tests only"
)]

pub mod admins;
pub mod answers;
pub mod audit;
pub mod consents;
pub mod customers;
pub mod erasures;
pub mod limits;
pub mod merchants;
pub mod outbox;
pub mod pages;
pub mod sample;
pub mod sealed;
pub mod sessions;
pub mod tokens;
pub mod units;

/// One `#[tokio::test]` per case. The argument names an `async fn` that gives a fresh, empty store and
/// something that is kept until the case is done.
#[macro_export]
macro_rules! conformance {
    ($empty:ident) => {
        $crate::conformance!(@modules $empty;
            merchants {
                a_merchant_comes_back_as_it_went_in
                a_merchant_id_is_taken_once
                merchants_are_listed_oldest_first
                replacing_a_merchant_changes_its_name_and_settings
                replacing_an_unknown_merchant_is_stale
                an_api_key_is_found_by_its_client_id_alone
                a_client_id_is_taken_once_across_merchants
                an_api_key_is_revoked_once_and_by_its_own_merchant
                revoked_api_keys_are_listed_from_an_instant_on
                the_use_of_an_api_key_is_noted
                a_value_of_the_instance_can_be_set_and_set_again
            }
            customers {
                a_customer_comes_back_as_it_went_in
                a_customer_is_created_with_its_entry_or_not_at_all
                several_customers_are_created_together
                several_customers_of_which_one_is_taken_are_refused
                customers_are_created_with_what_is_kept_of_their_answers
                customers_of_whom_one_has_a_key_that_is_taken_are_refused
                a_customer_whose_place_in_the_chain_is_taken_is_refused
                customers_are_created_behind_the_end_of_the_chain
                customers_that_are_refused_leave_nothing
                a_missing_customer_is_none
                a_customer_of_another_merchant_is_not_found
                a_phone_belongs_to_one_living_customer_of_a_merchant
                a_reference_belongs_to_one_living_customer_of_a_merchant
                a_customer_id_is_taken_once_in_a_merchant
                a_deleted_customer_frees_its_phone_and_reference
                a_deleted_customer_cannot_come_back_to_a_phone_that_is_taken
                customers_without_phone_and_reference_do_not_collide
                a_replacement_is_what_is_read_afterwards
                a_replacement_of_an_old_version_is_stale
                a_replacement_that_takes_anothers_phone_changes_nothing
            }
            erasures {
                deleted_customers_come_in_the_order_of_their_deletion
                an_erased_customer_leaves_nothing_and_takes_no_other_along
                a_forgotten_phone_leaves_nothing_and_takes_no_other_along
                a_receipt_comes_back_as_it_went_in_and_is_written_once
                receipts_are_listed_by_customer_after_a_place
                scrubbing_keeps_what_is_there
            }
            pages {
                customers_of_an_email_address_come_newest_first
                pages_go_through_all_customers_newest_first
                pages_of_one_status_leave_out_the_others
                customers_are_counted_by_status
            }
            tokens {
                a_token_comes_back_as_it_went_in
                a_token_of_another_merchant_is_not_found
                a_reference_names_one_token_of_a_merchant
                a_token_id_is_taken_once_in_a_merchant
                a_replaced_token_is_what_is_read_afterwards
                a_token_stays_with_its_customer
                tokens_of_a_customer_come_newest_first
                tokens_are_counted_in_the_order_asked_for
            }
            consents {
                the_last_record_of_each_token_counts
                the_record_added_last_counts_whatever_the_clock_says
                purposes_and_customers_are_kept_apart
                consent_without_a_token_is_kept_but_counts_for_none
                decisions_come_newest_first
            }
            sessions {
                a_session_comes_back_as_it_went_in
                a_session_id_is_taken_once_in_a_merchant
                a_replaced_session_is_what_is_read_afterwards
                a_session_of_another_merchant_is_not_found
                a_challenge_comes_back_as_it_went_in
                a_challenge_id_is_taken_once_in_a_merchant
                a_replaced_challenge_is_what_is_read_afterwards
                a_purge_removes_what_is_over_and_nothing_else
            }
            answers {
                an_answer_comes_back_as_it_went_in
                a_key_is_answered_once_in_a_merchant
                a_sessions_secret_leaves_its_answer
                answers_about_a_customer_can_be_forgotten
            }
            sealed {
                whatever_is_sealed_can_be_listed_and_sealed_anew
                a_merchants_keys_are_replaced_when_they_are_the_ones_meant
            }
            limits {
                events_are_counted_from_an_instant_on
                events_at_one_instant_all_count
                merchants_scopes_and_subjects_are_counted_apart
                forgotten_events_do_not_count
                one_event_can_be_taken_back
                a_cool_down_can_be_set_and_set_again
            }
            audit {
                an_entry_comes_back_as_it_went_in
                the_head_is_the_last_entry_of_its_merchant
                a_place_in_the_chain_is_taken_once
                the_history_of_a_customer_comes_newest_first
                entries_come_oldest_first_after_a_place
                a_signed_head_comes_back_as_it_went_in
                the_head_of_a_place_is_signed_once
                signed_heads_come_oldest_first_after_a_place
            }
            outbox {
                due_messages_are_claimed_earliest_first
                a_claimed_message_comes_back_when_its_lease_ends
                a_finished_message_is_gone
                a_postponed_message_waits
                another_merchants_message_is_left_alone
                the_next_message_due_is_known
            }
            admins {
                an_admin_comes_back_as_it_went_in
                an_email_address_signs_in_to_one_merchant
                an_admin_session_comes_back_as_it_went_in
                the_use_of_an_admin_session_is_noted
                an_ended_admin_session_is_gone
            }
            units {
                a_unit_is_invisible_until_it_commits
                a_unit_sees_its_own_changes
                a_dropped_unit_leaves_nothing
                a_refused_insert_leaves_the_unit_usable
                a_refused_statement_leaves_the_unit_usable
                readers_see_a_change_as_soon_as_it_is_committed
                one_of_many_concurrent_inserts_of_a_phone_is_let_in
                concurrent_units_make_one_chain_without_gaps
                a_dropped_unit_between_others_takes_none_along
                a_closed_store_keeps_what_was_committed_and_takes_no_more
            }
        );
    };
    (@modules $empty:ident; $($module:ident { $($case:ident)* })*) => {
        $(mod $module {
            $(
                #[tokio::test]
                async fn $case() -> $crate::Result<()> {
                    let (store, _kept) = super::$empty().await;
                    $crate::conformance::$module::$case(&*store).await
                }
            )*
        })*
    };
}

#[cfg(test)]
mod tests {
    /// A case that is not in the list would be run by no engine.
    #[test]
    fn every_case_is_in_the_list() {
        let list = include_str!("conformance.rs");
        let modules = [
            include_str!("conformance/admins.rs"),
            include_str!("conformance/answers.rs"),
            include_str!("conformance/audit.rs"),
            include_str!("conformance/consents.rs"),
            include_str!("conformance/customers.rs"),
            include_str!("conformance/erasures.rs"),
            include_str!("conformance/limits.rs"),
            include_str!("conformance/merchants.rs"),
            include_str!("conformance/outbox.rs"),
            include_str!("conformance/pages.rs"),
            include_str!("conformance/sealed.rs"),
            include_str!("conformance/sessions.rs"),
            include_str!("conformance/tokens.rs"),
            include_str!("conformance/units.rs"),
        ];
        let cases = modules
            .iter()
            .flat_map(|module| module.lines())
            .filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next());
        let mut count = 0;
        for case in cases {
            assert!(
                list.lines().any(|line| line.trim() == case),
                "{case} is not in the list"
            );
            count += 1;
        }
        assert!(count > 70, "only {count} cases were found");
    }
}
