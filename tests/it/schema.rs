//! The document of the API and the answers of the service are one: each answer has exactly the members
//! that its schema names, and every member that the schema calls required.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    captcha_road::{POLICY, fake, recaptcha, scored},
    service::{SITE, Service, comment},
    stores::Storage,
};

crate::stores::on_both_engines!(
    every_answer_has_the_shape_that_the_document_gives_it,
    a_second_check_has_the_shape_that_the_document_gives_it,
);

async fn every_answer_has_the_shape_that_the_document_gives_it(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, owner) = (service.reader(), service.owner().await);
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("the document is JSON");
    let has_shape =
        |answer: &Value, name: &str| check(&document, answer, &document["components"]["schemas"][name], name);

    let form = service.get("/api/v1/sites/faso/form?thread=/article").await.expect(200);
    has_shape(&form.json, "Form");
    let mut fields = comment("Bonjour");
    fields["form"] = form.json["form"].clone();
    let sent = reader.submits(&fields).await.expect(202);
    has_shape(&sent.json, "Accepted");
    has_shape(&reader.submits(&json!({})).await.expect(422).json, "Problem");

    let lease = json!({"comment": sent.id()});
    let lease = owner.posts("/api/v1/moderation/leases", &lease).await.expect(200);
    has_shape(&lease.json, "LeaseTaken");
    let counts = owner.gets("/api/v1/moderation/counts").await.expect(200);
    has_shape(&counts.json, "CountsBySite");
    let queue = owner.gets("/api/v1/moderation/queue").await.expect(200);
    assert!(queue.json["items"][0]["lease"].is_object());
    has_shape(&queue.json, "Queue");
    let context = owner
        .gets(&format!("/api/v1/moderation/context?ids={}", sent.id()))
        .await
        .expect(200);
    has_shape(&context.json, "Contexts");
    let decisions = json!({"decisions": [
        {"key": "a", "comment": sent.id(), "action": "approve", "note": "bien"},
        {"key": "b", "comment": "nobody", "action": "approve"},
    ]});
    let results = owner
        .posts("/api/v1/moderation/decisions", &decisions)
        .await
        .expect(200);
    has_shape(&results.json, "Results");
    let bulk = json!({"filter": {"status": "approved"}, "dry_run": true});
    let preview = owner.posts("/api/v1/moderation/bulk", &bulk).await.expect(200);
    has_shape(&preview.json, "BulkPreview");
    let bulk = json!({"filter": {"site": "faso", "status": "approved"}, "action": "hold", "expect": 1});
    let bulk = owner.posts("/api/v1/moderation/bulk", &bulk).await.expect(200);
    has_shape(&bulk.json, "BulkProgress");
    let path = format!(
        "/api/v1/moderation/bulk/{}/undo",
        bulk.json["bulk_id"].as_str().expect("an id")
    );
    has_shape(&owner.posts(&path, &json!({})).await.expect(200).json, "BulkProgress");
    let mut reply = comment("Et moi");
    reply["parent"] = sent.id().into();
    let reply = reader.submits(&reply).await.expect(202);
    has_shape(&owner.decides(&reply.id(), "approve").await.expect(200).json, "Item");
    has_shape(&owner.gets("/api/v1/moderation/audit").await.expect(200).json, "Audit");
    let shown = owner.gets(&format!("/api/v1/comments/{}", sent.id())).await.expect(200);
    assert!(shown.json["outcome"].is_object() && shown.json["history"].is_array());
    has_shape(&shown.json, "Item");

    has_shape(&reader.reads("/article").await.expect(200).json, "ThreadPage");
    let replies = service
        .get(&format!("/api/v1/comments/{}/replies", sent.id()))
        .await
        .expect(200);
    has_shape(&replies.json, "Replies");

    let cuts = json!({"publish_from": 0.5, "step_up_below": null, "refuse_below": null});
    let preview = json!({"cuts": cuts});
    let preview = owner
        .posts("/api/v1/sites/faso/captcha/preview", &preview)
        .await
        .expect(200);
    has_shape(&preview.json, "Preview");
    let policy = json!({"base": 0, "cuts": cuts});
    let policy = owner
        .posts("/api/v1/sites/faso/captcha/policies", &policy)
        .await
        .expect(201);
    has_shape(&policy.json, "Policy");
    has_shape(
        &owner.gets("/api/v1/sites/faso/captcha/policies").await.expect(200).json,
        "Policies",
    );
    has_shape(
        &owner.gets("/api/v1/sites/faso/captcha/evidence").await.expect(200).json,
        "Evidence",
    );
    service.stop().await;
}

async fn a_second_check_has_the_shape_that_the_document_gives_it(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("the document is JSON");
    let has_shape =
        |answer: &Value, name: &str| check(&document, answer, &document["components"]["schemas"][name], name);
    let path = "/api/v1/sites/faso/form?thread=/article&fallback=1";
    let form = service.get(path).await.expect(200);
    assert!(form.json["captcha"]["fallback"].is_object());
    has_shape(&form.json, "Form");
    let sent = service
        .reader()
        .submits(&scored(&fake, "Peut-être", 0.3))
        .await
        .expect(202);
    assert!(sent.json["step_up"]["challenge"].is_object());
    has_shape(&sent.json, "Accepted");
    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    let path = format!("/r/{receipt}/step-up");
    let answered = service.post_json(&path, &json!({"proof": "e30="})).await.expect(200);
    has_shape(&answered.json, "StepUpResult");
    has_shape(
        &service
            .post_json(&path, &json!({"proof": "e30="}))
            .await
            .expect(409)
            .json,
        "Problem",
    );
    service.stop().await;
}

/// Compares an answer with a schema, all the way down.
#[track_caller]
fn check(document: &Value, answer: &Value, schema: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().expect("a name");
        return check(document, answer, &document["components"]["schemas"][name], place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let other = choices
            .iter()
            .find(|choice| choice["type"] != "null")
            .expect("a choice");
        if !answer.is_null() {
            check(document, answer, other, place);
        }
        return;
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return check(document, answer, &merged(document, parts), place);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{place}: the schema has no type: {schema}"),
    };
    let kind = match answer {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
    assert!(fits, "{place}: {kind} where the document says {kinds:?}: {answer}");
    if let Some(items) = answer.as_array() {
        for (index, item) in items.iter().enumerate() {
            check(document, item, &schema["items"], &format!("{place}[{index}]"));
        }
    }
    if let (Some(members), Some(properties)) = (answer.as_object(), schema["properties"].as_object()) {
        let named: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        let given: BTreeSet<&str> = members.keys().map(String::as_str).collect();
        let unknown: Vec<&&str> = given.difference(&named).collect();
        assert!(unknown.is_empty(), "{place}: the document does not name {unknown:?}");
        for required in schema["required"].as_array().into_iter().flatten() {
            let required = required.as_str().expect("a name");
            assert!(given.contains(required), "{place}: {required} is missing: {answer}");
        }
        for (name, value) in members {
            check(document, value, &properties[name], &format!("{place}.{name}"));
        }
    }
}

/// One object of the members of several.
fn merged(document: &Value, parts: &[Value]) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let part = name.map_or(part, |name| &document["components"]["schemas"][name]);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    json!({"type": "object", "properties": properties, "required": required})
}
