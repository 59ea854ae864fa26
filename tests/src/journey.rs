//! The ways from one standing of a registration to another, by requests alone.

use crate::{Person, Reply, World, tiny_jpeg, upload};
use serde_json::{Value, json};

impl World {
    /// Both stages approve `application`; gives the last reply.
    pub async fn approve(&self, application: &str) -> Reply {
        let approval = json!({ "outcome": "approve" });
        self.staff("chushen").await.decide(application, approval.clone()).await.expect(200);
        self.staff("zhongshen").await.decide(application, approval).await.expect(200)
    }

    /// What an administrator does about the revocation of `number`, on the present page.
    pub async fn about_revocation(&self, number: &str, tail: &str, body: Value) {
        let admin = self.staff("admin").await;
        let path = format!("/v1/registrations/{number}");
        let version = admin.get(&path).await.expect(200).etag();
        let path = format!("{path}/revocation{tail}");
        let reply = admin.send("POST", &path, Some(body), &[("If-Match", &version)]).await;
        assert!(reply.status.is_success(), "{:#}", reply.body);
    }

    /// Announces that `number` is to be revoked.
    pub async fn announce(&self, number: &str) {
        let reasons = json!([{ "ground": "fraud_in_registration", "note": "工作经历证明系伪造" }]);
        self.about_revocation(number, "", json!({ "reasons": reasons })).await;
    }

    /// Rules on the objection to the revocation of `number`: `uphold` or `dismiss`.
    pub async fn rule(&self, number: &str, ruling: &str) {
        let body = json!({ "ruling": ruling, "note": "经复核出具单位的函件。" });
        self.about_revocation(number, "/decision", body).await;
    }
}

impl Person<'_> {
    /// A draft of `kind` with `papers` and `details`, submitted. Gives its id.
    pub async fn apply(&self, kind: &str, papers: &[&str], details: Value) -> String {
        let application = self.open(kind).await;
        for paper in papers {
            self.attach(&application, paper).await;
        }
        self.edit(&application, details).await.expect(200);
        self.submit(&application).await.expect(200);
        application
    }

    /// Applies for another name, with evidence.
    pub async fn rename(&self, name: &str) -> String {
        let papers = ["identity_card_front", "identity_card_back"];
        self.apply("change", &papers, json!({ "name": name, "declaration": true })).await
    }

    /// Objects to the revocation of `number`.
    pub async fn object(&self, number: &str) {
        let objection = format!("/v1/registrations/{number}/revocation/objection");
        self.post(&objection, json!({ "text": "证明由原单位出具。" })).await.expect(201);
    }

    /// Ninety hours, claimed with evidence and recognised.
    pub async fn earn(&self) {
        let book = json!({ "form": "monograph", "category": "professional", "title": "社区社会工作", "hours": 90,
            "done_from": "2026-09-01", "done_to": "2027-06-30" });
        let id = self.post("/v1/me/credits", book).await.expect(201).text("/id");
        let file = json!({ "kind": "publication", "file_name": "a.jpg", "content_type": "image/jpeg",
            "size": tiny_jpeg().len() });
        let place = self.post(&format!("/v1/me/credits/{id}/attachments"), file).await.expect(201);
        assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", tiny_jpeg()).await, 201);
        let file = place.text("/attachment/id");
        self.post_empty(&format!("/v1/attachments/{file}/confirmation")).await.expect(200);
        self.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
        let reviewer = self.world.staff("chushen").await;
        let path = format!("/v1/review/credits/{id}");
        let version = reviewer.get(&path).await.expect(200).etag();
        let recognise = Some(json!({ "outcome": "recognise" }));
        let decision = format!("{path}/decision");
        reviewer.send("POST", &decision, recognise, &[("If-Match", &version)]).await.expect(200);
    }

    /// A renewal with hours enough, submitted. Gives its id.
    pub async fn renew(&self) -> String {
        self.apply("renewal", &["photo"], json!({ "declaration": true })).await
    }
}
