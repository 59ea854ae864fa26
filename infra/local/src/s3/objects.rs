//! What real S3 does with an object and s3s-fs doesn't: check a body before it replaces anything, give every
//! object a type, tell checksums only to who asks, and know no "folders".

use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{
    ChecksumAlgorithm, ChecksumMode, CopyObjectInput, CopyObjectOutput, CopySource, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input,
    ListObjectsV2Output, PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{Body, S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, TrailingHeaders, s3_error};
use s3s_fs::FileSystem;

/// What S3 says an object is when nobody said.
const UNKNOWN_TYPE: &str = "binary/octet-stream";

/// s3s-fs with the gaps closed. Operations that aren't here answer `501 NotImplemented`, as they should in
/// something that the house uses a handful of operations of.
#[derive(Debug)]
pub(super) struct Objects {
    files: FileSystem,
    root: PathBuf,
}

impl Objects {
    pub fn new(files: FileSystem, root: &Path) -> Self {
        Self { files, root: root.to_owned() }
    }

    /// A key that is a folder on disk, because other keys begin with it, is no object.
    fn refuse_folder(&self, bucket: &str, key: &str) -> S3Result<()> {
        if self.root.join(bucket).join(key).is_dir() { Err(s3_error!(NoSuchKey)) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    /// s3s-fs moves the new file into place and then compares checksums, so a refused upload would have
    /// replaced the object. Here the body is compared first.
    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let body = match request.input.body.take() {
            Some(body) => collect(body).await?,
            None => Bytes::new(),
        };
        let trailers = request.trailing_headers.take().as_ref().and_then(TrailingHeaders::take);
        if let Some(trailers) = trailers {
            adopt_trailers(&mut request.input, &trailers);
        }
        verify(&request.input, &body)?;
        request.input.checksum_algorithm = None;
        request.input.content_type.get_or_insert_with(|| UNKNOWN_TYPE.to_owned());
        request.input.content_length = i64::try_from(body.len()).ok();
        request.input.body = Some(StreamingBlob::from(Body::from(body)));
        // Of a form, S3 names the new object even in a reply without a body.
        let location = (request.method == Method::POST)
            .then(|| format!("/{}/{}", request.input.bucket, request.input.key));
        let mut response = self.files.put_object(request).await?;
        if let Some(location) = location {
            let tag = response.output.e_tag.as_ref().map(|tag| format!("\"{}\"", tag.value()));
            for (name, value) in [(header::LOCATION, Some(location)), (header::ETAG, tag)] {
                // A key may hold what a header can't; the reply then does without.
                if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                    response.headers.insert(name, value);
                }
            }
        }
        Ok(response)
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let mode = request.input.checksum_mode.clone();
        self.refuse_folder(&request.input.bucket, &request.input.key)?;
        let mut response = self.files.get_object(request).await?;
        let output = &mut response.output;
        if mode.as_ref().map(ChecksumMode::as_str) != Some(ChecksumMode::ENABLED) {
            output.checksum_crc32 = None;
            output.checksum_crc32c = None;
            output.checksum_crc64nvme = None;
            output.checksum_sha1 = None;
            output.checksum_sha256 = None;
        }
        output.accept_ranges = Some("bytes".to_owned());
        Ok(response)
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let mode = request.input.checksum_mode.clone();
        self.refuse_folder(&request.input.bucket, &request.input.key)?;
        let mut response = self.files.head_object(request).await?;
        let output = &mut response.output;
        if mode.as_ref().map(ChecksumMode::as_str) != Some(ChecksumMode::ENABLED) {
            output.checksum_crc32 = None;
            output.checksum_crc32c = None;
            output.checksum_crc64nvme = None;
            output.checksum_sha1 = None;
            output.checksum_sha256 = None;
        }
        output.accept_ranges = Some("bytes".to_owned());
        Ok(response)
    }

    /// s3s-fs compares the source's ETag; the checksum that was asked for is ours to add.
    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let (input, root) = (&request.input, &self.root);
        if let CopySource::Bucket { bucket, key, .. } = &input.copy_source {
            self.refuse_folder(bucket, key)?;
        }
        let asked = input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str);
        let copy =
            (asked == Some(ChecksumAlgorithm::SHA256)).then(|| root.join(&input.bucket).join(&input.key));
        let mut response = self.files.copy_object(request).await?;
        if let (Some(path), Some(result)) = (copy, &mut response.output.copy_object_result) {
            let body = tokio::fs::read(path).await.map_err(S3Error::internal_error)?;
            result.checksum_sha256 = Some(STANDARD.encode(Sha256::checksum(&body)));
        }
        Ok(response)
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        // Deleting what isn't there is no error in S3, and neither is a folder.
        if self.refuse_folder(&request.input.bucket, &request.input.key).is_err() {
            return Ok(S3Response::new(DeleteObjectOutput::default()));
        }
        self.files.delete_object(request).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.files.delete_objects(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }
}

async fn collect(mut body: StreamingBlob) -> S3Result<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(piece) =
        body.try_next().await.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?
    {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// An SDK may send its checksum after the body.
fn adopt_trailers(input: &mut PutObjectInput, trailers: &HeaderMap) {
    let fields = [
        ("x-amz-checksum-crc32", &mut input.checksum_crc32),
        ("x-amz-checksum-crc32c", &mut input.checksum_crc32c),
        ("x-amz-checksum-crc64nvme", &mut input.checksum_crc64nvme),
        ("x-amz-checksum-sha1", &mut input.checksum_sha1),
        ("x-amz-checksum-sha256", &mut input.checksum_sha256),
    ];
    for (name, field) in fields {
        if let Some(value) = trailers.get(name).and_then(|value| value.to_str().ok()) {
            *field = Some(value.to_owned());
        }
    }
}

/// Compares a body with every checksum its sender gave. An algorithm named without a value, as a form may
/// do, is no promise about the content.
fn verify(input: &PutObjectInput, body: &Bytes) -> S3Result<()> {
    let mut hasher = ChecksumHasher {
        crc32: input.checksum_crc32.is_some().then(Crc32::new),
        crc32c: input.checksum_crc32c.is_some().then(Crc32c::new),
        crc64nvme: input.checksum_crc64nvme.is_some().then(Crc64Nvme::new),
        sha1: input.checksum_sha1.is_some().then(Sha1::new),
        sha256: input.checksum_sha256.is_some().then(Sha256::new),
    };
    hasher.update(body);
    let found = hasher.finalize();
    let pairs = [
        ("CRC32", &input.checksum_crc32, &found.checksum_crc32),
        ("CRC32C", &input.checksum_crc32c, &found.checksum_crc32c),
        ("CRC64NVME", &input.checksum_crc64nvme, &found.checksum_crc64nvme),
        ("SHA1", &input.checksum_sha1, &found.checksum_sha1),
        ("SHA256", &input.checksum_sha256, &found.checksum_sha256),
    ];
    for (name, given, found) in pairs {
        if given != found {
            return Err(s3_error!(
                BadDigest,
                "The {name} you specified did not match the calculated checksum."
            ));
        }
    }
    if let Some(given) = &input.content_md5
        && *given != STANDARD.encode(Md5::checksum(body))
    {
        return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
    }
    Ok(())
}
