//! Messages that are refused: of other kinds, with other members, in other forms, by other keys.

use serde_json::Value;
use velum_market_model::*;

use crate::examples as of;

fn signed_job() -> String {
    Signed::sign(of::job(), &of::client()).unwrap().json().unwrap()
}

fn read_job(json: &str) -> Result<Signed<Job>, ModelError> {
    Signed::read(json.as_bytes())
}

/// The signed job with one text replaced. The text has to be in the job.
fn with(from: &str, to: &str) -> String {
    let job = signed_job();
    assert!(job.contains(from), "{from} is not in {job}");
    job.replacen(from, to, 1)
}

#[test]
fn spaces_and_order_are_free_and_the_message_is_the_same() {
    let signed = read_job(&signed_job()).unwrap();
    let value: Value = serde_json::from_str(&signed_job()).unwrap();
    let message = serde_json::to_string_pretty(&value["message"]).unwrap();
    let other = format!(
        r#"{{ "signature": {}, "message": {message}, "key": {} }}"#,
        value["signature"], value["key"]
    );
    assert_ne!(other, signed_job());
    assert_eq!(read_job(&other).unwrap(), signed);
}

#[test]
fn a_changed_member_breaks_the_signature() {
    let wrong = ModelError::Signature { kind: "job" };
    assert_eq!(read_job(&with(r#""maximum":900"#, r#""maximum":901"#)), Err(wrong.clone()));
    assert_eq!(
        read_job(&with(r#""size_class":"standard""#, r#""size_class":"large""#)),
        Err(wrong)
    );
}

#[test]
fn numbers_have_one_form() {
    for number in [
        "900.0",
        "9e2",
        "-900",
        "-0",
        "0900",
        "9007199254740992",
        "18446744073709551616",
        "\"900\"",
        "null",
    ] {
        let refused = read_job(&with(r#""maximum":900"#, &format!(r#""maximum":{number}"#)));
        assert!(
            matches!(refused, Err(ModelError::Malformed { kind: "job", .. })),
            "{number}: {refused:?}"
        );
    }
}

#[test]
fn members_stand_once_and_are_known() {
    for (from, to) in [
        (r#""maximum":900"#, r#""maximum":900,"maximum":900"#),
        (r#""maximum":900"#, r#""maximum":900,"tip":1"#),
        (r#""max_wait":600000"#, r#""max_wait":600000,"tip":1"#),
        (r#""key":{"#, r#""key":{"tip":1,"#),
        (r#"{"key":"#, r#"{"tip":1,"key":"#),
        (r#""maximum":900,"#, ""),
    ] {
        let refused = read_job(&with(from, to));
        assert!(
            matches!(refused, Err(ModelError::Malformed { kind: "job", .. })),
            "{to}: {refused:?}"
        );
    }
}

#[test]
fn hashes_keys_and_signatures_are_in_lower_case() {
    let job = signed_job();
    for name in ["public", "signature"] {
        let value = job.split(&format!(r#""{name}":""#)).nth(1).unwrap().split('"').next().unwrap();
        let refused = read_job(&job.replacen(value, &value.to_uppercase(), 1));
        assert!(matches!(refused, Err(ModelError::Malformed { .. })), "{name}: {refused:?}");
        let refused = read_job(&job.replacen(value, &value[2..], 1));
        assert!(matches!(refused, Err(ModelError::Malformed { .. })), "{name}: {refused:?}");
    }
}

#[test]
fn a_list_is_no_object_and_null_says_nothing() {
    let ramp = r#""ramp":{"duration":300000,"price":"rises","start":1800000000000}"#;
    let refused = read_job(&with(ramp, r#""ramp":[1800000000000,300000,"rises"]"#));
    assert!(matches!(refused, Err(ModelError::Form { kind: "job", .. })), "{refused:?}");
    let refused = read_job(&with(r#""statement":"#, r#""standing_order":null,"statement":"#));
    assert!(matches!(refused, Err(ModelError::Malformed { .. })), "{refused:?}");
}

#[test]
fn a_message_of_one_kind_is_none_of_another() {
    // `Other` has the members of a delivery. Only the tag tells the two kinds apart.
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(transparent)]
    struct Other(Delivery);
    impl Message for Other {
        const KIND: &'static str = "other";
        fn author(&self) -> &Key {
            self.0.author()
        }
    }
    let json = Signed::sign(of::delivery(), &of::provider()).unwrap().json().unwrap();
    assert!(Signed::<Delivery>::read(json.as_bytes()).is_ok());
    assert_eq!(
        Signed::<Other>::read(json.as_bytes()),
        Err(ModelError::Signature { kind: "other" })
    );
    assert_ne!(id(&of::delivery()).unwrap(), id(&Other(of::delivery())).unwrap());
    assert!(matches!(
        Signed::<Lock>::read(json.as_bytes()),
        Err(ModelError::Malformed { kind: "lock", .. })
    ));
}

#[test]
fn a_signature_without_the_tag_or_of_another_version_does_not_hold() {
    use ed25519_dalek::Signer;
    let secret = ed25519_dalek::SigningKey::from_bytes(&[2; 32]);
    let text = canonical::text("delivery", &of::delivery()).unwrap();
    let signed = Signed::sign(of::delivery(), &of::provider()).unwrap().json().unwrap();
    let right = String::from(*Signed::<Delivery>::read(signed.as_bytes()).unwrap().signature());
    let by = |tag: &str| hex::encode(secret.sign(format!("{tag}{text}").as_bytes()).to_bytes());
    assert_eq!(by("velum market v1 delivery\0"), right);
    for tag in ["", "velum market v2 delivery\0", "velum market v1 delivery", "velum v1 delivery\0"]
    {
        let refused = Signed::<Delivery>::read(signed.replace(&right, &by(tag)).as_bytes());
        assert_eq!(refused, Err(ModelError::Signature { kind: "delivery" }), "{tag}");
    }
}

#[test]
fn only_the_author_signs() {
    let other = of::key(Algorithm::Es256, 9);
    assert_eq!(Signed::sign(of::job(), &other), Err(ModelError::Author { kind: "job" }));
    let others = Signed::sign(Job { submitter: other.public(), ..of::job() }, &other)
        .unwrap()
        .json()
        .unwrap();
    let (mut mine, others): (Value, Value) =
        (serde_json::from_str(&signed_job()).unwrap(), serde_json::from_str(&others).unwrap());
    mine["key"] = others["key"].clone();
    assert_eq!(read_job(&mine.to_string()), Err(ModelError::Author { kind: "job" }));
}

#[test]
fn of_two_es256_signatures_the_one_with_the_low_s_is_taken() {
    let signed = Signed::sign(of::job(), &of::client()).unwrap();
    let low = p256::ecdsa::Signature::from_slice(&signed.signature().0).unwrap();
    let (r, s) = low.split_scalars();
    let high = p256::ecdsa::Signature::from_scalars(*r, -*s).unwrap();
    let [low, high] = [low, high].map(|signature| hex::encode(signature.to_bytes()));
    let json = signed.json().unwrap();
    assert!(json.contains(&low));
    assert_eq!(read_job(&json.replace(&low, &high)), Err(ModelError::HighS { kind: "job" }));
}

#[test]
fn keys_that_are_no_points_are_refused() {
    let job = Job { submitter: Key::Es256([0xff; 33]), ..of::job() };
    let json = format!(
        r#"{{"message":{},"key":{},"signature":"{}"}}"#,
        serde_json::to_string(&job).unwrap(),
        serde_json::to_string(&job.submitter).unwrap(),
        "01".repeat(64)
    );
    assert_eq!(read_job(&json), Err(ModelError::Key { algorithm: "es256" }));
    let unsigned = serde_json::to_vec(&job).unwrap();
    assert_eq!(read_unsigned::<Job>(&unsigned), Err(ModelError::Key { algorithm: "es256" }));
    // The neutral element, under which strict verification accepts no signature.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let lock = Lock { provider: Key::Ed25519(neutral), ..of::lock() };
    let mut signature = [0; 64];
    signature[0] = 1;
    let json = format!(
        r#"{{"message":{},"key":{},"signature":"{}"}}"#,
        serde_json::to_string(&lock).unwrap(),
        serde_json::to_string(&lock.provider).unwrap(),
        hex::encode(signature)
    );
    assert_eq!(Signed::<Lock>::read(json.as_bytes()), Err(ModelError::Signature { kind: "lock" }));
}

#[test]
fn members_of_a_job_agree_with_each_other() {
    let offer = of::job().offer;
    let time = |milliseconds| Time::constant(of::NOON + milliseconds);
    let with = |change: &dyn Fn(&mut Job)| {
        let mut job = of::job();
        change(&mut job);
        Signed::sign(job, &of::client()).map(|_| ())
    };
    let member = |member| move |refused: Result<(), ModelError>| matches!(refused, Err(ModelError::Member { member: found, .. }) if found == member);
    assert!(with(&|job| job.offer.minimum = offer.maximum).is_ok());
    assert!(member("offer.maximum")(with(&|job| job.offer.minimum = Amount::constant(901))));
    assert!(member("offer.maximum")(with(
        &|job| (job.offer.minimum, job.offer.maximum) = (Amount::ZERO, Amount::ZERO)
    )));
    assert!(with(&|job| job.offer.ramp.start = offer.lock_by).is_ok());
    assert!(member("offer.lock_by")(with(&|job| job.offer.ramp.start = time(3_600_001))));
    assert!(member("offer.lock_by")(with(&|job| job.offer.deliver_by = offer.lock_by)));
    assert!(member("offer.ramp.price")(with(&|job| job.offer.ramp.price = PriceMove::Falls)));
    let falling =
        |job: &mut Job| (job.offer.order, job.offer.ramp.price) = (Order::Limit, PriceMove::Falls);
    assert!(with(&falling).is_ok());
    assert!(with(&|job| job.proof.length = Count::constant(1_048_576)).is_ok());
    for length in [0, 1_048_577] {
        assert!(member("proof.length")(with(&|job| job.proof.length = Count::constant(length))));
    }
    let company =
        |count| Latency::Aggregated { max_wait: Duration::ZERO, min_batch: Count::constant(count) };
    assert!(with(&|job| job.latency = company(1)).is_ok());
    assert!(member("latency.min_batch")(with(&|job| job.latency = company(0))));
}

#[test]
fn members_of_orders_and_quotes_agree_with_each_other() {
    let order = of::standing_order();
    for (wrong, member) in [
        (StandingOrder { count: Count::ZERO, ..order.clone() }, "count"),
        (StandingOrder { price: Amount::ZERO, ..order.clone() }, "price"),
        (StandingOrder { until: order.from, ..order.clone() }, "until"),
    ] {
        let refused = Signed::sign(wrong, &of::client());
        assert!(
            matches!(refused, Err(ModelError::Member { member: found, .. }) if found == member),
            "{member}"
        );
    }
    let quote = of::quote();
    for (wrong, member) in [
        (Quote { capacity: Count::ZERO, ..quote.clone() }, "capacity"),
        (Quote { price: Amount::ZERO, ..quote.clone() }, "price"),
        (Quote { discount: Parts::WHOLE, ..quote.clone() }, "discount"),
    ] {
        let refused = Signed::sign(wrong, &of::provider());
        assert!(
            matches!(refused, Err(ModelError::Member { member: found, .. }) if found == member),
            "{member}"
        );
    }
}

#[test]
fn a_token_stands_once_in_a_redemption_and_no_message_has_too_many() {
    let member = |result: Result<_, ModelError>| match result {
        Err(ModelError::Member { member, .. }) => Some(member),
        _ => None,
    };
    let signed =
        |tokens| Signed::sign(Redemption { tokens, ..of::redemption() }, &of::provider()).map(drop);
    let [first, second] = of::redemption().tokens[..] else { panic!("two tokens") };
    assert_eq!(signed(vec![first, second]), Ok(()));
    // This holds even if only the authenticator differs.
    let again = SpentToken { authenticator: second.authenticator, ..first };
    assert_eq!(member(signed(vec![first, again])), Some("tokens"));
    assert_eq!(member(signed(Vec::new())), Some("tokens"));

    let blinded = |count| vec![Element([7; 32]); count];
    let order = |count| {
        Signed::sign(CreditOrder { blinded: blinded(count), ..of::credit_order() }, &of::client())
    };
    assert!(order(MOST_TOKENS).is_ok());
    assert_eq!(member(order(MOST_TOKENS + 1).map(drop)), Some("blinded"));
}
