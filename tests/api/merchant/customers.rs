//! Creating and identifying customers.

use acceptance::app::{BEGIN, TestApp};
use acceptance::database;
use backend::service::audit;
use serde_json::{Value, json};
use shared::api::error::ErrorCode;

const ADDRESS: &str = r#"{"address1":"14 Lake Road","address2":"Flat 2","address3":"Ballygunge","pincode":"700029","city":"Kolkata","state":"West Bengal","country":"India","full_name":"Priya Sharma","adddress_type":"Home","address_category":"billing"}"#;

fn everything() -> Value {
    let address: Value = serde_json::from_str(ADDRESS).unwrap();
    json!({
        "merchant_customer_reference": "ref_1-A",
        "first_name": "Priya",
        "last_name": "Sharma",
        "country_code": "91",
        "mobile_number": "9876543210",
        "email_id": "priya+tea@example.com",
        "billing_address": address,
        "shipping_address": { "address1": "2 Mill Lane", "adddress_type": "Office", "address_category": "shipping" },
        "gstin": "28ABCDE1234F2Z6",
        "merchant_metadata": { "key1": "value1", "key2": "value2" },
    })
}

#[tokio::test]
async fn a_created_customer_is_inactive_and_answers_everything_as_sent() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let created = merchant.create(&everything()).await.is(201);
    for (field, sent) in everything().as_object().unwrap() {
        assert_eq!(&created[field], sent, "{field}");
    }
    assert_eq!(created["status"], "INACTIVE");
    assert_eq!(created["created_at"], BEGIN, "six decimals and a Z");
    assert_eq!(created["updated_at"], BEGIN);
    let read = merchant
        .read(created["customer_id"].as_str().unwrap())
        .await;
    assert_eq!(read, created, "reading answers what creating did");
}

#[tokio::test]
async fn a_customer_id_has_the_published_form() {
    let app = TestApp::start().await;
    let id = app.merchant().await.customer("9876543210").await;
    let parts: Vec<_> = id.split('-').collect();
    assert_eq!(parts[..3], ["cust", "v1", "260314092653"], "{id}");
    assert!(shared::id::is_our_id(&id) && id.len() <= 50, "{id}");
}

#[tokio::test]
async fn absent_texts_are_empty_and_absent_objects_are_left_out() {
    let app = TestApp::start().await;
    let created = app
        .merchant()
        .await
        .create(&json!({ "merchant_customer_reference": "only-this" }))
        .await
        .is(201);
    for field in [
        "first_name",
        "last_name",
        "country_code",
        "mobile_number",
        "email_id",
        "gstin",
    ] {
        assert_eq!(created[field], "", "{field}");
    }
    for field in ["billing_address", "shipping_address", "merchant_metadata"] {
        assert!(created.get(field).is_none(), "{field}");
    }
    assert_eq!(created.as_object().unwrap().len(), 11, "{created}");
}

#[tokio::test]
async fn a_reference_or_a_mobile_number_is_needed_and_either_is_enough() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for body in [
        json!({}),
        json!({ "first_name": "Priya" }),
        json!({ "mobile_number": "", "merchant_customer_reference": "" }),
    ] {
        merchant.create(&body).await.refuses_field("mobile_number");
    }
    merchant
        .create(&json!({ "country_code": "91" }))
        .await
        .refuses_field("mobile_number");
    merchant
        .create(&json!({ "mobile_number": "9876543210" }))
        .await
        .is(201);
    merchant
        .create(&json!({ "merchant_customer_reference": "r" }))
        .await
        .is(201);
}

#[tokio::test]
async fn the_ways_of_writing_a_phone_are_one_phone() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let first = merchant
        .create(&json!({ "country_code": "+91", "mobile_number": "09876543210" }))
        .await
        .is(201);
    assert_eq!(
        (&first["country_code"], &first["mobile_number"]),
        (&json!("91"), &json!("9876543210"))
    );
    for (country, number) in [
        ("91", "9876543210"),
        ("+91", "919876543210"),
        ("", "9876543210"),
    ] {
        let details = merchant
            .create(&json!({ "country_code": country, "mobile_number": number }))
            .await
            .refused(ErrorCode::DuplicateRequest);
        assert_eq!(details["field"], "mobile_number", "{country} {number}");
        assert_eq!(
            details["customer_id"], first["customer_id"],
            "{country} {number}"
        );
    }
    merchant
        .create(&json!({ "country_code": "1", "mobile_number": "2025550123" }))
        .await
        .is(201);
}

#[tokio::test]
async fn a_number_that_cannot_be_parsed_is_kept_as_it_is_and_a_short_valid_one_is_taken() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let long = merchant
        .create(&json!({ "mobile_number": "12345678901234567890" }))
        .await
        .is(201);
    assert_eq!(long["mobile_number"], "12345678901234567890");
    let short = merchant
        .create(&json!({ "country_code": "+65", "mobile_number": "91234567" }))
        .await
        .is(201);
    assert_eq!(
        (&short["country_code"], &short["mobile_number"]),
        (&json!("65"), &json!("91234567"))
    );
    for number in [
        "123456789",
        "123456789012345678901",
        "98765 43210",
        "+919876543210",
        "98765abcde",
        "0000000000",
    ] {
        merchant
            .create(&json!({ "mobile_number": number }))
            .await
            .refuses_field("mobile_number");
    }
    for code in ["091", "+", "12345", "9a", "+ 91", "++91"] {
        merchant
            .create(&json!({ "country_code": code, "mobile_number": "9876543210" }))
            .await
            .refuses_field("country_code");
    }
}

#[tokio::test]
async fn a_second_customer_with_the_same_phone_or_reference_is_422_naming_who_is_in_the_way() {
    let app = TestApp::start().await;
    let (merchant, other) = (app.merchant().await, app.merchant().await);
    let first = merchant.create(&everything()).await.is(201);
    for (body, field) in [
        (json!({ "mobile_number": "9876543210" }), "mobile_number"),
        (
            json!({ "merchant_customer_reference": "ref_1-A" }),
            "merchant_customer_reference",
        ),
        (
            json!({ "merchant_customer_reference": "ref_1-A", "mobile_number": "9876500000" }),
            "merchant_customer_reference",
        ),
    ] {
        let answer = merchant.create(&body).await;
        assert_eq!(
            answer.status, 422,
            "never 409, which the SDKs retry: {answer}"
        );
        let details = answer.refused(ErrorCode::DuplicateRequest);
        assert_eq!(
            (&details["field"], &details["customer_id"]),
            (&json!(field), &first["customer_id"])
        );
    }
    other.create(&everything()).await.is(201);
    assert_eq!(database::count(&app, "customers").await, 2);
}

#[tokio::test]
async fn many_creates_of_one_phone_at_once_make_one_customer() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let at_once = app.kept().at_once();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (merchant, at_once) = (merchant.clone(), at_once.clone());
        running.spawn(async move {
            let _turn = at_once.acquire().await;
            merchant
                .create(&json!({ "mobile_number": "9876543210" }))
                .await
        });
    }
    let answers = running.join_all().await;
    let created: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .collect();
    assert_eq!(created.len(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(
            refused["additional_error_details"]["customer_id"], created[0]["customer_id"],
            "{refused}"
        );
        assert_eq!(refused.status, 422);
    }
}

/// They share units of work; whoever is in the way is so for one only.
#[tokio::test]
async fn of_many_creates_at_once_only_those_with_a_phone_on_file_are_refused() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    merchant.customer("9876543200").await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..80 {
        let merchant = merchant.clone();
        running.spawn(async move {
            let phone = format!("98765432{:02}", n.min(77));
            let answer = merchant.create(&json!({ "mobile_number": phone })).await;
            (phone, answer)
        });
    }
    let (created, refused): (Vec<_>, Vec<_>) = running
        .join_all()
        .await
        .into_iter()
        .partition(|(_, answer)| answer.status == 201);
    for (phone, answer) in &created {
        assert_eq!(answer["mobile_number"], json!(phone));
        let found = merchant
            .get(&format!(
                "/api/v1/customer?country_code=91&mobile_number={phone}"
            ))
            .await;
        assert_eq!(found["customer_id"], answer["customer_id"]);
    }
    let mut refused: Vec<_> = refused
        .iter()
        .map(|(phone, answer)| (phone.as_str(), answer.status))
        .collect();
    refused.sort_unstable();
    let twice = ("9876543277", 422);
    assert_eq!(refused, [("9876543200", 422), twice, twice]);
    assert_eq!(database::count(&app, "customers").await, 78);
    assert_eq!(database::count(&app, "audit_entries").await, 78);
    let mut view = app.onfile.store.read().await.unwrap();
    let record = view.merchant(&merchant.merchant_id).await.unwrap().unwrap();
    let checked = audit::verify(&mut *view, &app.onfile.vault, &record, &mut |finding| {
        panic!("{finding}")
    })
    .await
    .unwrap();
    assert_eq!(checked.entries, 78);
}

#[tokio::test]
async fn names_of_any_script_are_kept_composed() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let long = "न".repeat(50);
    for (place, (sent, kept)) in [
        ("आदित्य", "आदित्य"),
        ("மீனாட்சி", "மீனாட்சி"),
        ("O'Brien-Smith, Jr.", "O'Brien-Smith, Jr."),
        ("李小龍", "李小龍"),
        ("محمد", "محمد"),
        ("Jose\u{301}", "José"),
        ("  Priya ", "Priya"),
        ("शक्\u{200d}ति", "शक्\u{200d}ति"),
        (long.as_str(), long.as_str()),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "merchant_customer_reference": format!("n{place}"), "first_name": sent, "last_name": sent });
        let created = merchant.create(&body).await.is(201);
        assert_eq!(
            (&created["first_name"], &created["last_name"]),
            (&json!(kept), &json!(kept))
        );
    }
    for name in [
        "a\u{0}b",
        "a\nb",
        "\u{202e}ayirP",
        "a\u{200b}b",
        "\u{7f}",
        &"न".repeat(51),
    ] {
        merchant
            .create(&json!({ "merchant_customer_reference": "x", "first_name": name }))
            .await
            .refuses_field("first_name");
    }
}

#[tokio::test]
async fn every_field_keeps_its_published_bounds() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let email =
        |length: usize| format!("{}@example.com", "a".repeat(length - "@example.com".len()));
    let pairs = |many: usize| {
        (0..many)
            .map(|n| (format!("k{n}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
    };
    let at_most = [
        (
            "merchant_customer_reference",
            json!("r".repeat(50)),
            json!("r".repeat(51)),
        ),
        ("first_name", json!("n".repeat(50)), json!("n".repeat(51))),
        ("last_name", json!("n".repeat(50)), json!("n".repeat(51))),
        ("email_id", json!(email(50)), json!(email(51))),
        ("gstin", json!("28ABCDE1234F2Z6"), json!("28ABCDE1234F2Z67")),
        ("merchant_metadata", json!(pairs(10)), json!(pairs(11))),
    ];
    for (place, (field, within, beyond)) in at_most.into_iter().enumerate() {
        merchant
            .create(&json!({ "mobile_number": format!("98765432{place:02}"), field: within }))
            .await
            .is(201);
        merchant
            .create(&json!({ "mobile_number": "9876500000", field: beyond }))
            .await
            .refuses_field(field);
    }
    let of_metadata = [(256, 256, ""), (257, 1, "merchant_metadata")];
    for (key, value, field) in of_metadata {
        let answer = merchant.create(&json!({ "mobile_number": "9876500001", "merchant_metadata": { "k".repeat(key): "v".repeat(value) } })).await;
        if field.is_empty() {
            drop(answer.is(201));
        } else {
            answer.refuses_field(field);
        }
    }
    let long_value =
        json!({ "mobile_number": "9876500000", "merchant_metadata": { "key": "v".repeat(257) } });
    merchant
        .create(&long_value)
        .await
        .refuses_field("merchant_metadata.key");
    for (field, value) in [
        ("merchant_customer_reference", "white space"),
        ("merchant_customer_reference", "ünïcode"),
        ("email_id", "no-at-sign.example.com"),
        ("email_id", "two@@example.com"),
        ("email_id", "a@b"),
        ("email_id", "a b@example.com"),
        ("gstin", "28ABCDE1234F2Z"),
    ] {
        merchant
            .create(&json!({ "mobile_number": "9876500000", field: value }))
            .await
            .refuses_field(field);
    }
    for (part, most) in [
        ("address1", 100),
        ("address2", 100),
        ("address3", 100),
        ("city", 50),
        ("state", 50),
        ("country", 50),
        ("full_name", 100),
        ("adddress_type", 50),
    ] {
        for place in ["billing_address", "shipping_address"] {
            let body =
                json!({ "mobile_number": "9876500000", place: { part: "a".repeat(most + 1) } });
            merchant
                .create(&body)
                .await
                .refuses_field(&format!("{place}.{part}"));
        }
    }
    for pincode in ["12345", "12345678901", "70002!"] {
        let body =
            json!({ "mobile_number": "9876500000", "billing_address": { "pincode": pincode } });
        merchant
            .create(&body)
            .await
            .refuses_field("billing_address.pincode");
    }
}

#[tokio::test]
async fn both_spellings_of_the_address_type_are_read_and_the_published_one_is_written() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for (place, spelling) in ["adddress_type", "address_type"].into_iter().enumerate() {
        let body = json!({ "merchant_customer_reference": format!("a{place}"), "billing_address": { "address1": "1 Road", spelling: "Home" } });
        let created = merchant.create(&body).await.is(201);
        assert_eq!(
            created["billing_address"],
            json!({ "address1": "1 Road", "adddress_type": "Home" })
        );
    }
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_the_nearest_known_one() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let answer = merchant
        .create(&json!({ "mobile_number": "9876543210", "emial_id": "a@b.co" }))
        .await;
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("did you mean email_id"),
        "{answer}"
    );
    answer.refuses_field("emial_id");
    merchant
        .create(&json!({ "mobile_number": "9876543210", "status": "ACTIVE" }))
        .await
        .refuses_field("status");
    merchant
        .create(&json!({ "mobile_number": "9876543210", "customer_id": "cust-1" }))
        .await
        .refuses_field("customer_id");
    assert_eq!(database::count(&app, "customers").await, 0);
}

#[tokio::test]
async fn identify_creates_once_and_then_answers_the_same_customer_unchanged() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let created = merchant
        .post("/api/v1/customer/identify", &everything())
        .await
        .is(201);
    app.advance(60);
    let before = database::contents(&app).await;
    let again = merchant
        .post(
            "/api/v1/customer/identify",
            &json!({ "mobile_number": "09876543210", "first_name": "Somebody else" }),
        )
        .await
        .is(200);
    assert_eq!(again, created);
    let by_reference = merchant
        .post(
            "/api/v1/customer/identify",
            &json!({ "merchant_customer_reference": "ref_1-A" }),
        )
        .await
        .is(200);
    assert_eq!(by_reference, created);
    assert_eq!(
        database::contents(&app).await,
        before,
        "nothing was written"
    );
    merchant
        .post("/api/v1/customer/identify", &json!({}))
        .await
        .refuses_field("mobile_number");
}

#[tokio::test]
async fn many_identifies_of_one_phone_at_once_answer_one_customer() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let merchant = merchant.clone();
        running.spawn(async move {
            merchant
                .post(
                    "/api/v1/customer/identify",
                    &json!({ "mobile_number": "9876543210" }),
                )
                .await
        });
    }
    let answers = running.join_all().await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    assert!(
        answers
            .iter()
            .all(|answer| answer["customer_id"] == answers[0]["customer_id"]
                && [200, 201].contains(&answer.status))
    );
}
