//! What a reader's page is told about the site's check: where its script is, when it may load, and what the
//! page's policy lets through for it.

use palabre::domain::captcha::ProviderId;
use serde_json::Value;

use crate::{service::Service, stores::Storage};

crate::stores::on_both_engines!(a_form_says_where_and_when_the_check_loads_and_its_page_lets_it_through,);

async fn a_form_says_where_and_when_the_check_loads_and_its_page_lets_it_through(storage: &Storage) {
    let sites: Vec<String> = ProviderId::ALL
        .iter()
        .map(|provider| {
            let name = provider.as_str();
            let id = name.replace('_', "-");
            format!(
                "[[site]]\nid = \"{id}\"\n[site.captcha]\nprovider = \"{name}\"\nsite_key = \"key\"\nsecret = \"secret\"\n\
                 verify_url = \"https://check.example.org/key/siteverify\"\nproject = \"a-project\"\n"
            )
        })
        .collect();
    let service = Service::start(storage, &sites.concat()).await;
    for &provider in ProviderId::ALL {
        let name = provider.as_str();
        let id = name.replace('_', "-");
        let form = service
            .get(&format!("/api/v1/sites/{id}/form?thread=a"))
            .await
            .expect(200);
        let captcha = &form.json["captcha"];
        let asks = ["recaptcha_v3", "recaptcha_v2", "recaptcha_enterprise", "hcaptcha"].contains(&name);
        assert_eq!(captcha["consent"], if asks { "ask" } else { "focus" }, "{name}");
        assert!(!form.text.contains("secret"), "{name}: {}", form.text);

        let page = service.get(&format!("/t/{id}?thread=a")).await.expect(200);
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'"), "{name}: {policy}");
        let is_outside = provider.is_outside();
        assert_eq!(page.text.contains("id=\"palabre-check\""), is_outside, "{name}");
        assert_eq!(page.text.contains("outside.js"), is_outside, "{name}");
        assert_eq!(page.text.contains("data-consent=\"yes\""), asks, "{name}");
        match &captcha["script"] {
            Value::String(script) => {
                let host = script.split('/').nth(2).unwrap_or_default();
                let domain = host.split_once('.').map_or("", |(_, domain)| domain);
                assert!(
                    policy.contains(&format!("https://{host}")) || policy.contains(&format!("https://*.{domain}")),
                    "{name}: {script} in {policy}"
                );
            }
            _ => assert!(!policy.contains("http"), "{name}: {policy}"),
        }
    }
    service.stop().await;
}
