//! The tables' definition for stores that start empty: the local runner and the tests. A deployed stack describes the
//! same tables in its template.

use super::{Store, StoreError, keys};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};

/// Attributes of an application that a page of the review queue shows.
pub const QUEUE_PROJECTION: [&str; 8] =
    ["id", "kind", "summary", "receipt", "late", "stages", "claim", "version"];

fn build_error(error: &aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Failed(error.to_string())
}

fn string_key(name: &str) -> Result<AttributeDefinition, StoreError> {
    let definition =
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    definition.build().map_err(|error| build_error(&error))
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, StoreError> {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build()
        .map_err(|error| build_error(&error))
}

fn index(name: &str, pk: &str, sk: &str, projection: Projection) -> Result<GlobalSecondaryIndex, StoreError> {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .key_schema(key(pk, KeyType::Hash)?)
        .key_schema(key(sk, KeyType::Range)?)
        .projection(projection)
        .build()
        .map_err(|error| build_error(&error))
}

impl Store {
    /// Creates both tables where they aren't there yet.
    pub async fn create_tables(&self) -> Result<(), StoreError> {
        let existing = self.client.list_tables().send().await?.table_names.unwrap_or_default();
        if !existing.contains(&self.tables.records) {
            self.create_records().await?;
        }
        if !existing.contains(&self.tables.idempotency) {
            self.create_idempotency().await?;
        }
        Ok(())
    }

    async fn create_records(&self) -> Result<(), StoreError> {
        let shown = Projection::builder()
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(QUEUE_PROJECTION.map(str::to_owned).to_vec()));
        let due = Projection::builder()
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(vec![keys::ENTITY.to_owned()]));
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages)
            .build()
            .map_err(|error| build_error(&error))?;
        let mut request = self
            .client
            .create_table()
            .table_name(&self.tables.records)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key(keys::PK, KeyType::Hash)?)
            .key_schema(key(keys::SK, KeyType::Range)?)
            .global_secondary_indexes(index(
                keys::QUEUE_INDEX,
                keys::QUEUE_PK,
                keys::QUEUE_SK,
                shown.build(),
            )?)
            .global_secondary_indexes(index(keys::DUE_INDEX, keys::DUE_PK, keys::DUE_SK, due.build())?)
            .stream_specification(stream);
        for name in [keys::PK, keys::SK, keys::QUEUE_PK, keys::QUEUE_SK, keys::DUE_PK, keys::DUE_SK] {
            request = request.attribute_definitions(string_key(name)?);
        }
        request.send().await?;
        self.expire(&self.tables.records).await
    }

    async fn create_idempotency(&self) -> Result<(), StoreError> {
        self.client
            .create_table()
            .table_name(&self.tables.idempotency)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(string_key(keys::PK)?)
            .key_schema(key(keys::PK, KeyType::Hash)?)
            .send()
            .await?;
        self.expire(&self.tables.idempotency).await
    }

    async fn expire(&self, table: &str) -> Result<(), StoreError> {
        let specification = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(keys::EXPIRES_AT)
            .build()
            .map_err(|error| build_error(&error))?;
        self.client
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(specification)
            .send()
            .await?;
        Ok(())
    }
}
