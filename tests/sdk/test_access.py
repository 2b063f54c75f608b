"""Access tokens: asked for, used, refused."""

import datetime

from demo import letters, new_mobile, sync_and_async
from pinelabs import BadRequestError, ForbiddenError, UnauthorizedError
from pinelabs.core.api_error import ApiError


@sync_and_async
class Access:
    def test_a_token_says_when_it_ends_in_both_ways_clients_read(self):
        before = datetime.datetime.now(datetime.timezone.utc)
        answer = self.generate_token()
        self.assertEqual(answer.access_token.count("."), 2, "clients expect the look of a JWT")
        self.assertLessEqual(len(answer.access_token), 8192)
        self.assertEqual(answer.expires_in, 3600)
        lifetime = (answer.expires_at - before).total_seconds()
        self.assertTrue(3590 <= lifetime <= 3610, lifetime)

    def test_the_authorization_header_of_a_stale_token_does_not_hinder_getting_a_new_one(self):
        answer = self.client("expired.long.ago").authentication.generate_token(
            client_id=self.merchant["client_id"],
            client_secret=self.merchant["client_secret"],
            grant_type="client_credentials",
        )
        self.assertTrue(answer.access_token)

    def test_a_wrong_secret_and_an_unknown_client_are_401_and_alike(self):
        wrong_secret = self.refused(ApiError, 401, "AUTHENTICATION_FAILED", self.generate_token, client_secret=letters())
        unknown = self.refused(
            ApiError, 401, "AUTHENTICATION_FAILED", self.generate_token, client_id="00000000-0000-4000-8000-000000000000"
        )
        self.assertEqual(wrong_secret["message"], unknown["message"])

    def test_another_grant_type_is_400_and_names_the_field(self):
        body = self.refused(ApiError, 400, "INVALID_REQUEST", self.generate_token, grant_type="password")
        self.assertEqual(body["additional_error_details"]["field"], "grant_type")

    def test_an_empty_client_id_is_400_and_names_the_field(self):
        body = self.refused(ApiError, 400, "INVALID_REQUEST", self.generate_token, client_id="")
        self.assertEqual(body["additional_error_details"]["field"], "client_id")

    def test_every_operation_with_a_bad_token_is_401_as_the_sdk_types_it(self):
        customers, tokens = self.client("no.such.token").customers, self.client("no.such.token").tokenization
        customer_id, token_id = "cust-v1-260101000000-aa-abcdefghijkl", "token-v1-260101000000-aa-abcdefghijkl"
        calls = {
            "create": lambda: customers.create_customer(country_code="91", mobile_number=new_mobile()),
            "get": lambda: customers.get_customer_by_id(customer_id),
            "find": lambda: customers.get_customer_details(
                country_code="91", mobile_number=new_mobile(), merchant_customer_reference=""
            ),
            "update": lambda: customers.update_customer(customer_id, first_name="Asha"),
            "generate": lambda: tokens.generate_card_token(
                customer_id=customer_id, merchant_token_reference=letters(), payment_method="CARD"
            ),
            "list": lambda: tokens.get_customer_tokens_by_customer_id(customer_id),
            "one": lambda: tokens.get_customer_token_by_token_id(customer_id, token_id),
            "delete": lambda: tokens.delete_customer_token(customer_id, token_id, merchant_unique_reference=letters()),
            "provider": lambda: tokens.get_service_provider_token(token_id),
            "cryptogram": lambda: tokens.generate_cryptogram(
                token_id, merchant_unique_reference=letters(), service_provider_token_id="tp-v1-x"
            ),
            "delete by id": lambda: tokens.delete_token_by_token_id(token_id),
        }
        for name, call in calls.items():
            with self.subTest(name):
                self.refused(UnauthorizedError, 401, "AUTHENTICATION_FAILED", call)

    def test_a_tampered_token_is_401(self):
        head, claims, signature = self.access_token.split(".")
        middle = len(signature) // 2
        other = "A" if signature[middle] != "A" else "B"
        tampered = f"{head}.{claims}.{signature[:middle]}{other}{signature[middle + 1:]}"
        customers = self.client(tampered).customers
        self.refused(
            UnauthorizedError, 401, "AUTHENTICATION_FAILED", customers.get_customer_by_id, "cust-v1-260101000000-aa-abcdefghijkl"
        )

    def test_a_merchants_credential_sent_from_a_web_page_is_403(self):
        customers = self.client(self.access_token, headers={"Origin": "https://shop.example"}).customers
        self.refused(
            ForbiddenError,
            403,
            "PERMISSION_DENIED",
            customers.create_customer,
            country_code="91",
            mobile_number=new_mobile(),
        )

    def test_an_error_carries_the_published_three_details(self):
        body = self.refused(
            BadRequestError, 400, "INVALID_REQUEST", self.api.customers.create_customer, first_name="Nobody"
        )
        details = body["additional_error_details"]
        for name in ("source", "step", "reason"):
            self.assertTrue(details[name], name)

    def generate_token(self, **changed):
        asked = {
            "client_id": self.merchant["client_id"],
            "client_secret": self.merchant["client_secret"],
            "grant_type": "client_credentials",
            **changed,
        }
        return self.client("bootstrap").authentication.generate_token(**asked)
