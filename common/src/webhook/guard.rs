//! Where a call may go. Whoever names an address could name one inside the network that the functions run in, and have
//! them call it. So an address is looked up, everything it stands for must be public, and the connection is made to one of
//! the addresses that were looked at: a name that means something else a moment later (rebinding) gains nothing.

use crate::config::{ConfigError, Env};
use domain::watch::{InvalidWebhookAddress, WebhookAddress, is_public};
use futures_util::future::BoxFuture;
use ipnet::IpNet;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

/// Finds what a host's name stands for.
pub type Lookup = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// How long a name is looked up.
const LOOKUP: Duration = Duration::from_secs(3);

/// Decides where a call may go.
#[derive(Clone)]
pub struct Guard {
    lookup: Lookup,
    allowed: Arc<[IpNet]>,
}

impl Guard {
    /// Asks the system's resolver, and lets calls go to public addresses and into `allowed` networks.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        let lookup: Lookup = Arc::new(|host, port| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        });
        Self { lookup, allowed: allowed.into() }
    }

    /// The same with names looked up by `lookup`.
    #[must_use]
    pub fn with_lookup(self, lookup: Lookup) -> Self {
        Self { lookup, ..self }
    }

    /// Reads `WEBHOOK_ALLOW_NETWORKS`: networks that may be called though they aren't public (none; `10.1.0.0/16,…`). Only
    /// for machines that nobody else's address can harm.
    ///
    /// # Errors
    ///
    /// Where it's no list of networks.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let name = "WEBHOOK_ALLOW_NETWORKS";
        let purpose = "networks that may be called though they aren't public, such as 127.0.0.0/8";
        let networks = env.get(name).unwrap_or_default();
        let networks = networks.split(',').map(str::trim).filter(|network| !network.is_empty());
        let allowed: Result<Vec<IpNet>, _> = networks.map(str::parse).collect();
        let allowed =
            allowed.map_err(|error| ConfigError::Malformed { name, purpose, why: error.to_string() })?;
        Ok(Self::new(allowed))
    }

    fn lets(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|network| network.contains(&address))
    }

    /// What `address` stands for, all of it allowed.
    ///
    /// # Errors
    ///
    /// [`InvalidWebhookAddress::Inside`] where any of it isn't, [`InvalidWebhookAddress::Unresolved`] where it stands for
    /// nothing.
    pub async fn addresses(
        &self,
        address: &WebhookAddress,
    ) -> Result<Vec<SocketAddr>, InvalidWebhookAddress> {
        let found = if let Some(literal) = address.literal() {
            vec![SocketAddr::new(literal, address.port())]
        } else {
            let lookup = (self.lookup)(address.host().to_owned(), address.port());
            let found = timeout(LOOKUP, lookup).await.map_err(|_| InvalidWebhookAddress::Unresolved)?;
            found.map_err(|_| InvalidWebhookAddress::Unresolved)?
        };
        if found.is_empty() {
            return Err(InvalidWebhookAddress::Unresolved);
        }
        if found.iter().all(|found| self.lets(found.ip())) {
            Ok(found)
        } else {
            Err(InvalidWebhookAddress::Inside)
        }
    }
}
