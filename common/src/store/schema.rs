//! The tables' definition for stores that start empty: the local runner and the tests. A deployed stack describes the
//! same tables in its template.

use super::{Store, StoreError, keys};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    StreamSpecification, StreamViewType, TimeToLiveSpecification,
};

/// Attributes of an application that a page of the review queue shows.
pub const QUEUE_PROJECTION: [&str; 8] =
    ["id", "kind", "summary", "receipt", "late", "stages", "claim", "version"];

/// Attributes of a message that a page of what a holder was told shows. A lease changes none of them.
pub const MESSAGES_PROJECTION: [&str; 5] = ["notification", "state", "trail", "feedback", "provider_id"];

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

fn messages_projection() -> Projection {
    Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(MESSAGES_PROJECTION.map(str::to_owned).to_vec()))
        .build()
}

impl Store {
    /// Creates both tables where they aren't there yet.
    pub async fn create_tables(&self) -> Result<(), StoreError> {
        let existing = self.client.list_tables().send().await?.table_names.unwrap_or_default();
        if existing.contains(&self.tables.records) {
            self.add_messages_index().await?;
        } else {
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
            .global_secondary_indexes(index(
                keys::MESSAGES_INDEX,
                keys::MESSAGES_PK,
                keys::MESSAGES_SK,
                messages_projection(),
            )?)
            .stream_specification(stream);
        let indexed = [keys::QUEUE_PK, keys::QUEUE_SK, keys::DUE_PK, keys::DUE_SK];
        let messages = [keys::MESSAGES_PK, keys::MESSAGES_SK];
        for name in [keys::PK, keys::SK].into_iter().chain(indexed).chain(messages) {
            request = request.attribute_definitions(string_key(name)?);
        }
        request.send().await?;
        self.expire(&self.tables.records).await
    }

    /// Adds the index that tables of earlier releases lack.
    async fn add_messages_index(&self) -> Result<(), StoreError> {
        let described = self.client.describe_table().table_name(&self.tables.records).send().await?;
        let indexes = described.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
        if indexes.iter().any(|index| index.index_name() == Some(keys::MESSAGES_INDEX)) {
            return Ok(());
        }
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(keys::MESSAGES_INDEX)
            .key_schema(key(keys::MESSAGES_PK, KeyType::Hash)?)
            .key_schema(key(keys::MESSAGES_SK, KeyType::Range)?)
            .projection(messages_projection())
            .build()
            .map_err(|error| build_error(&error))?;
        self.client
            .update_table()
            .table_name(&self.tables.records)
            .attribute_definitions(string_key(keys::MESSAGES_PK)?)
            .attribute_definitions(string_key(keys::MESSAGES_SK)?)
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build())
            .send()
            .await?;
        Ok(())
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
