//! Single items and whole partitions: what several kinds of records are written and read by.

use super::{Store, StoreError, keys::Item, lost_condition};
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::query::builders::QueryFluentBuilder,
    types::{DeleteRequest, WriteRequest},
};
use std::{error::Error, fmt::Debug, time::Duration};

/// Items that one call deletes, by DynamoDB's limit.
pub(super) const DELETED_AT_ONCE: usize = 25;
/// How often what a call left undone is tried again.
const ROUNDS: usize = 8;
/// The wait before it is.
const PAUSE: Duration = Duration::from_millis(200);

impl Store {
    /// Puts `item` where there is none under its key yet; false where there is one, which stays as it is.
    pub(super) async fn put_new(&self, item: Item) -> Result<bool, StoreError> {
        let put = self.client.put_item().table_name(&self.tables.records).set_item(Some(item));
        written(put.condition_expression("attribute_not_exists(pk)").send().await)
    }

    /// Deletes what is under `keys`. What isn't there is no error, so it may be cut off anywhere and run again.
    pub(super) async fn delete_items(&self, keys: impl IntoIterator<Item = Item>) -> Result<(), StoreError> {
        let delete = |key: Item| {
            let request = DeleteRequest::builder().set_key(Some(key)).build();
            request.map(|request| WriteRequest::builder().delete_request(request).build())
        };
        let requests: Result<Vec<_>, _> = keys.into_iter().map(delete).collect();
        let requests = requests.map_err(|error| StoreError::Failed(error.to_string()))?;
        for requests in requests.chunks(DELETED_AT_ONCE) {
            self.delete_batch(requests.to_vec()).await?;
        }
        Ok(())
    }

    async fn delete_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
        let table = &self.tables.records;
        for _ in 0..ROUNDS {
            let answer = self.client.batch_write_item().request_items(table, left).send().await?;
            left = answer.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(StoreError::Busy("items were left over: the next run deletes them".to_owned()))
    }
}

/// Every item that `query` finds, page after page.
pub(super) async fn every_item(query: QueryFluentBuilder) -> Result<Vec<Item>, StoreError> {
    let (mut items, mut start) = (Vec::new(), None);
    loop {
        // Sending is large, and whoever asks for a partition waits for it deep inside something else.
        let page = Box::pin(query.clone().set_exclusive_start_key(start).send()).await?;
        items.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(items);
        }
    }
}

/// Whether a write went through: false where its condition didn't hold.
pub(super) fn written<T, E, R>(result: Result<T, SdkError<E, R>>) -> Result<bool, StoreError>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug,
{
    match result {
        Ok(_) => Ok(true),
        Err(error) if lost_condition(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
