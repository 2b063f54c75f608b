"""The running demo as these tests see it: clients of the official SDK, and customers nobody has met.

ONFILE_DEMO_JSON names the file in which the demo says where it is; scripts/with-demo.sh sets it.
"""

import asyncio
import inspect
import json
import os
import pathlib
import secrets
import string
import time
import unittest

import httpx
from pinelabs import AsyncPinelabsApi, PinelabsApi, TokenPayment, TokenPaymentAcquirerData, TokenPaymentOption
from pinelabs.core.api_error import ApiError

WAIT_SECONDS = 20


def facts():
    path = os.environ.get("ONFILE_DEMO_JSON")
    if not path:
        raise unittest.SkipTest("ONFILE_DEMO_JSON is not set: run scripts/test-sdk.sh")
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def letters(count=12):
    """Only letters: long runs of digits could read like a card number, which is refused everywhere."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(count))


def new_reference(begins="sdk"):
    return f"{begins}-{letters()}"


def new_mobile():
    return f"9{secrets.randbelow(10**9):09d}"


def wait_for(probe, wanted):
    """Asks until the answer satisfies; the last answer is for the failure's message."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        answer = probe()
        if wanted(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {WAIT_SECONDS} s: {answer!r}")
        time.sleep(0.05)


class Recorded:
    """What went over the wire: the SDK hides how often it sends and what it was answered."""

    def __init__(self):
        self.exchanges = []

    def note(self, request, status, body):
        self.exchanges.append((request.method, request.url.path, status, body))

    @property
    def sent(self):
        return len(self.exchanges)

    @property
    def last_status(self):
        return self.exchanges[-1][2]

    @property
    def last_json(self):
        return json.loads(self.exchanges[-1][3])


class RecordingTransport(httpx.HTTPTransport):
    def __init__(self, recorded):
        super().__init__()
        self.recorded = recorded

    def handle_request(self, request):
        response = super().handle_request(request)
        self.recorded.note(request, response.status_code, response.read())
        return response


class AsyncRecordingTransport(httpx.AsyncHTTPTransport):
    def __init__(self, recorded):
        super().__init__()
        self.recorded = recorded

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        self.recorded.note(request, response.status_code, await response.aread())
        return response


class Awaited:
    """The async client, each call awaited on one loop: the same tests then run against both."""

    def __init__(self, inner, loop):
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if inspect.iscoroutinefunction(found):
            return lambda *args, **named: self._loop.run_until_complete(found(*args, **named))
        return Awaited(found, self._loop)


class SdkTest(unittest.TestCase):
    """A signed-in client in `self.api`, what it sent in `self.wire`. Subclasses run it sync and async."""

    is_async = False

    @classmethod
    def setUpClass(cls):
        cls.demo = facts()
        cls.url = cls.demo["public_url"]
        cls.merchant = cls.demo["merchant"]

    def setUp(self):
        self.wire = Recorded()
        if self.is_async:
            self.loop = asyncio.new_event_loop()
            self.addCleanup(self.loop.close)
        token = self.client("bootstrap").authentication.generate_token(
            client_id=self.merchant["client_id"],
            client_secret=self.merchant["client_secret"],
            grant_type="client_credentials",
        )
        self.access_token = token.access_token
        self.api = self.client(self.access_token)
        self.wire.exchanges.clear()

    def client(self, token, **named):
        """A client as a merchant makes it. The SDK refuses an empty token, even to ask for one."""
        if not self.is_async:
            http = httpx.Client(transport=RecordingTransport(self.wire), timeout=30)
            self.addCleanup(http.close)
            return PinelabsApi(base_url=self.url, token=token, httpx_client=http, **named)
        http = httpx.AsyncClient(transport=AsyncRecordingTransport(self.wire), timeout=30)
        self.addCleanup(lambda: self.loop.run_until_complete(http.aclose()))
        return Awaited(AsyncPinelabsApi(base_url=self.url, token=token, httpx_client=http, **named), self.loop)

    def refused(self, kind, status, code, call, /, *args, **named):
        """The call fails with exactly this class, status and code, and was sent once."""
        self.wire.exchanges.clear()
        with self.assertRaises(ApiError) as caught:
            call(*args, **named)
        error = caught.exception
        self.assertIs(type(error), kind, str(error))
        self.assertEqual(error.status_code, status, str(error))
        self.assertEqual(self.wire.sent, 1, "the SDK sent the request more than once")
        body = self.wire.last_json
        self.assertEqual(body["code"], code, body)
        self.assertTrue(body["message"])
        self.assertTrue(body["request_id"])
        self.assertEqual(self.said(error)["code"], code)
        return body

    @staticmethod
    def said(error):
        """The body as the SDK hands it over: a typed model for what it declares, else a dictionary."""
        body = error.body
        return body if isinstance(body, dict) else body.dict()

    def create(self, **fields):
        """A new INACTIVE customer."""
        fields = {"country_code": "91", "mobile_number": new_mobile(), **fields}
        return self.api.customers.create_customer(**fields)

    def create_active(self, **fields):
        """A new customer for whom the merchant vouches."""
        customer = self.create(**fields)
        return self.api.customers.update_customer(customer.customer_id, status="ACTIVE")

    def generate(self, customer_id, reference, **fields):
        """A card token, asked for the way the contract says."""
        return self.api.tokenization.generate_card_token(
            customer_id=customer_id,
            merchant_token_reference=reference,
            payment_method="CARD",
            payment_option=TokenPaymentOption(encrypted_card_details=f"sealed-{letters()}"),
            payment=acquirer(),
            **fields,
        )

    def token_that_is(self, status, begins="sdk", customer_id=None, **fields):
        """A token once it reached this status, with its customer."""
        customer_id = customer_id or self.create_active().customer_id
        made = self.generate(customer_id, new_reference(begins), **fields)
        return wait_for(
            lambda: self.api.tokenization.get_customer_token_by_token_id(customer_id, made.token_id),
            lambda token: token.status == status,
        )

    def provider_token_id(self, token_id):
        return self.api.tokenization.get_service_provider_token(token_id).service_provider_token_id


def acquirer():
    return TokenPayment(
        acquirer_data=TokenPaymentAcquirerData(
            approval_code="A1B2C3", acquirer_reference="acq-ref", rrn="rrn-one", auth_reference="auth-ref"
        )
    )


def sync_and_async(tests):
    """Makes two test cases of one: with the SDK's sync client and with its async one."""
    module = inspect.getmodule(tests).__dict__
    for name, is_async in (("Sync", False), ("Async", True)):
        case = type(f"{name}{tests.__name__}", (tests, SdkTest), {"is_async": is_async, "__module__": tests.__module__})
        module[case.__name__] = case
    return tests
