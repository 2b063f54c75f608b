"""The life of a customer as a merchant moves it by update."""

from demo import new_mobile, new_reference, sync_and_async
from pinelabs import BadRequestError, CustomerResponse, NotFoundError
from pinelabs.core.api_error import ApiError

STATUSES = ("INACTIVE", "ACTIVE", "SUSPENDED", "DELETED")


@sync_and_async
class LifeCycle:
    def move(self, customer_id, status):
        customer = self.api.customers.update_customer(customer_id, status=status)
        self.assertIsInstance(customer, CustomerResponse)
        self.assertEqual(customer.status, status)
        self.assertEqual(self.api.customers.get_customer_by_id(customer_id), customer)
        return customer

    def cannot(self, customer_id, status):
        body = self.refused(
            ApiError, 422, "INVALID_STATUS_TRANSITION", self.api.customers.update_customer, customer_id, status=status
        )
        return body["additional_error_details"]

    def test_the_merchant_vouches_suspends_and_lifts(self):
        customer_id = self.create().customer_id
        self.move(customer_id, "ACTIVE")
        self.move(customer_id, "SUSPENDED")
        self.move(customer_id, "ACTIVE")

    def test_a_customer_suspended_while_inactive_is_lifted_to_inactive_only(self):
        customer_id = self.create().customer_id
        self.move(customer_id, "SUSPENDED")
        details = self.cannot(customer_id, "ACTIVE")
        self.assertEqual(details["from"], "SUSPENDED")
        self.assertEqual(details["to"], "ACTIVE")
        self.assertTrue(details["legal_moves"])
        self.move(customer_id, "INACTIVE")

    def test_an_active_customer_is_not_made_inactive_by_hand(self):
        customer_id = self.create_active().customer_id
        details = self.cannot(customer_id, "INACTIVE")
        self.assertEqual((details["from"], details["to"]), ("ACTIVE", "INACTIVE"))
        self.assertEqual(self.api.customers.get_customer_by_id(customer_id).status, "ACTIVE")

    def test_the_present_status_again_changes_nothing(self):
        customer = self.create_active()
        self.assertEqual(self.api.customers.update_customer(customer.customer_id, status="ACTIVE"), customer)

    def test_a_new_phone_makes_an_active_customer_inactive(self):
        customer_id = self.create_active().customer_id
        changed = self.api.customers.update_customer(customer_id, country_code="91", mobile_number=new_mobile())
        self.assertEqual(changed.status, "INACTIVE")

    def test_a_customer_of_any_status_can_be_deleted_and_is_a_tombstone_for_ever(self):
        for before in ("INACTIVE", "ACTIVE", "SUSPENDED"):
            with self.subTest(before):
                reference = new_reference()
                customer = self.create(merchant_customer_reference=reference, first_name="Asha", email_id="asha@example.com")
                if before != "INACTIVE":
                    self.move(customer.customer_id, before)
                self.move(customer.customer_id, "DELETED")
                self.assert_tombstone(customer)

    def assert_tombstone(self, was):
        tombstone = self.api.customers.get_customer_by_id(was.customer_id)
        self.assertEqual(tombstone.status, "DELETED")
        self.assertEqual((tombstone.customer_id, tombstone.created_at), (was.customer_id, was.created_at))
        for name in ("merchant_customer_reference", "first_name", "last_name", "mobile_number", "email_id", "gstin"):
            self.assertEqual(getattr(tombstone, name), "", name)
        for details in ({"mobile_number": was.mobile_number}, {"merchant_customer_reference": was.merchant_customer_reference}):
            asked = {"country_code": "", "mobile_number": "", "merchant_customer_reference": "", **details}
            self.refused(NotFoundError, 404, "CUSTOMER_NOT_FOUND", self.api.customers.get_customer_details, **asked)
        update = self.api.customers.update_customer
        for status in ("INACTIVE", "ACTIVE", "SUSPENDED"):
            self.refused(ApiError, 422, "CUSTOMER_DELETED", update, was.customer_id, status=status)
        self.refused(ApiError, 422, "CUSTOMER_DELETED", update, was.customer_id, first_name="Back")
        self.assertEqual(update(was.customer_id, status="DELETED"), tombstone)

    def test_the_phone_and_reference_of_a_deleted_customer_are_free_again(self):
        gone = self.create(merchant_customer_reference=new_reference())
        self.move(gone.customer_id, "DELETED")
        again = self.create(
            mobile_number=gone.mobile_number, merchant_customer_reference=gone.merchant_customer_reference
        )
        self.assertNotEqual(again.customer_id, gone.customer_id)
        self.assertEqual(again.status, "INACTIVE")

    def test_a_status_that_does_not_exist_is_400(self):
        customer = self.create()
        self.refused(
            BadRequestError, 400, "INVALID_REQUEST", self.api.customers.update_customer, customer.customer_id, status="FROZEN"
        )

    def test_the_samples_are_in_the_statuses_that_demo_json_says(self):
        seen = set()
        for sample in self.demo["samples"]:
            with self.subTest(sample["mobile_number"]):
                customer = self.api.customers.get_customer_by_id(sample["customer_id"])
                self.assertEqual(customer.status, sample["status"])
                seen.add(customer.status)
        self.assertEqual(seen, set(STATUSES))
