"""The four customer operations: what is stored, what is answered, what is refused."""

import concurrent.futures
import datetime
import re

from demo import SdkTest, letters, new_mobile, new_reference, sync_and_async
from pinelabs import Address, BadRequestError, CustomerResponse, NotFoundError
from pinelabs.core.api_error import ApiError

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
NOBODY = "cust-v1-260101000000-aa-abcdefghijkl"
# An answer has each of these, whatever was given.
ALWAYS = {
    "customer_id", "merchant_customer_reference", "first_name", "last_name", "country_code",
    "mobile_number", "email_id", "gstin", "status", "created_at", "updated_at",
}  # fmt: skip


def home():
    return Address(
        address1="14 Lake Road", address2="Flat 3", address3="Near the tram depot", pincode="700029",
        city="Kolkata", state="West Bengal", country="India", full_name="Asha Rao", adddress_type="Home",
        address_category="billing",
    )  # fmt: skip


def office():
    return Address(
        address1="Tower 2", address2="Floor 9", address3="Park Street", pincode="700016",
        city="Kolkata", state="West Bengal", country="India", full_name="A. Rao", adddress_type="Office",
        address_category="shipping",
    )  # fmt: skip


def everything():
    return {
        "merchant_customer_reference": new_reference("loyal"),
        "first_name": "Asha",
        "last_name": "Rao",
        "country_code": "91",
        "mobile_number": new_mobile(),
        "email_id": f"asha.{letters()}@example.com",
        "billing_address": home(),
        "shipping_address": office(),
        "gstin": "28ABCDE1234F2Z6",
        "merchant_metadata": {"tier": "gold", "since": "2019"},
    }


@sync_and_async
class Customers:
    def assert_is(self, customer, given):
        """Every documented field is there and says what was given."""
        self.assertIsInstance(customer, CustomerResponse)
        for name, value in given.items():
            self.assertEqual(getattr(customer, name), value, name)
        self.assertRegex(customer.customer_id, r"^cust-v1-\d{12}-[a-z]{2}-[A-Za-z0-9]{12}$")
        self.assertLessEqual(len(customer.customer_id), 50)
        for name in ("created_at", "updated_at"):
            self.assertIsInstance(getattr(customer, name), datetime.datetime, name)
            self.assertRegex(self.wire.last_json[name], INSTANT)

    def test_creating_with_every_field_answers_every_field(self):
        given = everything()
        customer = self.create(**given)
        self.assertEqual(self.wire.last_status, 201)
        self.assert_is(customer, given)
        self.assertEqual(customer.status, "INACTIVE")
        self.assertEqual(customer.billing_address.adddress_type, "Home")
        self.assertNotIn("address_type", self.wire.last_json["billing_address"])
        self.assertEqual(set(self.wire.last_json), ALWAYS | {"billing_address", "shipping_address", "merchant_metadata"})
        age = datetime.datetime.now(datetime.timezone.utc) - customer.created_at
        self.assertLess(abs(age.total_seconds()), 60)

    def test_absent_texts_are_empty_and_absent_objects_left_out(self):
        customer = self.create()
        self.assertEqual(set(self.wire.last_json), ALWAYS)
        for name in ("merchant_customer_reference", "first_name", "last_name", "email_id", "gstin"):
            self.assertEqual(getattr(customer, name), "", name)
        self.assertIsNone(customer.billing_address)
        self.assertIsNone(customer.merchant_metadata)

    def test_a_reference_alone_is_enough(self):
        reference = new_reference()
        customer = self.api.customers.create_customer(merchant_customer_reference=reference)
        self.assertEqual((customer.merchant_customer_reference, customer.mobile_number), (reference, ""))

    def test_get_by_id_answers_what_create_did(self):
        given = everything()
        created = self.create(**given)
        found = self.api.customers.get_customer_by_id(created.customer_id)
        self.assertEqual(self.wire.last_status, 200)
        self.assert_is(found, given)
        self.assertEqual(found, created)

    def test_get_by_details_finds_by_phone_reference_or_both(self):
        reference, mobile = new_reference(), new_mobile()
        created = self.create(merchant_customer_reference=reference, mobile_number=mobile)
        for country, number, name in (
            ("91", mobile, reference), ("+91", mobile, reference), ("91", mobile, ""), ("", "", reference),
            ("91", f"0{mobile}", ""),
        ):  # fmt: skip
            with self.subTest(country_code=country, mobile_number=number, reference=name):
                found = self.api.customers.get_customer_details(
                    country_code=country, mobile_number=number, merchant_customer_reference=name
                )
                self.assertEqual(found, created)

    def test_get_by_details_of_two_customers_finds_neither(self):
        one, other = self.create(merchant_customer_reference=new_reference()), self.create()
        self.refused(
            NotFoundError,
            404,
            "CUSTOMER_NOT_FOUND",
            self.api.customers.get_customer_details,
            country_code="91",
            mobile_number=other.mobile_number,
            merchant_customer_reference=one.merchant_customer_reference,
        )

    def test_get_by_details_without_anything_to_look_for_is_400(self):
        self.refused(
            BadRequestError,
            400,
            "INVALID_REQUEST",
            self.api.customers.get_customer_details,
            country_code="",
            mobile_number="",
            merchant_customer_reference="",
        )

    def test_the_plus_and_the_trunk_zero_are_the_same_number(self):
        mobile = new_mobile()
        customer = self.create(country_code="+91", mobile_number=f"0{mobile}")
        self.assertEqual((customer.country_code, customer.mobile_number), ("91", mobile))

    def test_a_name_may_be_of_any_script(self):
        customer = self.create(first_name="आशा", last_name="O'Brien-Łukasz")
        self.assertEqual((customer.first_name, customer.last_name), ("आशा", "O'Brien-Łukasz"))

    def test_an_update_changes_what_is_sent_and_nothing_else(self):
        given = everything()
        created = self.create(**given)
        changed = {
            "merchant_customer_reference": new_reference("renamed"),
            "first_name": "Usha",
            "last_name": "Roy",
            "country_code": "91",
            "mobile_number": new_mobile(),
            "email_id": "usha@example.com",
            "billing_address": office(),
            "shipping_address": home(),
        }
        for name, value in changed.items():
            if name in ("country_code", "mobile_number"):
                continue
            with self.subTest(name):
                updated = self.api.customers.update_customer(created.customer_id, **{name: value})
                given[name] = value
                self.assertEqual(self.wire.last_status, 200)
                self.assert_is(updated, given)
        phone = {"country_code": "+91", "mobile_number": changed["mobile_number"]}
        updated = self.api.customers.update_customer(created.customer_id, **phone)
        given["mobile_number"] = changed["mobile_number"]
        self.assert_is(updated, given)
        self.assertGreater(updated.updated_at, created.updated_at)
        self.assertEqual(updated.created_at, created.created_at)
        self.assertEqual(self.api.customers.get_customer_by_id(created.customer_id), updated)

    def test_an_update_that_changes_nothing_writes_nothing(self):
        created = self.create(first_name="Asha")
        self.assertEqual(self.api.customers.update_customer(created.customer_id, first_name="Asha", status="INACTIVE"), created)
        self.assertEqual(self.api.customers.update_customer(created.customer_id), created)

    def test_an_empty_text_clears_a_field_but_not_the_last_identity(self):
        created = self.create(first_name="Asha", email_id="asha@example.com")
        cleared = self.api.customers.update_customer(created.customer_id, first_name="", email_id="")
        self.assertEqual((cleared.first_name, cleared.email_id), ("", ""))
        self.refused(
            BadRequestError, 400, "INVALID_REQUEST", self.api.customers.update_customer, created.customer_id, mobile_number=""
        )

    def test_a_customer_nobody_knows_is_404(self):
        customers = self.api.customers
        for name in (NOBODY, "cust-v1-none", "x" * 60):
            with self.subTest(name):
                self.refused(NotFoundError, 404, "CUSTOMER_NOT_FOUND", customers.get_customer_by_id, name)
                self.refused(NotFoundError, 404, "CUSTOMER_NOT_FOUND", customers.update_customer, name, first_name="Asha")
        self.refused(
            NotFoundError, 404, "CUSTOMER_NOT_FOUND", customers.get_customer_details,
            country_code="91", mobile_number=new_mobile(), merchant_customer_reference="",
        )  # fmt: skip

    def test_a_bad_field_is_400_and_named_on_create_and_update(self):
        created = self.create()
        bad = {
            "merchant_customer_reference": "no spaces here",
            "first_name": "x" * 51,
            "last_name": "tab\tbed",
            "mobile_number": "12345",
            "country_code": "+999999",
            "email_id": "not an address",
        }
        for field, value in bad.items():
            given = {field: value}
            if field == "country_code":
                given["mobile_number"] = new_mobile()
            with self.subTest(field):
                body = self.refused(BadRequestError, 400, "INVALID_REQUEST", self.create, **given)
                self.assertEqual(body["additional_error_details"]["field"], field)
                body = self.refused(
                    BadRequestError, 400, "INVALID_REQUEST", self.api.customers.update_customer, created.customer_id, **given
                )
                self.assertEqual(body["additional_error_details"]["field"], field)
        for field, value in {
            "gstin": "short",
            "merchant_metadata": {"k": "v" * 257},
            "billing_address": Address(pincode="1"),
        }.items():
            with self.subTest(field):
                body = self.refused(BadRequestError, 400, "INVALID_REQUEST", self.create, **{field: value})
                self.assertTrue(body["additional_error_details"]["field"].startswith(field), body)
        self.assertEqual(self.api.customers.get_customer_by_id(created.customer_id), created)

    def test_neither_phone_nor_reference_is_400(self):
        self.refused(BadRequestError, 400, "INVALID_REQUEST", self.api.customers.create_customer, first_name="Asha")

    def test_a_card_number_is_refused_once_and_never_echoed(self):
        mobile = new_mobile()
        body = self.refused(
            ApiError, 422, "CARD_NUMBER_REFUSED", self.create,
            mobile_number=mobile, merchant_metadata={"note": "pay with 4111 1111 1111 1111"},
        )  # fmt: skip
        self.assertNotIn("4111", str(body))
        self.refused(
            NotFoundError, 404, "CUSTOMER_NOT_FOUND", self.api.customers.get_customer_details,
            country_code="91", mobile_number=mobile, merchant_customer_reference="",
        )  # fmt: skip

    def test_a_taken_phone_is_422_sent_once_and_names_who_is_in_the_way(self):
        first = self.create()
        body = self.refused(ApiError, 422, "DUPLICATE_REQUEST", self.create, mobile_number=first.mobile_number)
        self.assertEqual(body["additional_error_details"]["field"], "mobile_number")
        self.assertEqual(body["additional_error_details"]["customer_id"], first.customer_id)

    def test_a_taken_reference_is_422_sent_once_and_names_who_is_in_the_way(self):
        first = self.create(merchant_customer_reference=new_reference())
        body = self.refused(
            ApiError, 422, "DUPLICATE_REQUEST", self.create, merchant_customer_reference=first.merchant_customer_reference
        )
        self.assertEqual(body["additional_error_details"]["field"], "merchant_customer_reference")
        self.assertEqual(body["additional_error_details"]["customer_id"], first.customer_id)

    def test_an_update_to_a_taken_phone_is_422_and_changes_nothing(self):
        first, second = self.create(), self.create()
        body = self.refused(
            ApiError, 422, "DUPLICATE_REQUEST", self.api.customers.update_customer, second.customer_id,
            country_code="91", mobile_number=first.mobile_number, first_name="Thief",
        )  # fmt: skip
        self.assertEqual(body["additional_error_details"]["customer_id"], first.customer_id)
        self.assertEqual(self.api.customers.get_customer_by_id(second.customer_id), second)


class Race(SdkTest):
    """Threads, each with a sync client of its own."""

    def test_thirty_creations_of_one_phone_at_once_make_one_customer(self):
        mobile = new_mobile()
        clients = [self.client(self.access_token) for _ in range(30)]

        def create(client):
            try:
                return 201, client.customers.create_customer(country_code="91", mobile_number=mobile).customer_id
            except ApiError as error:
                return error.status_code, error.body["additional_error_details"]["customer_id"]

        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            answers = list(pool.map(create, clients))
        self.assertEqual(sorted(status for status, _ in answers), [201] + [422] * 29)
        self.assertEqual(len({customer_id for _, customer_id in answers}), 1)
