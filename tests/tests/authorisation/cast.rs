//! Who calls, and what there is to be asked for.

use super::Caller;
use common::{auth::totp::TotpSecret, http::Route, notify::UnsubscribeTokens, statement::Signer};
use domain::{
    actor::Role,
    dossier::Dossier,
    identity::IdentityDocument,
    transfer::{HoursStatement, canonical_json},
};
use local::{employer::Employer, system::SERVICE_CLIENT, tour::client::basic};
use serde_json::{Value, json};
use session::NewStaff;
use std::collections::BTreeMap;
use tests::{Person, Reply, World, form, tiny_jpeg, upload};

/// The posts of those columns that are staff.
pub const POSTS: [(Caller, Role, &str); 8] = [
    (Caller::First, Role::PreliminaryReviewer, "4201"),
    (Caller::FirstAway, Role::PreliminaryReviewer, "4205"),
    (Caller::Final, Role::FinalReviewer, "42"),
    (Caller::FinalAway, Role::FinalReviewer, "43"),
    (Caller::Admin, Role::Administrator, "42"),
    (Caller::AdminAway, Role::Administrator, "43"),
    (Caller::Provider, Role::Provider, "4201"),
    (Caller::ProviderAway, Role::Provider, "4205"),
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
            email: None,
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
    /// Where the service client is called.
    pub employer: Employer,
}

impl<'a> Cast<'a> {
    pub async fn of(world: &'a World) -> Self {
        let mut people = BTreeMap::from([
            (Caller::Nobody, world.nobody()),
            (Caller::Client, world.nobody()),
            (Caller::Other, world.holder("somebody").await),
        ]);
        let mut accounts = BTreeMap::new();
        for (caller, role, area) in POSTS {
            let account = Account::appoint(world, role, area, None).await;
            people.insert(caller, account.sign_in(world).await);
            accounts.insert(caller, account);
        }
        let subject = Account::appoint(world, Role::Provider, "4201", None).await;
        let employer = Employer::start(&world.system.employers).await.unwrap();
        let cast = Self { world, people, accounts, subject, employer };
        cast.register(&cast.people[&Caller::Other]).await;
        cast
    }

    /// What the service client shows of itself.
    pub fn basic(&self) -> String {
        basic(SERVICE_CLIENT, &self.world.system.keys.client_secret)
    }

    /// A request of the service client.
    pub async fn by_client(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let basic = self.basic();
        self.people[&Caller::Client].send(method, path, body, &[("Authorization", &basic)]).await
    }

    /// Registers `holder`, and gives their management number.
    async fn register(&self, holder: &Person<'a>) -> String {
        let person = self.world.next();
        let application = holder.ready_first(person).await;
        holder.submit(&application).await.expect(200);
        for reviewer in [Caller::First, Caller::Final] {
            let approval = json!({ "outcome": "approve" });
            self.people[&reviewer].decide(&application, approval).await.expect(200);
        }
        form(person)["management_number"].as_str().unwrap().to_owned()
    }

    /// What the QR code of the certificate of `registration` holds.
    pub async fn statement(&self, registration: &str) -> String {
        let (signer, dossier) = self.signing(registration).await;
        signer.statement(dossier.registration(&registration.parse().unwrap()).unwrap())
    }

    /// What the QR code of the statement of hours of `registration` holds.
    pub async fn proof(&self, registration: &str) -> String {
        let (signer, dossier) = self.signing(registration).await;
        let registration = dossier.registration(&registration.parse().unwrap()).unwrap();
        let rules = &self.world.system.app.rules;
        let statement = HoursStatement::of(registration, &dossier, rules, self.world.now().day());
        signer.proof(&statement, &canonical_json(&statement).unwrap())
    }

    /// What a link holds that takes `own` off reminders.
    pub async fn unsubscribe_token(&self, scene: &Scene<'_>) -> String {
        let holder = scene.own.get("/v1/me").await.expect(200).text("/holder_id").parse().unwrap();
        UnsubscribeTokens::of(self.world.system.app.store.cipher()).token(&holder)
    }

    /// What signs, its key published, and the dossier that `registration` is in.
    async fn signing(&self, registration: &str) -> (Signer, Dossier) {
        let store = &self.world.system.app.store;
        let signer = Signer::from_env(&self.world.system.env).unwrap();
        signer.publish(store).await.unwrap();
        let holder = store.registration_holder(&registration.parse().unwrap()).await.unwrap().unwrap();
        (signer, store.dossier(&holder, self.world.now()).await.unwrap())
    }

    pub fn person(&self, caller: Caller, scene: &Scene<'a>) -> Person<'a> {
        self.people.get(&caller).unwrap_or(&scene.own).clone()
    }
}

/// Whose files `/v1/attachments/{id}` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// An application's.
    Papers,
    /// Those that prove a claim of hours.
    Evidence,
}

/// What there is to be asked for, at one moment; an id is empty where there is no such thing.
#[derive(Clone)]
pub struct Scene<'a> {
    pub own: Person<'a>,
    /// The application.
    pub application: String,
    /// The version of the application, or of the claim.
    pub version: String,
    /// A confirmed photo of an identity card, or a confirmed certificate of a course.
    pub confirmed: String,
    /// An uploaded file that nobody confirmed.
    pub pending: String,
    /// The account.
    pub account: String,
    /// The claim of hours.
    pub credit: String,
    /// The registration that the claim is for, or that is asked for.
    pub registration: String,
    /// What striking the claim out is confirmed by.
    pub confirmation: String,
    /// The sample that the claim was drawn into.
    pub sample: String,
    /// The course, which `provider` offers.
    pub course: String,
    /// The class list, which `provider` reports, with one row: `own`.
    pub roster: String,
    /// The notice, which `admin` drafted.
    pub notice: String,
    /// A file of it.
    pub file: String,
}

impl<'a> Scene<'a> {
    /// The scene in which `route` can succeed.
    pub async fn of(cast: &Cast<'a>, route: &Route, files: Files) -> Self {
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
            credit: nothing(),
            registration: nothing(),
            confirmation: nothing(),
            sample: nothing(),
            course: nothing(),
            roster: nothing(),
            notice: nothing(),
            file: nothing(),
        };
        match route.path {
            path if path.contains("/notices") => scene.tell(cast, route).await,
            path if path.ends_with("/transfer-letter") => scene.leave(cast).await,
            path if path.starts_with("/v1/session") || path.starts_with("/v1/staff") => {}
            "/v1/applications" if route.method == "POST" => {
                cast.register(&scene.own).await;
            }
            path if path.starts_with("/v1/verify") => {
                cast.register(&scene.own).await;
                scene.registration =
                    scene.own.get("/v1/me").await.expect(200).text("/registrations/0/number");
            }
            path if path.starts_with("/v1/watch") => scene.watch(cast).await,
            path if path.starts_with("/v1/courses") => scene.offer(cast).await,
            path if path.starts_with("/v1/rosters") => {
                scene.offer(cast).await;
                scene.report(cast, route).await;
            }
            path if path.starts_with("/v1/me/transcript") || path.starts_with("/v1/me/credits") => {
                scene.claim(cast, route).await;
            }
            path if ["credits", "samples", "registrations"]
                .iter()
                .any(|what| path.starts_with(&format!("/v1/review/{what}"))) =>
            {
                scene.claim(cast, route).await;
                scene.review(cast, route).await;
            }
            path if path.starts_with("/v1/registrations") => scene.revoke(cast, route).await,
            path if path.starts_with("/v1/attachments") && files == Files::Evidence => {
                scene.claim(cast, route).await;
            }
            _ => scene.apply(cast, route).await,
        }
        scene
    }

    /// An application with its attachments: submitted, where it's not about that.
    async fn apply(&mut self, cast: &Cast<'a>, route: &Route) {
        self.application = self.own.ready_first(cast.world.next()).await;
        let path = format!("/v1/applications/{}", self.application);
        let shown = self.own.get(&path).await.expect(200);
        let attachments = shown.body["attachments"].as_array().unwrap();
        let card = attachments.iter().find(|held| held["kind"] == "identity_card_front").unwrap();
        card["id"].as_str().unwrap().clone_into(&mut self.confirmed);
        self.pending = self.upload(&path, degree(), b"").await;
        if route.path != "/v1/applications/{id}/submission" {
            self.own.submit(&self.application).await.expect(200);
        }
        if (route.method, route.path) == ("DELETE", "/v1/review/applications/{id}/claim") {
            let path = format!("/v1/review/applications/{}/claim", self.application);
            cast.people[&Caller::First].post_empty(&path).await.expect(200);
        }
        self.version = self.own.get(&path).await.expect(200).etag();
    }

    /// A claim of hours with what proves it: submitted, where it's not about that.
    async fn claim(&mut self, cast: &Cast<'a>, route: &Route) {
        cast.register(&self.own).await;
        self.credit = self.own.post("/v1/me/credits", seminar("伦理研讨会")).await.expect(201).text("/id");
        let path = format!("/v1/me/credits/{}", self.credit);
        // A file of their own: what several records have isn't decided in a batch.
        self.confirmed = self.upload(&path, certificate(), cast.world.next().to_string().as_bytes()).await;
        self.own.post_empty(&format!("/v1/attachments/{}/confirmation", self.confirmed)).await.expect(200);
        // Another file: the same one twice proves nothing more, and is refused.
        self.pending = self.upload(&path, certificate(), b"another").await;
        if route.path != "/v1/me/credits/{id}/submission" {
            self.own.post_empty(&format!("{path}/submission")).await.expect(200);
        }
        self.version = self.own.get(&path).await.expect(200).etag();
    }

    /// The claim recognised, where it's about what counts; and drawn, where it's about a sample.
    async fn review(&mut self, cast: &Cast<'a>, route: &Route) {
        let decided = ["/v1/review/credits", "/v1/review/credits/{id}", "/v1/review/credits/decisions"];
        if decided.contains(&route.path) || route.path.ends_with("/decision") {
            return;
        }
        self.registration = self.own.get("/v1/me").await.expect(200).text("/registrations/0/number");
        let (first, last) = (&cast.people[&Caller::First], &cast.people[&Caller::Final]);
        let path = format!("/v1/review/credits/{}", self.credit);
        let decision = Some(json!({ "outcome": "recognise" }));
        let headers = [("If-Match", self.version.as_str())];
        let decided = first.send("POST", &format!("{path}/decision"), decision, &headers).await;
        self.version = decided.expect(200).etag();
        if route.path.starts_with("/v1/review/samples") {
            let drawn = last.post("/v1/review/samples", sample(cast)).await;
            assert!(drawn.status.is_success(), "{:#}", drawn.body);
            self.sample = drawn.text("/id");
        } else {
            self.confirmation = last.get(&format!("{path}/voiding")).await.expect(200).text("/confirmation");
        }
    }

    /// A registration: with a revocation that runs, where it's about one, and an objection, where that is decided.
    async fn revoke(&mut self, cast: &Cast<'a>, route: &Route) {
        cast.register(&self.own).await;
        self.registration = self.own.get("/v1/me").await.expect(200).text("/registrations/0/number");
        let path = format!("/v1/registrations/{}", self.registration);
        self.version = self.own.get(&path).await.expect(200).etag();
        if (route.method, route.path) == ("POST", "/v1/registrations/{number}/revocation") {
            return;
        }
        if route.path.contains("/revocation") {
            let headers = [("If-Match", self.version.as_str())];
            let path = format!("{path}/revocation");
            let announced = cast.people[&Caller::Admin].send("POST", &path, Some(grounds()), &headers).await;
            self.version = announced.expect(201).etag();
        }
        if route.path.ends_with("/decision") {
            let objected = self.own.post(&format!("{path}/revocation/objection"), objection()).await;
            self.version = objected.expect(201).etag();
        }
    }

    /// Registered, and transferred out.
    async fn leave(&mut self, cast: &Cast<'a>) {
        cast.register(&self.own).await;
        let application = self.own.open("transfer_out").await;
        let details = json!({ "declaration": true, "transfer": { "province": "11" } });
        self.own.edit(&application, details).await.expect(200);
        self.own.submit(&application).await.expect(200);
        for reviewer in [Caller::First, Caller::Final] {
            let approval = json!({ "outcome": "approve" });
            let decided = cast.people[&reviewer].decide(&application, approval).await.expect(200);
            self.registration = decided.text("/registration_number");
        }
    }

    /// A registration that the service client watches.
    async fn watch(&mut self, cast: &Cast<'a>) {
        cast.register(&self.own).await;
        self.registration = self.own.get("/v1/me").await.expect(200).text("/registrations/0/number");
        cast.by_client("PUT", "/v1/watch", Some(json!({ "address": cast.employer.url() }))).await.expect(200);
        let numbers = json!({ "numbers": [self.registration] });
        cast.by_client("POST", "/v1/watch/numbers", Some(numbers)).await.expect(200);
    }

    /// A notice with a file, pinned: as far as it has to have come for `route`.
    async fn tell(&mut self, cast: &Cast<'a>, route: &Route) {
        self.own.save_profile(json!({ "district": "420106" })).await.expect(200);
        let admin = &cast.people[&Caller::Admin];
        self.notice = admin.post("/v1/staff/notices", notice()).await.expect(201).text("/id");
        let path = format!("/v1/staff/notices/{}", self.notice);
        let file = tiny_jpeg();
        let place = admin.post(&format!("{path}/files"), notice_file(file.len())).await.expect(201);
        assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await, 201);
        self.file = place.text("/file/id");
        if !route.path.ends_with("/confirmation") {
            admin.post_empty(&format!("{path}/files/{}/confirmation", self.file)).await.expect(200);
        }
        if !route.path.ends_with("/publication") {
            admin.post_empty(&format!("{path}/publication")).await.expect(200);
        }
        if route.path.ends_with("/mailing") && route.method != "POST" {
            admin.post_empty(&format!("{path}/mailing")).await.expect(202);
        }
        self.version = admin.get(&path).await.expect(200).etag();
    }

    async fn offer(&mut self, cast: &Cast<'a>) {
        let provider = &cast.people[&Caller::Provider];
        self.course = provider.post("/v1/courses", course()).await.expect(201).text("/id");
    }

    /// A class list with `own` in it: gone through, where it's not about its confirmation.
    async fn report(&mut self, cast: &Cast<'a>, route: &Route) {
        let number = cast.register(&self.own).await;
        let list = format!("name,management_number,hours\n张晓雯,{number},6\n");
        let provider = &cast.people[&Caller::Provider];
        let place = provider.post("/v1/rosters", class_list(&self.course, list.len())).await.expect(201);
        assert_eq!(upload(&place.body["upload"], "a.csv", "text/csv", list.into_bytes()).await, 201);
        self.roster = place.text("/roster/id");
        let path = format!("/v1/rosters/{}", self.roster);
        if route.path != "/v1/rosters/{id}/confirmation" {
            provider.post_empty(&format!("{path}/confirmation")).await.expect(202);
            cast.world.system.drain().await.unwrap();
            let counts = provider.get(&path).await.expect(200).body["counts"].clone();
            assert_eq!(counts, json!([{ "outcome": "recorded", "label": "已记录", "rows": 1 }]));
        }
    }

    /// A file of what is at `path`, uploaded and not confirmed: a picture that ends in `tail`.
    async fn upload(&self, path: &str, mut announced: Value, tail: &[u8]) -> String {
        let file = [&tiny_jpeg(), tail].concat();
        announced["size"] = json!(file.len());
        let place = self.own.post(&format!("{path}/attachments"), announced).await.expect(201);
        assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await, 201);
        place.text("/attachment/id")
    }

    /// What not everybody may read of, and whose replies may name it.
    pub fn secrets(&self) -> [(&'static str, &str, &'static [Caller]); 3] {
        [
            ("application", &self.application, &[Caller::Own, Caller::First, Caller::Final]),
            ("claim", &self.credit, &[Caller::Own, Caller::First, Caller::Final]),
            ("class list", &self.roster, &[Caller::Provider]),
        ]
    }

    /// Everything that a refused request could have changed.
    pub async fn everything(&self, cast: &Cast<'a>) -> Value {
        let seen = async |person: &Person<'a>, path: &str| person.get(path).await.expect(200).body;
        let of_id = async |person: &Person<'a>, path: &str, id: &str, rest: &str| match id {
            "" => Value::Null,
            _ => seen(person, &format!("{path}/{id}{rest}")).await,
        };
        let list = async |path: &str| {
            let reply = cast.by_client("GET", path, None).await;
            if reply.status == 200 { reply.body } else { json!(reply.code()) }
        };
        let [provider, away] = [Caller::Provider, Caller::ProviderAway].map(|caller| &cast.people[&caller]);
        json!([
            seen(&self.own, "/v1/me").await,
            of_id(&self.own, "/v1/applications", &self.application, "").await,
            seen(&cast.people[&Caller::Admin], "/v1/staff").await,
            seen(&self.own, "/v1/me/credits").await,
            seen(&cast.people[&Caller::Other], "/v1/me/credits").await,
            of_id(provider, "/v1/courses", &self.course, "").await,
            seen(provider, "/v1/courses?limit=100").await,
            seen(provider, "/v1/rosters?limit=100").await,
            seen(away, "/v1/rosters?limit=100").await,
            of_id(provider, "/v1/rosters", &self.roster, "/rows").await,
            list("/v1/watch").await["numbers"],
            list("/v1/watch").await["address"],
            seen(&cast.people[&Caller::Admin], "/v1/staff/notices?limit=100").await,
            seen(&cast.people[&Caller::AdminAway], "/v1/staff/notices?limit=100").await,
            of_id(&cast.people[&Caller::Admin], "/v1/staff/notices", &self.notice, "").await,
            seen(&self.own, "/v1/notices").await["items"],
            seen(&cast.people[&Caller::Other], "/v1/notices").await["items"],
        ])
    }

    /// The same scene with ids of what never was, in the drawer of the same holder or provider.
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
            credit: never(&self.credit),
            course: never(&self.course),
            roster: never(&self.roster),
            notice: never(&self.notice),
            file: never(&self.file),
            ..self.clone()
        }
    }
}

fn announced(kind: &str) -> Value {
    json!({ "kind": kind, "file_name": "a.jpg", "content_type": "image/jpeg", "size": tiny_jpeg().len() })
}

/// Grounds for a revocation.
pub fn grounds() -> Value {
    json!({ "reasons": [{ "ground": "other", "note": "经核查不符合登记条件" }] })
}

/// What is said against it.
pub fn objection() -> Value {
    json!({ "text": "符合登记条件，证明见附件" })
}

/// A paper of an application, as it's announced.
pub fn degree() -> Value {
    announced("degree")
}

/// What proves that somebody was there, as it's announced.
pub fn certificate() -> Value {
    announced("completion_certificate")
}

/// A draw among what began to count this month in Wuhan.
pub fn sample(cast: &Cast<'_>) -> Value {
    json!({ "month": cast.world.now().day().to_string()[..7], "seed": "A7", "area": "4201" })
}

/// Four hours of a seminar in the days before a registration.
pub fn seminar(title: &str) -> Value {
    json!({
        "form": "seminar", "category": "ethics", "title": title, "hours": 4, "done_from": "2026-02-27",
    })
}

/// Six hours in person, held already.
pub fn course() -> Value {
    json!({
        "title": "社会工作价值观与伦理", "provider": "省社会工作培训中心", "form": "in_person",
        "category": "ethics", "hours": 6, "unit": "学时", "from": "2026-02-27", "to": "2026-02-27",
    })
}

/// A notice for all of its author's area.
pub fn notice() -> Value {
    json!({ "category": "policy", "title": "通知", "body": "正文" })
}

/// A file of it, as it's announced.
pub fn notice_file(size: usize) -> Value {
    json!({ "file_name": "a.jpg", "content_type": "image/jpeg", "size": size })
}

/// A class list of `course`, as it's announced.
pub fn class_list(course: &str, size: usize) -> Value {
    json!({ "course": course, "format": "csv", "file_name": "a.csv", "size": size })
}
