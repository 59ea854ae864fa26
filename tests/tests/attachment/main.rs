//! Attachments end to end: a place is asked for over HTTP, the file goes straight to S3 as a multipart form, the way
//! `curl -F` and `wx.uploadFile` send it, and counts once the file itself was looked at.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

mod access;
mod confirming;
mod evidence;
mod failures;
mod uploading;

use aws_credential_types::Credentials;
use common::{
    aws::{Endpoints, SdkParts},
    blobs::Blobs,
    crypto::sha256,
};
use serde_json::{Value, json};
use std::path::Path;
use tests::{Person, Reply, World, upload};

/// The bucket's name, which is its folder's too.
const BUCKET: &str = "attachments";

/// A JPEG that differs from others by its `letter`.
fn jpeg(letter: u8) -> Vec<u8> {
    let mut bytes = tests::tiny_jpeg();
    bytes.extend_from_slice(&[letter; 100]);
    bytes
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(sha256(bytes))
}

/// What is said of a JPEG of `size` bytes that is to be uploaded.
fn announced(kind: &str, size: usize) -> Value {
    json!({ "kind": kind, "file_name": "照片 1.jpg", "content_type": "image/jpeg", "size": size })
}

async fn ask(person: &Person<'_>, application: &str, announced: Value) -> Reply {
    person.post(&format!("/v1/applications/{application}/attachments"), announced).await
}

/// A place for `file`: its id, and the form.
async fn place(person: &Person<'_>, application: &str, kind: &str, file: &[u8]) -> (String, Value) {
    let reply = ask(person, application, announced(kind, file.len())).await.expect(201);
    (reply.text("/attachment/id"), reply.body["upload"].clone())
}

/// Sends a file to a form; S3's status.
async fn send(form: &Value, file: &[u8]) -> u16 {
    upload(form, "照片 1.jpg", "image/jpeg", file.to_vec()).await
}

async fn confirm(person: &Person<'_>, id: &str) -> Reply {
    person.post_empty(&format!("/v1/attachments/{id}/confirmation")).await
}

async fn remove(person: &Person<'_>, id: &str) -> Reply {
    person.send("DELETE", &format!("/v1/attachments/{id}"), None, &[]).await
}

async fn look(person: &Person<'_>, id: &str) -> Reply {
    person.get(&format!("/v1/attachments/{id}")).await
}

/// A confirmed attachment with this content.
async fn attach(person: &Person<'_>, application: &str, kind: &str, file: &[u8]) -> String {
    let (id, form) = place(person, application, kind, file).await;
    assert_eq!(send(&form, file).await, 201);
    confirm(person, &id).await.expect(200);
    id
}

/// What is found at the address that an attachment is shown with.
async fn download(person: &Person<'_>, id: &str) -> Vec<u8> {
    let url = look(person, id).await.expect(200).text("/url");
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

/// The application as its holder sees it.
async fn application(person: &Person<'_>, id: &str) -> Value {
    person.get(&format!("/v1/applications/{id}")).await.expect(200).body
}

/// The field of each shortcoming in a reply.
fn missing(reply: &Reply) -> Vec<&str> {
    reply.body["missing"].as_array().unwrap().iter().map(|lack| lack["field"].as_str().unwrap()).collect()
}

/// The keys of everything in the bucket, in order.
fn bucket(world: &World) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, keys: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, keys);
            } else {
                keys.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let root = world.folder().join("s3").join(BUCKET);
    let mut keys = Vec::new();
    walk(&root, &root, &mut keys);
    keys.sort();
    keys
}

/// The key that a confirmed file is kept under.
fn kept(id: &str, file: &[u8]) -> String {
    format!("attachments/{id}/{}", hash(file))
}

/// What the functions reach AWS with, but for S3 at `endpoint`.
fn parts(world: &World, endpoint: &str) -> SdkParts {
    let endpoints = Endpoints { s3: Some(endpoint.parse().unwrap()), ..Endpoints::default() };
    let credentials = Credentials::new("attachment", world.system.keys.s3_secret.clone(), None, None, "test");
    SdkParts::new("cn-north-1", credentials, endpoints).unwrap()
}

/// The bucket as the functions see it.
fn blobs(world: &World) -> Blobs {
    Blobs::new(&parts(world, world.system.s3().endpoint()), BUCKET).unwrap()
}
