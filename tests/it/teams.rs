//! The teams of sites beside each other on one service: what an owner of one site learns of another's team, and
//! whose word counts about an account.

use palabre::actions::identify::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    makers::two_sites,
    service::{Answer, Browser, Service},
    stores::{Storage, on_both_engines},
};

on_both_engines!(h17_an_owner_of_one_site_sees_the_roles_on_it_alone,);

impl Browser<'_> {
    async fn acts(&self, method: Method, account: Uuid, body: Value) -> Answer {
        let path = format!("/api/v1/moderators/{account}");
        self.sends(&method, &path, &body).await
    }
}

/// The person in a list of accounts.
fn row(list: &Answer, account: Uuid) -> Value {
    let people = list.json["moderators"].as_array().expect("a list");
    let found = people.iter().find(|person| person["id"] == json!(account));
    found.expect("listed").clone()
}

async fn h17_an_owner_of_one_site_sees_the_roles_on_it_alone(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let all = service.signs_in().await;
    let (_, faso) = service.somebody(Role::Owner, &["faso"]).await;
    let (_, both) = service.somebody(Role::Owner, &["faso", "sahel"]).await;
    let (awa, _) = service.somebody(Role::Moderator, &["faso", "sahel"]).await;
    let here = json!({"faso": "moderator"});
    let everywhere = json!({"faso": "moderator", "sahel": "moderator"});

    let list = async |browser: &Browser<'_>| {
        let list = browser.gets("/api/v1/moderators").await.expect(200);
        row(&list, awa)["roles"].clone()
    };
    assert_eq!(list(&faso).await, here);
    assert_eq!((list(&both).await, list(&all).await), (everywhere.clone(), everywhere));

    let page = faso.gets("/moderators").await.expect(200);
    assert!(
        !page.text.contains("sahel") && !page.text.contains("Sahel"),
        "{}",
        page.text
    );
    assert!(both.gets("/moderators").await.expect(200).text.contains("Sahel"));
    let given = json!({"site": "faso", "role": "owner"});
    let changed = faso.acts(Method::PATCH, awa, given).await.expect(200);
    assert_eq!(changed.json["roles"], json!({"faso": "owner"}));
    let taken = json!({"site": "faso", "role": null});
    let changed = faso.acts(Method::PATCH, awa, taken).await.expect(200);
    assert_eq!(
        changed.json["roles"],
        json!({}),
        "nothing of the other site is left to see"
    );
    // A moderator of one's site is an owner elsewhere: also that is not told.
    let given = json!({"site": "faso", "role": "moderator"});
    both.acts(Method::PATCH, awa, given).await.expect(200);
    let given = json!({"site": "sahel", "role": "owner"});
    both.acts(Method::PATCH, awa, given).await.expect(200);
    assert_eq!(list(&faso).await, here);
    let page = faso.posts(&format!("/moderators/{awa}/remove"), &[]).await.expect(403);
    assert!(
        !page.text.contains("sahel") && !page.text.contains("Sahel"),
        "{}",
        page.text
    );
    service.stop().await;
}
