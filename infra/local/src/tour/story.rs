//! The story: 张晓雯 registers, mends, is approved, learns, is reminded, and renews three years later; is watched by
//! her employer and denounced, moves away and comes back.

use super::{client::Call, files, narrator::Narrator};
use crate::system::System;
use anyhow::{Result, ensure};
use domain::date::date;
use reqwest::Method;
use serde_json::{Value, json};

/// Her certificate was issued on this day; the window for registering it is a year.
const ISSUED_ON: &str = "2026-01-15";
/// She registers in March.
const FIRST_DAY: &str = "2026-03-02";
/// Her address.
pub(super) const EMAIL: &str = "zhang.xiaowen@example.com";

/// The story, being told.
pub struct Story<'a> {
    pub(super) system: &'a System,
    pub(super) base: String,
    pub(super) narrator: Narrator,
    /// Mails seen so far.
    pub(super) mails: usize,
    /// Sign-ins so far, for codes that work once.
    pub(super) sign_ins: u32,
}

impl<'a> Story<'a> {
    /// A story about `system`, which answers at `base`.
    pub fn new(system: &'a System, base: &str) -> Self {
        Self { system, base: base.to_owned(), narrator: Narrator::new(), mails: 0, sign_ins: 0 }
    }

    /// Tells it.
    pub async fn tell(mut self) -> Result<()> {
        let application = self.register().await?;
        self.first_review(&application).await?;
        self.mend(&application).await?;
        let number = self.second_review(&application).await?;
        self.training().await?;
        self.reminders(&number).await?;
        self.renew(&number).await?;
        self.register_is_asked(&number).await?;
        self.is_told().await?;
        let employer = self.is_watched(&number).await?;
        self.revocation(&number).await?;
        self.moves_away(&number).await?;
        self.employer_is_told(&employer, &number).await?;
        self.moves_back(&number).await?;
        self.figures().await?;
        self.narrator.end(self.system.clock.now(), self.mails);
        Ok(())
    }

    /// Signs in, fills in the form, uploads, submits.
    async fn register(&mut self) -> Result<String> {
        self.at(FIRST_DAY, "10:00")?;
        self.narrator.chapter(&self.system.clock, "首次登记");
        self.narrator.step("张晓雯在小程序里登录，查看自己该办什么");
        let holder = self.holder().await?;
        let ready = self.get(&holder, "/v1/me/readiness", 200).await?;
        self.narrator.shows("提示", ready.text("/advice")?);

        self.narrator.step("填写资料，身份证号最后一位输错了，系统指出是哪一位、该怎么办，什么都没有保存");
        let wrong = json!({ "identity_document": { "kind": "resident_identity_card", "number": "420106199203154128" } });
        let refused = self.call(&holder, Call::new(Method::PUT, "/v1/me").with(wrong), 422).await?;
        self.narrator.shows("错误", refused.text("/errors/0/detail")?);

        self.narrator.step("改正后保存；身份证号加密存放，从此只显示首尾");
        let saved = self.call(&holder, Call::new(Method::PUT, "/v1/me").with(profile()), 200).await?;
        self.narrator.shows("身份证", saved.text("/form/identity_document/number")?);
        let ready = self.get(&holder, "/v1/me/readiness", 200).await?;
        self.narrator.shows("提示", ready.text("/advice")?);
        self.narrator.shows("依据", ready.text("/rule/source")?);

        self.narrator.step("新建首次登记申请，资料自动带入");
        let open = Call::new(Method::POST, "/v1/applications").with(json!({ "kind": "first" }));
        let opened = self.call(&holder, open, 201).await?;
        let id = opened.text("/id")?.to_owned();
        self.narrator.shows("申请编号", &id);

        self.narrator.step("现在就提交：还缺什么，逐项列出");
        let submission = format!("/v1/applications/{id}/submission");
        let refused = self.call(&holder, Call::new(Method::POST, &submission), 422).await?;
        self.narrator.shows("还缺", refused.text("/detail")?);

        self.narrator.step("像 wx.uploadFile 那样直接上传到对象存储，系统亲自核对文件后才算数");
        for (kind, name) in files::PAPERS {
            self.upload(&holder, &id, kind, name).await?;
        }

        self.narrator.step("补全工作信息，勾选真实性声明，提交；同一请求因网络重发一次，只算一次");
        let path = format!("/v1/applications/{id}");
        let version = self.get(&holder, &path, 200).await?.etag;
        let edit = Call { if_match: version.as_deref(), ..Call::new(Method::PATCH, &path).with(work()) };
        self.call(&holder, edit, 200).await?;
        let submit = Call { idempotency_key: Some("tour-first"), ..Call::new(Method::POST, &submission) };
        let receipt = self.call(&holder, submit, 200).await?;
        let again = Call { idempotency_key: Some("tour-first"), ..Call::new(Method::POST, &submission) };
        let repeated = self.call(&holder, again, 200).await?;
        ensure!(receipt.body == repeated.body, "a retried submission got another reply");
        self.narrator.shows("受理回执", receipt.text("/receipt/number")?);
        self.narrator.shows("应于", &format!("{}前作出决定", receipt.text("/decision_due")?));
        self.expect_mail(&["提交成功"]).await?;
        Ok(id)
    }

    /// The preliminary reviewer returns it; three days later a reminder goes out.
    async fn first_review(&mut self, id: &str) -> Result<()> {
        self.at("2026-03-04", "09:30")?;
        self.narrator.chapter(&self.system.clock, "初审：退回修改");
        self.narrator.step("武汉初审员用密码和动态验证码登录，打开队列中最早的一件");
        let reviewer = self.staff("chushen").await?;
        let queue = self.get(&reviewer, "/v1/review/queue", 200).await?;
        ensure!(queue.text("/items/0/application_id")? == id, "the queue doesn't begin with the application");
        self.narrator.shows(
            "队列",
            &format!("{} · {}", queue.text("/items/0/name")?, queue.text("/items/0/kind_label")?),
        );
        let opened = self.open(&reviewer, id).await?;
        ensure!(
            opened.body["downloads"].as_array().is_some_and(|files| files.len() == 4),
            "four files to look at"
        );

        self.narrator.step("宜昌的初审员看不到武汉的申请");
        let elsewhere = self.staff("chushen-yichang").await?;
        let refused = self.get(&elsewhere, &format!("/v1/review/applications/{id}"), 403).await?;
        self.narrator.shows("错误", refused.text("/detail")?);

        self.narrator.step("证书扫描件看不清，写明理由退回；再点一次退回不起作用");
        let returned = json!({ "outcome": "return", "reasons": [
            { "part": "certificate_scan", "ground": "unclear_attachment", "note": "管理号一行反光，请重新扫描" } ] });
        self.decide(&reviewer, id, &opened, returned.clone(), 200).await?;
        let twice = self.decide(&reviewer, id, &opened, returned, 409).await?;
        self.narrator.shows("错误", twice.text("/detail")?);
        self.expect_mail(&["退回"]).await?;

        self.at("2026-03-07", "09:00")?;
        self.narrator.chapter(&self.system.clock, "退回三天还没改");
        self.narrator.step("每日任务提醒她：申请还等着修改");
        self.run_job(1).await?;
        self.expect_mail(&["修改"]).await
    }

    /// She uploads a better scan and submits again; while she waits she changes her employer.
    async fn mend(&mut self, id: &str) -> Result<()> {
        self.at("2026-03-08", "20:15")?;
        self.narrator.chapter(&self.system.clock, "修改后再次提交");
        self.narrator.step("登录看到退回理由，上传新的扫描件，再次提交；受理时间仍按第一次提交计算");
        let holder = self.holder().await?;
        let path = format!("/v1/applications/{id}");
        let returned = self.get(&holder, &path, 200).await?;
        self.narrator.shows("理由", returned.text("/reasons/0/note")?);
        self.upload(&holder, id, "certificate_scan", "证书-重新扫描.pdf").await?;
        let submission = format!("{path}/submission");
        let receipt = self.call(&holder, Call::new(Method::POST, &submission), 200).await?;
        ensure!(receipt.text("/receipt/submitted_at")?.starts_with(FIRST_DAY), "the first submission counts");
        self.expect_mail(&["提交成功"]).await?;

        self.at("2026-03-10", "14:00")?;
        self.narrator.chapter(&self.system.clock, "初审通过，之后她换了工作单位");
        self.narrator.step("初审员只需看改动的部分，通过");
        let reviewer = self.staff("chushen").await?;
        let opened = self.open(&reviewer, id).await?;
        let decided = self.decide(&reviewer, id, &opened, json!({ "outcome": "approve" }), 200).await?;
        ensure!(decided.text("/stage")? == "final", "it goes to the final stage");

        self.narrator.step("等待终审时她换了工作单位：审核中也能改，只有改动的部分回到初审");
        let holder = self.holder().await?;
        let now = self.get(&holder, &path, 200).await?;
        let employer = json!({ "employer": "武汉市武昌区同心社会工作服务中心" });
        let edit = Call { if_match: now.etag.as_deref(), ..Call::new(Method::PATCH, &path).with(employer) };
        let amended = self.call(&holder, edit, 200).await?;
        ensure!(amended.text("/stage")? == "preliminary", "what changed goes back to the preliminary stage");
        ensure!(
            amended.body["stages"][0]["outstanding"] == json!(["employment"]),
            "only what changed is outstanding"
        );
        self.narrator.shows("待审部分", "工作信息");
        self.expect_mail(&["修改"]).await
    }

    /// Both stages approve; the registration has a number.
    async fn second_review(&mut self, id: &str) -> Result<String> {
        self.at("2026-03-12", "10:00")?;
        self.narrator.chapter(&self.system.clock, "初审、终审通过");
        self.narrator.step("初审员通过改动的部分");
        let reviewer = self.staff("chushen").await?;
        let opened = self.open(&reviewer, id).await?;
        self.decide(&reviewer, id, &opened, json!({ "outcome": "approve" }), 200).await?;
        self.narrator.step("终审员通过，登记号当场产生");
        let reviewer = self.staff("zhongshen").await?;
        let opened = self.open(&reviewer, id).await?;
        let decided = self.decide(&reviewer, id, &opened, json!({ "outcome": "approve" }), 200).await?;
        let number = decided.text("/registration_number")?.to_owned();
        self.narrator.shows("登记号", &number);
        self.expect_mail(&["登记"]).await?;
        let holder = self.holder().await?;
        let me = self.get(&holder, "/v1/me", 200).await?;
        ensure!(me.text("/registrations/0/valid_until")? == "2029-03-12", "valid for three years");
        self.narrator.shows("有效期至", "2029-03-12");
        Ok(number)
    }

    /// Three years later: reminders on the right days and no others, and what is refused.
    async fn reminders(&mut self, number: &str) -> Result<()> {
        let last = date(2029, 3, 12);
        self.on(last.plus_days(-91), "09:00")?;
        self.narrator.chapter(&self.system.clock, "三年后：到期前的提醒");
        self.narrator.step("到期前 91 天，每日任务无事可做；她想提前再登记，还没到开放的日子");
        self.run_job(0).await?;
        let holder = self.holder().await?;
        let open = Call::new(Method::POST, "/v1/applications").with(json!({ "kind": "renewal" }));
        let renewal = self.call(&holder, open, 201).await?;
        let id = renewal.text("/id")?.to_owned();
        let path = format!("/v1/applications/{id}");
        self.upload(&holder, &id, "photo", "新证件照.jpg").await?;
        let version = self.get(&holder, &path, 200).await?.etag;
        let declare = json!({ "declaration": true });
        let edit = Call { if_match: version.as_deref(), ..Call::new(Method::PATCH, &path).with(declare) };
        self.call(&holder, edit, 200).await?;
        let submission = format!("{path}/submission");
        let refused = self.call(&holder, Call::new(Method::POST, &submission), 422).await?;
        ensure!(refused.text("/code")? == "renewal_too_early", "a day early is refused");
        self.narrator.shows("错误", refused.text("/detail")?);

        self.accepts_a_message().await?;
        for days in [90, 60, 30, 14, 7, 1] {
            self.on(last.plus_days(-days), "09:00")?;
            self.narrator.step(&format!("到期前 {days} 天（{}）", last.plus_days(-days)));
            self.run_job(1).await?;
            if days == 90 {
                self.expect_message().await?;
            } else {
                self.expect_mail(&["再登记"]).await?;
            }
        }
        self.narrator.step("同一天再跑一次任务，不会重复提醒");
        self.run_job(0).await?;
        self.narrator.shows("登记号", number);

        self.on(last, "20:00")?;
        self.narrator.chapter(&self.system.clock, "最后一天");
        self.narrator.step("学时不够，系统说明差多少、依据哪条规则");
        let holder = self.holder().await?;
        let refused = self.call(&holder, Call::new(Method::POST, &submission), 422).await?;
        ensure!(refused.text("/code")? == "hours_short", "hours are asked for");
        self.narrator.shows("错误", refused.text("/detail")?);
        self.narrator.shows("依据", refused.text("/rule/source")?);

        self.narrator.step("培训机构赶在最后一天补报了她参加过的课程");
        self.last_course().await?;
        let ready = self.get(&holder, "/v1/me/readiness", 200).await?;
        self.narrator.shows(
            "已认定",
            &format!(
                "{} {}",
                ready.body["registration"]["hours"]["counted"],
                ready.text("/registration/hours_unit")?
            ),
        );

        self.on(last, "23:59")?;
        self.narrator.step("23:59 提交，仍在期限内");
        let holder = self.holder().await?;
        let receipt = self.call(&holder, Call::new(Method::POST, &submission), 200).await?;
        self.narrator.shows("受理回执", receipt.text("/receipt/number")?);
        self.expect_mail(&["提交成功"]).await
    }

    /// The renewal is decided after the old validity ended, and nothing was lost.
    async fn renew(&mut self, number: &str) -> Result<()> {
        self.at("2029-03-20", "09:00")?;
        self.narrator.chapter(&self.system.clock, "再登记：审核期间登记继续有效");
        self.narrator.step("已过原有效期，申请还在审核：每日任务不会让它失效");
        self.run_job(0).await?;
        let holder = self.holder().await?;
        let me = self.get(&holder, "/v1/me", 200).await?;
        ensure!(me.body["registrations"][0]["valid"] == json!(true), "still valid while under review");
        let id = me.text("/registrations/0/pending_renewal")?.to_owned();

        self.narrator.step("两级审核通过，有效期从原到期日接着算");
        self.approve(&id).await?;
        self.expect_mail(&["登记"]).await?;
        let me = self.get(&holder, "/v1/me", 200).await?;
        ensure!(me.text("/registrations/0/number")? == number, "the number stays");
        ensure!(me.text("/registrations/0/valid_until")? == "2032-03-12", "three more years");
        ensure!(
            me.text("/registrations/0/cycle/start")? == "2029-03-13",
            "the new cycle begins the day after"
        );
        self.narrator.shows("新的有效期至", "2032-03-12");
        Ok(())
    }
}

fn profile() -> Value {
    json!({
        "name": "张晓雯",
        "identity_document": { "kind": "resident_identity_card", "number": "420106199203154126" },
        "mobile": "13800138000",
        "email": EMAIL,
        "district": "420106",
        "management_number": "202510420106000123",
        "issued_on": ISSUED_ON,
        "certificate_level": "assistant_social_worker",
    })
}

fn work() -> Value {
    json!({
        "education": "bachelor",
        "school": "华中师范大学",
        "political_status": "masses",
        "employment_status": "full_time",
        "employer": "武汉市武昌区阳光社会工作服务中心",
        "position": "社工",
        "practice_field": "community",
        "memberships": ["湖北省社会工作联合会"],
        "declaration": true,
    })
}
