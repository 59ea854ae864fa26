//! A mailbox that mails are put into by SMTP, and its pages.

use axum::{
    Router,
    extract::{Path, State},
    response::Html,
    routing::get,
};
use common::{
    crypto::FieldCipher,
    notify::{
        Carrier, Letterhead, Mail, SmtpCarrier, SmtpSettings, SmtpTls, UnsubscribeLinks, UnsubscribeTokens,
    },
};
use local::{mailbox::Mailbox, serve::LoopbackServer, wechat::WeChat};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// The mailbox, its pages, and who brings mails.
pub struct Post {
    mailbox: Arc<Mailbox>,
    carrier: Carrier,
    server: LoopbackServer,
    _folder: TempDir,
}

impl Post {
    /// An empty one.
    pub async fn open() -> Self {
        Self::beside(None).await
    }

    /// An empty one that shows what `wechat` took as well.
    pub async fn beside(wechat: Option<&WeChat>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Arc::new(Mailbox::start(folder.path(), 0).await.unwrap());
        let address = mailbox.address();
        let settings = SmtpSettings {
            host: address.ip().to_string(),
            port: address.port(),
            tls: SmtpTls::None,
            login: None,
            timeout: Duration::from_secs(10),
        };
        let bare = Router::new().route("/bare/{id}", get(bare)).with_state(mailbox.clone());
        let pages = wechat.map_or_else(|| mailbox.router(), |wechat| mailbox.router_beside(wechat));
        let server = LoopbackServer::start(pages.merge(bare), 0).await.unwrap();
        let carrier = Carrier::Smtp(SmtpCarrier::new(settings).unwrap());
        Self { mailbox, carrier, server, _folder: folder }
    }

    /// Brings `mail`; where it's to be seen: its HTML part alone, and the mailbox's page.
    pub async fn bring(&self, mail: &Mail) -> (String, String) {
        self.carrier.send(mail).await.unwrap();
        let summaries = self.mailbox.summaries();
        let id = &summaries.last().unwrap().id;
        (format!("{}/bare/{id}", self.server.url()), format!("{}/mailbox/{id}", self.server.url()))
    }

    /// The mailbox's list.
    pub fn list(&self) -> String {
        format!("{}/mailbox", self.server.url())
    }
}

/// A mail as a program shows it that holds nothing back.
async fn bare(State(mailbox): State<Arc<Mailbox>>, Path(id): Path<String>) -> Html<String> {
    Html(mailbox.message(&id).unwrap().unwrap().html.unwrap())
}

/// A letterhead with links by which readers take themselves off.
pub fn letterhead() -> Letterhead {
    let keys = format!("k1={}", "01".repeat(32)).parse().unwrap();
    let cipher = FieldCipher::new(&keys, &[9; 32]).unwrap();
    let url = "https://abcdefghij.execute-api.cn-northwest-1.amazonaws.com.cn/prod/v1/mail/unsubscribe";
    let links = UnsubscribeLinks::new(url, UnsubscribeTokens::of(&cipher)).unwrap();
    let letterhead = Letterhead::new(
        "湖北省社会工作者登记服务中心",
        "registry@sw.example.cn".parse().unwrap(),
        Some("help@sw.example.cn".parse().unwrap()),
        "https://sw.example.cn",
        "电话 027-12345678（工作日 9:00–12:00、14:00–17:00）",
    );
    letterhead.unwrap().with_unsubscribe(links)
}
