//! DynamoDB's requests and replies, as far as they're looked at.

use super::{Access, Call};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;
use std::{collections::HashMap, io};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// An HTTP/1.1 request or reply whose length is told, as all of DynamoDB's are.
pub(super) struct Message {
    /// The first line and the fields, without `content-length` and without the blank line.
    head: String,
    body: Vec<u8>,
}

impl Message {
    pub async fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let begins = head.len();
            if from.read_line(&mut head).await? == 0 {
                return Ok(None);
            }
            let line = head[begins..].to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
                head.truncate(begins);
            } else if line == "\r\n" {
                head.truncate(begins);
                break;
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Ok(Some(Self { head, body }))
    }

    pub async fn write(&self, to: &mut BufReader<TcpStream>) -> io::Result<()> {
        let head = format!("{}content-length: {}\r\n\r\n", self.head, self.body.len());
        to.write_all(&[head.as_bytes(), &self.body].concat()).await
    }

    pub fn reply(status: u16, body: &Value) -> Self {
        let head = format!("HTTP/1.1 {status} .\r\ncontent-type: application/x-amz-json-1.0\r\n");
        Self { head, body: body.to_string().into_bytes() }
    }

    /// A header's value; empty where there is none.
    fn header(&self, wanted: &str) -> &str {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut headers = headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        headers.next().map_or("", |(_, value)| value.trim())
    }

    /// `Query` of `x-amz-target: DynamoDB_20120810.Query`.
    fn operation(&self) -> &str {
        self.header("x-amz-target").rsplit('.').next().unwrap_or_default()
    }

    /// `review` of `authorization: AWS4-HMAC-SHA256 Credential=review/20260302/cn-north-1/dynamodb/aws4_request, …`.
    fn signer(&self) -> &str {
        let scope = self.header("authorization").split_once("Credential=").map_or("", |(_, scope)| scope);
        scope.split('/').next().unwrap_or_default()
    }

    pub fn call(&self) -> Call {
        let request: Request = self.parsed();
        let filtered = request.filter.is_some();
        let table = request.table.clone().unwrap_or_default();
        let accesses = request.accesses(self.operation());
        Call {
            caller: self.signer().to_owned(),
            operation: self.operation().to_owned(),
            filtered,
            table,
            keys: accesses.iter().map(|access| access.key.clone()).collect(),
            accesses,
            status: 0,
            found: 0,
            units: 0.0,
        }
    }

    /// The request, asking what it consumes besides.
    pub fn metered(mut self) -> Self {
        if !["ListTables", "CreateTable", "UpdateTimeToLive"].contains(&self.operation()) {
            let more = br#"{"ReturnConsumedCapacity":"TOTAL","#;
            self.body.splice(..1, more.iter().copied());
        }
        self
    }

    /// Enters into `call` what its reply says.
    pub fn account(&self, call: &mut Call) {
        let status = self.head.split_ascii_whitespace().nth(1);
        call.status = status.and_then(|status| status.parse().ok()).unwrap_or_default();
        let reply: Reply = self.parsed();
        call.found = reply.count.unwrap_or_default();
        call.units = match reply.consumed {
            Some(Consumed::OfOne(table)) => table.units,
            Some(Consumed::OfEach(tables)) => tables.iter().map(|table| table.units).sum(),
            None => 0.0,
        };
    }

    fn parsed<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }
}

/// What is looked at in a request.
#[derive(Deserialize)]
struct Request {
    #[serde(rename = "TableName")]
    table: Option<String>,
    #[serde(rename = "IndexName")]
    index: Option<String>,
    #[serde(rename = "FilterExpression")]
    filter: Option<IgnoredAny>,
    #[serde(rename = "Key")]
    key: Option<Item>,
    #[serde(rename = "Item")]
    item: Option<Item>,
    #[serde(rename = "ExpressionAttributeValues")]
    values: Option<Item>,
    #[serde(rename = "TransactItems", default)]
    actions: Vec<Action>,
    #[serde(rename = "RequestItems", default)]
    batch: HashMap<String, Batch>,
}

/// An item, or the values of a condition, as far as its partition key goes.
#[derive(Deserialize)]
struct Item {
    #[serde(alias = ":pk")]
    pk: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// A part of a transaction.
#[derive(Deserialize)]
enum Action {
    Put(Written),
    Update(Written),
    Delete(Written),
    ConditionCheck(Written),
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "TableName")]
    table: String,
    #[serde(rename = "Item", alias = "Key")]
    item: Item,
}

/// A table's part of a batch: what is read, or what is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Batch {
    Read {
        #[serde(rename = "Keys")]
        keys: Vec<Item>,
    },
    Write(Vec<BatchWrite>),
}

#[derive(Deserialize)]
enum BatchWrite {
    #[serde(rename = "PutRequest")]
    Put {
        #[serde(rename = "Item")]
        item: Item,
    },
    #[serde(rename = "DeleteRequest")]
    Delete {
        #[serde(rename = "Key")]
        key: Item,
    },
}

impl Request {
    fn accesses(self, operation: &str) -> Vec<Access> {
        let access = |action, table: &str, item: Item| {
            item.pk.map(|pk| Access { action, table: table.to_owned(), index: None, key: pk.text })
        };
        let whole = match operation {
            "GetItem" => "GetItem",
            "PutItem" => "PutItem",
            "UpdateItem" => "UpdateItem",
            "DeleteItem" => "DeleteItem",
            "Query" => "Query",
            // Nothing that a function does; what it names is counted all the same.
            _ => "",
        };
        let table = self.table.unwrap_or_default();
        let items = self.key.into_iter().chain(self.item).chain(self.values);
        let mut accesses: Vec<_> = items.filter_map(|item| access(whole, &table, item)).collect();
        for access in &mut accesses {
            access.index.clone_from(&self.index);
        }
        accesses.extend(self.actions.into_iter().filter_map(|action| {
            let (action, Written { table, item }) = match action {
                Action::Put(part) => ("PutItem", part),
                Action::Update(part) => ("UpdateItem", part),
                Action::Delete(part) => ("DeleteItem", part),
                Action::ConditionCheck(part) => ("ConditionCheckItem", part),
            };
            access(action, &table, item)
        }));
        for (table, batch) in self.batch {
            match batch {
                Batch::Read { keys } => {
                    accesses.extend(keys.into_iter().filter_map(|key| access("BatchGetItem", &table, key)));
                }
                Batch::Write(writes) => accesses.extend(writes.into_iter().filter_map(|write| {
                    let (BatchWrite::Put { item } | BatchWrite::Delete { key: item }) = write;
                    access("BatchWriteItem", &table, item)
                })),
            }
        }
        accesses
    }
}

/// What is looked at in a reply.
#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "Count")]
    count: Option<usize>,
    #[serde(rename = "ConsumedCapacity")]
    consumed: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Consumed {
    OfOne(Capacity),
    OfEach(Vec<Capacity>),
}

#[derive(Deserialize)]
struct Capacity {
    #[serde(rename = "CapacityUnits")]
    units: f64,
}
