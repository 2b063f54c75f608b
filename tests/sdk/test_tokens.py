"""The seven card token operations."""

import datetime
import re

from demo import acquirer, letters, new_reference, sync_and_async, wait_for
from pinelabs import (
    BadRequestError,
    CardTokenResponse,
    CryptogramResponse,
    CustomerTokenDetail,
    CustomerTokensResponse,
    DeleteCustomerTokenResponse,
    DeleteTokenByTokenIdResponse,
    NotFoundError,
    ServiceProviderTokenResponse,
    ServiceProviderTokensListResponse,
    TokenPaymentOption,
)
from pinelabs.core.api_error import ApiError

NOBODY = "cust-v1-260101000000-aa-abcdefghijkl"
NO_TOKEN = "token-v1-260101000000-aa-abcdefghijkl"
NO_PROVIDER_TOKEN = "tp-v1-260101000000-aa-abcdefghijkl"
TOKEN_FIELDS = {
    "token_id", "merchant_token_reference", "customer_id", "status", "payment_method", "expired_at", "created_at",
    "updated_at", "status_reason", "merchant_metadata", "card_data", "is_compliant", "decision",
}  # fmt: skip
CARD_FIELDS = {
    "last4_digit", "card_type", "network_name", "issuer_name", "card_category", "country_code", "international", "emi",
    "cvv_required",
}  # fmt: skip


def codes(token):
    return [reason["code"] for reason in token.decision["reasons"]]


@sync_and_async
class Generating:
    def test_a_new_token_answers_every_field_and_becomes_active(self):
        customer = self.create_active()
        reference = new_reference("card")
        made = self.generate(customer.customer_id, reference, merchant_metadata={"till": "4"})
        self.assertEqual(self.wire.last_status, 201)
        self.assertIsInstance(made, CardTokenResponse)
        self.assertRegex(made.token_id, r"^token-v1-\d{12}-[a-z]{2}-[A-Za-z0-9]{12}$")
        self.assertEqual(made.customer_id, customer.customer_id)
        self.assertEqual(made.merchant_token_reference, reference)
        self.assertEqual(made.status, "INITIATED")
        self.assertIsInstance(made.created_at, datetime.datetime)
        self.assertIsInstance(made.updated_at, datetime.datetime)
        token = wait_for(
            lambda: self.api.tokenization.get_customer_token_by_token_id(customer.customer_id, made.token_id),
            lambda token: token.status == "ACTIVE",
        )
        self.assertEqual(token.merchant_metadata, {"till": "4"})
        self.assertEqual(token.created_at, made.created_at)

    def test_the_same_request_again_answers_the_same_token(self):
        customer_id, reference = self.create().customer_id, new_reference()
        asked = {
            "customer_id": customer_id,
            "merchant_token_reference": reference,
            "payment_method": "CARD",
            "payment_option": TokenPaymentOption(encrypted_card_details="sealed-once"),
            "payment": acquirer(),
        }
        first = self.api.tokenization.generate_card_token(**asked)
        second = self.api.tokenization.generate_card_token(**asked)
        self.assertEqual(self.wire.last_status, 201)
        self.assertEqual(second.token_id, first.token_id)
        self.assertEqual(self.api.tokenization.get_customer_tokens_by_customer_id(customer_id).total_tokens, 1)

    def test_the_reference_for_another_request_or_after_deletion_is_422(self):
        customer_id, reference = self.create().customer_id, new_reference()
        first = self.generate(customer_id, reference)
        self.refused(ApiError, 422, "DUPLICATE_REQUEST", self.generate, customer_id, reference)
        self.refused(ApiError, 422, "DUPLICATE_REQUEST", self.generate, self.create().customer_id, reference)
        self.api.tokenization.delete_token_by_token_id(first.token_id)
        self.refused(ApiError, 422, "DUPLICATE_REQUEST", self.generate, customer_id, reference)

    def test_a_bad_field_is_400_and_named(self):
        customer_id = self.create().customer_id
        good = {
            "customer_id": customer_id,
            "merchant_token_reference": new_reference(),
            "payment_method": "CARD",
            "payment_option": TokenPaymentOption(encrypted_card_details="sealed"),
        }
        for field, changed in {
            "customer_id": {"customer_id": ""},
            "merchant_token_reference": {"merchant_token_reference": "x" * 51},
            "payment_method": {"payment_method": "UPI"},
            "payment_option": {"payment_option": TokenPaymentOption()},
            "merchant_metadata": {"merchant_metadata": {f"key{place}": "v" for place in range(11)}},
        }.items():
            with self.subTest(field):
                body = self.refused(
                    BadRequestError, 400, "INVALID_REQUEST", self.api.tokenization.generate_card_token, **{**good, **changed}
                )
                self.assertTrue(body["additional_error_details"]["field"].startswith(field), body)
        self.assertEqual(self.api.tokenization.get_customer_tokens_by_customer_id(customer_id).total_tokens, 0)

    def test_a_customer_nobody_knows_is_404_which_this_operation_does_not_declare(self):
        self.refused(ApiError, 404, "CUSTOMER_NOT_FOUND", self.generate, NOBODY, new_reference())

    def test_a_deleted_customer_gets_no_token(self):
        customer_id = self.create().customer_id
        self.api.customers.update_customer(customer_id, status="DELETED")
        self.refused(ApiError, 422, "CUSTOMER_DELETED", self.generate, customer_id, new_reference())

    def test_a_suspended_customer_gets_no_token(self):
        customer_id = self.create().customer_id
        self.api.customers.update_customer(customer_id, status="SUSPENDED")
        self.wire.exchanges.clear()
        with self.assertRaises(ApiError) as caught:
            self.generate(customer_id, new_reference())
        self.assertEqual((caught.exception.status_code, self.wire.sent), (422, 1))

    def test_a_card_number_in_place_of_its_encryption_is_refused_once_and_never_echoed(self):
        customer_id = self.create().customer_id
        body = self.refused(
            ApiError, 422, "CARD_NUMBER_REFUSED", self.api.tokenization.generate_card_token,
            customer_id=customer_id, merchant_token_reference=new_reference(), payment_method="CARD",
            payment_option=TokenPaymentOption(encrypted_card_details="4111111111111111"),
        )  # fmt: skip
        self.assertNotIn("4111", str(body))
        self.assertEqual(self.api.tokenization.get_customer_tokens_by_customer_id(customer_id).total_tokens, 0)


@sync_and_async
class Reading:
    def assert_token(self, token, customer_id):
        """Everything documented of one token, with values as the SDK types them."""
        self.assertIsInstance(token, CustomerTokenDetail)
        self.assertRegex(token.token_id, r"^token-v1-")
        self.assertEqual(token.customer_id, customer_id)
        self.assertEqual(token.payment_method, "CARD")
        for name in ("expired_at", "created_at", "updated_at"):
            self.assertIsInstance(getattr(token, name), datetime.datetime, name)
        self.assertGreater(token.expired_at, datetime.datetime.now(datetime.timezone.utc))
        self.assertIs(token.is_compliant, True)
        card = token.card_data
        self.assertRegex(card.last4digit, r"^\d{4}$")
        self.assertIn(card.card_type, ("CREDIT", "DEBIT"))
        for name in ("network_name", "issuer_name", "card_category"):
            self.assertTrue(getattr(card, name), name)
        self.assertEqual(card.country_code, "IND")
        for name in ("international", "emi", "cvv_required"):
            self.assertIsInstance(getattr(card, name), bool, name)

    def test_the_list_has_its_envelope_and_every_field_of_every_token(self):
        customer = self.create_active()
        wanted = {
            self.token_that_is("ACTIVE", customer_id=customer.customer_id, merchant_metadata={"n": name}).token_id
            for name in ("one", "two", "three")
        }
        answer = self.api.tokenization.get_customer_tokens_by_customer_id(customer.customer_id)
        self.assertEqual(self.wire.last_status, 200)
        body = self.wire.last_json
        self.assertEqual(set(body), {"customer_id", "total_tokens", "tokens", "created_at", "updated_at"})
        self.assertIsInstance(answer, CustomerTokensResponse)
        self.assertEqual(answer.customer_id, customer.customer_id)
        self.assertEqual(answer.total_tokens, 3)
        self.assertEqual({token.token_id for token in answer.tokens}, wanted)
        self.assertEqual((answer.created_at, answer.updated_at), (customer.created_at, customer.updated_at))
        for token, sent in zip(answer.tokens, body["tokens"]):
            self.assertEqual(set(sent), TOKEN_FIELDS)
            self.assertEqual(set(sent["card_data"]), CARD_FIELDS)
            self.assertRegex(sent["expired_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            self.assertEqual(token.status, "ACTIVE")
            self.assert_token(token, customer.customer_id)
            self.assertEqual(token.decision, {"eligible": True, "reasons": []})
        self.assertFalse(re.search(r"\d{12,19}", re.sub(r"-v1-\d{12}-", "", str(body))), "no card number anywhere")

    def test_a_customer_without_tokens_has_an_empty_list(self):
        answer = self.api.tokenization.get_customer_tokens_by_customer_id(self.create().customer_id)
        self.assertEqual((answer.total_tokens, answer.tokens), (0, []))

    def test_one_token_reads_as_in_the_list(self):
        customer_id = self.create_active().customer_id
        token = self.token_that_is("ACTIVE", customer_id=customer_id)
        self.assert_token(token, customer_id)
        listed = self.api.tokenization.get_customer_tokens_by_customer_id(customer_id).tokens
        self.assertEqual(listed, [token])

    def test_a_token_of_another_customer_or_of_nobody_is_404(self):
        token = self.token_that_is("ACTIVE")
        get = self.api.tokenization.get_customer_token_by_token_id
        self.refused(NotFoundError, 404, "TOKEN_NOT_FOUND", get, self.create().customer_id, token.token_id)
        self.refused(NotFoundError, 404, "TOKEN_NOT_FOUND", get, token.customer_id, NO_TOKEN)
        self.refused(NotFoundError, 404, "CUSTOMER_NOT_FOUND", get, NOBODY, token.token_id)
        self.refused(
            NotFoundError, 404, "CUSTOMER_NOT_FOUND", self.api.tokenization.get_customer_tokens_by_customer_id, NOBODY
        )

    def test_the_service_provider_token_of_a_token_has_every_field(self):
        token = self.token_that_is("ACTIVE")
        answer = self.api.tokenization.get_service_provider_token(token.token_id)
        self.assertIsInstance(answer, ServiceProviderTokenResponse)
        self.assert_provider_token(answer, token)

    def test_the_service_provider_tokens_of_a_customer_are_a_list(self):
        customer_id = self.create_active().customer_id
        tokens = [self.token_that_is("ACTIVE", customer_id=customer_id) for _ in range(2)]
        answer = self.api.tokenization.get_service_provider_token(customer_id)
        self.assertIsInstance(answer, ServiceProviderTokensListResponse)
        self.assertEqual(answer.customer_id, customer_id)
        found = {token.token_id: token for token in answer.tokens}
        self.assertEqual(set(found), {token.token_id for token in tokens})
        for token in tokens:
            self.assert_provider_token(found[token.token_id], token)

    def assert_provider_token(self, answer, token):
        for name in ("token_id", "customer_id", "merchant_token_reference", "status", "payment_method", "card_data", "created_at"):
            self.assertEqual(getattr(answer, name), getattr(token, name), name)
        self.assertIsInstance(answer.updated_at, datetime.datetime)
        self.assertRegex(answer.service_provider_token_id, r"^tp-v1-")

    def test_the_service_provider_token_of_nobody_and_of_a_pending_token_is_404(self):
        get = self.api.tokenization.get_service_provider_token
        pending = self.generate(self.create().customer_id, new_reference("sandbox-pending"))
        for identifier in (NOBODY, NO_TOKEN, "neither", pending.token_id):
            with self.subTest(identifier):
                self.refused(NotFoundError, 404, "TOKEN_NOT_FOUND", get, identifier)


@sync_and_async
class SandboxStates:
    def reaches(self, begins, status, *reasons):
        token = self.token_that_is(status, begins)
        self.assertEqual(codes(token), list(reasons))
        self.assertEqual(token.decision["eligible"], not reasons)
        for reason in token.decision["reasons"]:
            self.assertTrue(reason["remedy"])
            self.assertTrue(reason["since"].endswith("Z"))
        return token

    def test_an_ordinary_reference_becomes_active_and_eligible(self):
        token = self.reaches("anything", "ACTIVE")
        self.assertIsNone(token.status_reason)

    def test_a_failing_reference_becomes_failed(self):
        self.assertTrue(self.reaches("sandbox-fail", "FAILED", "token_failed").status_reason)

    def test_a_suspending_reference_becomes_suspended(self):
        self.assertTrue(self.reaches("sandbox-suspend", "SUSPENDED", "token_suspended").status_reason)

    def test_a_deactivating_reference_becomes_deactivated(self):
        self.assertTrue(self.reaches("sandbox-deactivate", "DEACTIVATED", "token_deactivated").status_reason)

    def test_an_expiring_reference_is_active_but_expired(self):
        token = self.reaches("sandbox-expired", "ACTIVE", "token_expired")
        self.assertLess(token.expired_at, datetime.datetime.now(datetime.timezone.utc))

    def test_a_noncompliant_reference_is_active_but_not_compliant(self):
        self.assertIs(self.reaches("sandbox-noncompliant", "ACTIVE", "token_not_compliant").is_compliant, False)

    def test_a_pending_reference_is_still_pending_when_a_later_one_is_done(self):
        customer_id = self.create_active().customer_id
        pending = self.generate(customer_id, new_reference("sandbox-pending"))
        self.token_that_is("ACTIVE", customer_id=customer_id)
        token = self.api.tokenization.get_customer_token_by_token_id(customer_id, pending.token_id)
        self.assertEqual((token.status, codes(token)), ("INITIATED", ["token_pending"]))
        self.assertIsNone(token.card_data)


@sync_and_async
class Decisions:
    def test_tokens_of_a_customer_who_is_not_active_keep_their_status_and_say_why_not(self):
        customer_id = self.create().customer_id
        token_id = self.token_that_is("ACTIVE", customer_id=customer_id).token_id

        def decided():
            return self.api.tokenization.get_customer_token_by_token_id(customer_id, token_id)

        self.assertEqual((decided().status, codes(decided())), ("ACTIVE", ["customer_not_verified"]))
        for status, reasons in (("ACTIVE", []), ("SUSPENDED", ["customer_suspended"]), ("ACTIVE", [])):
            self.api.customers.update_customer(customer_id, status=status)
            token = decided()
            self.assertEqual((token.status, codes(token)), ("ACTIVE", reasons))
            self.assertEqual(token.decision["eligible"], not reasons)

    def test_deleting_the_customer_deactivates_every_token(self):
        customer_id = self.create_active().customer_id
        for _ in range(2):
            self.token_that_is("ACTIVE", customer_id=customer_id)
        self.api.customers.update_customer(customer_id, status="DELETED")
        answer = self.api.tokenization.get_customer_tokens_by_customer_id(customer_id)
        self.assertEqual(answer.total_tokens, 2)
        for token in answer.tokens:
            self.assertEqual(token.status, "DEACTIVATED")
            self.assertTrue(token.status_reason)
            self.assertEqual(codes(token)[0], "customer_deleted")
            self.assertIn("token_deactivated", codes(token))


@sync_and_async
class Cryptograms:
    def cryptogram(self, token_id, provider_token_id, reference=None):
        return self.api.tokenization.generate_cryptogram(
            token_id, merchant_unique_reference=reference or letters(), service_provider_token_id=provider_token_id
        )

    def test_a_cryptogram_is_all_text_as_the_sdk_insists_and_each_is_new(self):
        token = self.token_that_is("ACTIVE")
        provider_token_id = self.provider_token_id(token.token_id)
        answer = self.cryptogram(token.token_id, provider_token_id)
        self.assertEqual(self.wire.last_status, 201)
        self.assertIsInstance(answer, CryptogramResponse)
        self.assertEqual(answer.token_id, token.token_id)
        self.assertEqual(answer.merchant_token_reference, token.merchant_token_reference)
        self.assertEqual(answer.service_provider_token_id, provider_token_id)
        for name in ("cryptogram", "token_reference", "payment_account_reference"):
            value = getattr(answer.token_data, name)
            self.assertIsInstance(value, str, name)
            self.assertTrue(value, name)
        self.assertEqual(answer.token_data.token_expiry_month, f"{token.expired_at.month:02d}")
        self.assertEqual(answer.token_data.token_expiry_year, f"{token.expired_at.year}")
        again = self.cryptogram(token.token_id, provider_token_id)
        self.assertNotEqual(again.token_data.cryptogram, answer.token_data.cryptogram)

    def test_a_card_that_cannot_be_used_gets_none_and_is_told_every_reason(self):
        token = self.token_that_is("ACTIVE", "sandbox-expired")
        provider_token_id = self.provider_token_id(token.token_id)
        self.api.customers.update_customer(token.customer_id, status="SUSPENDED")
        body = self.refused(ApiError, 422, "NOT_ELIGIBLE", self.cryptogram, token.token_id, provider_token_id)
        reasons = [reason["code"] for reason in body["additional_error_details"]["reasons"]]
        self.assertEqual(reasons, ["customer_suspended", "token_expired"])

    def test_the_card_of_a_deleted_customer_gets_none(self):
        token = self.token_that_is("ACTIVE")
        provider_token_id = self.provider_token_id(token.token_id)
        self.api.customers.update_customer(token.customer_id, status="DELETED")
        self.refused(ApiError, 422, "NOT_ELIGIBLE", self.cryptogram, token.token_id, provider_token_id)

    def test_another_tokens_service_provider_token_is_refused_and_named(self):
        token, other = self.token_that_is("ACTIVE"), self.token_that_is("ACTIVE")
        foreign = self.provider_token_id(other.token_id)
        for wrong in (foreign, NO_PROVIDER_TOKEN, "", "nonsense"):
            with self.subTest(wrong):
                body = self.refused(BadRequestError, 400, "INVALID_REQUEST", self.cryptogram, token.token_id, wrong)
                self.assertEqual(body["additional_error_details"]["field"], "service_provider_token_id")

    def test_a_reference_that_is_too_long_is_400_and_named(self):
        token = self.token_that_is("ACTIVE")
        body = self.refused(
            BadRequestError, 400, "INVALID_REQUEST", self.cryptogram, token.token_id,
            self.provider_token_id(token.token_id), "x" * 51,
        )  # fmt: skip
        self.assertEqual(body["additional_error_details"]["field"], "merchant_unique_reference")

    def test_a_token_nobody_knows_is_404_which_this_operation_does_not_declare(self):
        self.refused(ApiError, 404, "TOKEN_NOT_FOUND", self.cryptogram, NO_TOKEN, NO_PROVIDER_TOKEN)


@sync_and_async
class Deleting:
    def assert_deactivated(self, token):
        after = self.api.tokenization.get_customer_token_by_token_id(token.customer_id, token.token_id)
        self.assertEqual(after.status, "DEACTIVATED")
        self.assertTrue(after.status_reason)
        self.assertIn("token_deactivated", codes(after))
        self.assertGreater(after.updated_at, token.updated_at)

    def test_deleting_a_customers_token_answers_deleted_and_lists_it_deactivated(self):
        token, reference = self.token_that_is("ACTIVE"), new_reference()
        answer = self.api.tokenization.delete_customer_token(
            token.customer_id, token.token_id, merchant_unique_reference=reference, merchant_metadata={"why": "asked"}
        )
        self.assertEqual(self.wire.last_status, 200)
        self.assertIsInstance(answer, DeleteCustomerTokenResponse)
        self.assertEqual(
            (answer.customer_id, answer.token_id, answer.status, answer.merchant_unique_reference),
            (token.customer_id, token.token_id, "DELETED", reference),
        )
        self.assert_deactivated(token)

    def test_deleting_again_answers_the_same_whatever_reference_it_carries(self):
        token = self.token_that_is("ACTIVE")
        for _ in range(2):
            reference = new_reference()
            answer = self.api.tokenization.delete_customer_token(
                token.customer_id, token.token_id, merchant_unique_reference=reference
            )
            self.assertEqual((answer.status, answer.merchant_unique_reference), ("DELETED", reference))
        self.assertEqual(self.api.tokenization.delete_token_by_token_id(token.token_id).status, "DELETED")
        self.assertEqual(self.api.tokenization.get_customer_tokens_by_customer_id(token.customer_id).total_tokens, 1)

    def test_deleting_by_token_id_answers_deleted_and_lists_it_deactivated(self):
        token = self.token_that_is("ACTIVE")
        answer = self.api.tokenization.delete_token_by_token_id(token.token_id)
        self.assertEqual(self.wire.last_status, 200)
        self.assertIsInstance(answer, DeleteTokenByTokenIdResponse)
        self.assertEqual((answer.token_id, answer.status), (token.token_id, "DELETED"))
        self.assert_deactivated(token)

    def test_a_deleted_token_gets_no_cryptogram(self):
        token = self.token_that_is("ACTIVE")
        provider_token_id = self.provider_token_id(token.token_id)
        self.api.tokenization.delete_token_by_token_id(token.token_id)
        self.refused(
            ApiError, 422, "NOT_ELIGIBLE", self.api.tokenization.generate_cryptogram, token.token_id,
            merchant_unique_reference=letters(), service_provider_token_id=provider_token_id,
        )  # fmt: skip

    def test_a_token_deleted_while_pending_stays_deactivated(self):
        customer_id = self.create_active().customer_id
        pending = self.generate(customer_id, new_reference())
        self.api.tokenization.delete_token_by_token_id(pending.token_id)
        self.token_that_is("ACTIVE", customer_id=customer_id)
        after = self.api.tokenization.get_customer_token_by_token_id(customer_id, pending.token_id)
        self.assertEqual(after.status, "DEACTIVATED")

    def test_what_is_not_there_or_not_this_customers_is_404(self):
        token = self.token_that_is("ACTIVE")
        delete = self.api.tokenization.delete_customer_token
        for customer_id, token_id in ((self.create().customer_id, token.token_id), (token.customer_id, NO_TOKEN)):
            self.refused(
                NotFoundError, 404, "TOKEN_NOT_FOUND", delete, customer_id, token_id, merchant_unique_reference=letters()
            )
        self.refused(NotFoundError, 404, "TOKEN_NOT_FOUND", self.api.tokenization.delete_token_by_token_id, NO_TOKEN)
        still = self.api.tokenization.get_customer_token_by_token_id(token.customer_id, token.token_id)
        self.assertEqual(still.status, "ACTIVE")

    def test_a_missing_reference_is_400_and_deletes_nothing(self):
        token = self.token_that_is("ACTIVE")
        body = self.refused(
            BadRequestError, 400, "INVALID_REQUEST", self.api.tokenization.delete_customer_token,
            token.customer_id, token.token_id, merchant_unique_reference="",
        )  # fmt: skip
        self.assertEqual(body["additional_error_details"]["field"], "merchant_unique_reference")
        still = self.api.tokenization.get_customer_token_by_token_id(token.customer_id, token.token_id)
        self.assertEqual(still.status, "ACTIVE")
