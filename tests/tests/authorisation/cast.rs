//! Who calls, and what there is to be asked for.

use super::Caller;
use common::{auth::totp::TotpSecret, http::Route};
use domain::{actor::Role, identity::IdentityDocument};
use serde_json::{Value, json};
use session::NewStaff;
use std::collections::BTreeMap;
use tests::{Person, Reply, World, tiny_jpeg, upload};

/// The posts of those columns that are staff.
pub const POSTS: [(Caller, Role, &str); 7] = [
    (Caller::First, Role::PreliminaryReviewer, "4201"),
    (Caller::FirstAway, Role::PreliminaryReviewer, "4205"),
    (Caller::Final, Role::FinalReviewer, "42"),
    (Caller::FinalAway, Role::FinalReviewer, "43"),
    (Caller::Admin, Role::Administrator, "42"),
    (Caller::AdminAway, Role::Administrator, "43"),
    (Caller::Provider, Role::Provider, "4201"),
];

/// An account with what its owner signs in with.
pub struct Account {
    pub id: String,
    pub username: String,
    pub password: String,
    pub totp: TotpSecret,
}

impl Account {
    pub async fn appoint(world: &World, role: Role, area: &str, identity: Option<IdentityDocument>) -> Self {
        let username = format!("staff{}", world.next());
        let new = NewStaff {
            username: username.clone(),
            name: "王五".to_owned(),
            roles: [role].into(),
            area: Some(area.parse().unwrap()),
            identity,
        };
        let made = session::appoint(&world.system.app, new).await.unwrap();
        let totp = TotpSecret::from_base32(&made.totp_secret).unwrap();
        Self { id: made.id.to_string(), username, password: made.password, totp }
    }

    /// What the authenticator app shows half a minute from now, when it's a code that nobody used.
    pub fn code(&self, world: &World) -> String {
        world.system.clock.put(world.now().plus_seconds(31));
        self.totp.code_at(world.now())
    }

    pub fn credentials(&self, world: &World) -> Value {
        json!({ "username": self.username, "password": self.password, "code": self.code(world) })
    }

    pub async fn sign_in<'a>(&self, world: &'a World) -> Person<'a> {
        let body = self.credentials(world);
        signed_in(world, world.nobody().post("/v1/session/staff", body).await)
    }
}

/// Whoever a sign-in's reply is for.
pub fn signed_in(world: &World, reply: Reply) -> Person<'_> {
    let mut person = world.nobody();
    person.token = Some(reply.expect(200).text("/access_token"));
    person
}

/// Everybody who calls but the holder that it's about, who is another one in each scene.
pub struct Cast<'a> {
    pub world: &'a World,
    pub people: BTreeMap<Caller, Person<'a>>,
    pub accounts: BTreeMap<Caller, Account>,
    /// Somebody in Wuhan whose account is asked for.
    pub subject: Account,
}

impl<'a> Cast<'a> {
    pub async fn of(world: &'a World) -> Self {
        let mut people = BTreeMap::from([
            (Caller::Nobody, world.nobody()),
            (Caller::Other, world.holder("somebody").await),
        ]);
        people[&Caller::Other].save_profile(json!({ "name": "李四" })).await.expect(200);
        let mut accounts = BTreeMap::new();
        for (caller, role, area) in POSTS {
            let account = Account::appoint(world, role, area, None).await;
            people.insert(caller, account.sign_in(world).await);
            accounts.insert(caller, account);
        }
        let subject = Account::appoint(world, Role::Provider, "4201", None).await;
        Self { world, people, accounts, subject }
    }

    pub fn person(&self, caller: Caller, scene: &Scene<'a>) -> Person<'a> {
        self.people.get(&caller).unwrap_or(&scene.own).clone()
    }
}

/// What there is to be asked for, at one moment.
#[derive(Clone)]
pub struct Scene<'a> {
    pub own: Person<'a>,
    /// The application, or none.
    pub application: String,
    pub version: String,
    /// A confirmed photo of an identity card.
    pub confirmed: String,
    /// An uploaded file that nobody confirmed.
    pub pending: String,
    /// The account.
    pub account: String,
}

impl<'a> Scene<'a> {
    /// The scene in which `route` can succeed.
    pub async fn of(cast: &Cast<'a>, route: &Route) -> Self {
        let world = cast.world;
        let own = world.holder(&format!("zhang{}", world.next())).await;
        let nothing = String::new;
        let mut scene = Self {
            own,
            application: nothing(),
            version: nothing(),
            confirmed: nothing(),
            pending: nothing(),
            account: cast.subject.id.clone(),
        };
        if route.path.starts_with("/v1/session") || route.path.starts_with("/v1/staff") {
            return scene;
        }
        if (route.method, route.path) == ("POST", "/v1/applications") {
            return scene;
        }
        scene.application = scene.own.ready_first(world.next()).await;
        let shown = scene.own.get(&scene.path()).await.expect(200);
        let attachments = shown.body["attachments"].as_array().unwrap();
        let card = attachments.iter().find(|held| held["kind"] == "identity_card_front").unwrap();
        card["id"].as_str().unwrap().clone_into(&mut scene.confirmed);
        scene.pending = scene.upload().await;
        if route.path != "/v1/applications/{id}/submission" {
            scene.own.submit(&scene.application).await.expect(200);
        }
        if (route.method, route.path) == ("DELETE", "/v1/review/applications/{id}/claim") {
            let path = format!("/v1/review/applications/{}/claim", scene.application);
            cast.people[&Caller::First].post_empty(&path).await.expect(200);
        }
        scene.version = scene.own.get(&scene.path()).await.expect(200).etag();
        scene
    }

    pub fn path(&self) -> String {
        format!("/v1/applications/{}", self.application)
    }

    /// A file that is uploaded and not confirmed.
    pub async fn upload(&self) -> String {
        let file = tiny_jpeg();
        let place = self.own.post(&format!("{}/attachments", self.path()), degree()).await.expect(201);
        assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await, 201);
        place.text("/attachment/id")
    }

    /// Everything that a refused request could have changed.
    pub async fn everything(&self, cast: &Cast<'a>) -> Value {
        let me = self.own.get("/v1/me").await.expect(200).body;
        let application = match self.application.as_str() {
            "" => Value::Null,
            _ => self.own.get(&self.path()).await.expect(200).body,
        };
        let staff = cast.people[&Caller::Admin].get("/v1/staff").await.expect(200).body;
        json!([me, application, staff])
    }

    /// The same scene with ids of what never was, in the drawer of the same holder.
    pub fn ghost(&self) -> Self {
        let never = |id: &str| match id.len() {
            0 => String::new(),
            length => format!("{}zzzzzzzz", &id[..length - 8]),
        };
        Self {
            application: never(&self.application),
            confirmed: never(&self.confirmed),
            pending: never(&self.pending),
            account: never(&self.account),
            ..self.clone()
        }
    }
}

pub fn degree() -> Value {
    json!({ "kind": "degree", "file_name": "a.jpg", "content_type": "image/jpeg", "size": tiny_jpeg().len() })
}
