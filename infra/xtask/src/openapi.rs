//! `infra/openapi.json`: one document of every function's routes, generated from the code and checked in.

use anyhow::{Result, bail};
use common::http::{ProblemBody, Route};
use std::{collections::BTreeSet, fs, path::Path};
use utoipa::{
    OpenApi, PartialSchema, ToSchema,
    openapi::{
        Content, Ref, RefOr, Response,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// The file, from the root.
pub const FILE: &str = "infra/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "社工证登记 · Social Worker Registry",
        description = "社会工作者职业水平证书登记服务接口。错误一律为 `application/problem+json`，其中 `code` 稳定不变、`detail` 为可直接展示的中文；\
            时间为 RFC 3339，日期为北京时间的 `YYYY-MM-DD`。写操作可带 `Idempotency-Key` 安全重试，修改须带读取时得到的 `If-Match`。",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "session", description = "登录、令牌与工作人员账号"),
        (name = "submission", description = "持证人：资料、申请、提交与撤回"),
        (name = "attachment", description = "附件上传、确认与下载"),
        (name = "review", description = "审核：队列、领取与决定"),
        (name = "education", description = "继续教育：学时记录与申报、课程、名单报送"),
        (name = "registry", description = "登记：查询与核验"),
        (name = "certificate", description = "电子登记证、学时证明、转出证明"),
        (name = "notice", description = "公告：起草、发布、群发与阅读"),
    ),
    components(schemas(ProblemBody)),
)]
struct Whole;

/// Operations that nobody has to be signed in for.
const OPEN: [&str; 11] = [
    "/v1/session",
    "/v1/session/wechat",
    "/v1/session/client",
    "/v1/session/staff",
    "/v1/session/refresh",
    "/v1/session/keys",
    "/v1/mail/unsubscribe",
    "/v1/verify",
    "/v1/verify/{number}",
    "/v1/verify/keys",
    "/v1/verify/paper",
];

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut whole = Whole::openapi();
    for part in [
        session::ApiDoc::openapi(),
        submission::ApiDoc::openapi(),
        attachment::ApiDoc::openapi(),
        review::ApiDoc::openapi(),
        education::ApiDoc::openapi(),
        registry::ApiDoc::openapi(),
        certificate::ApiDoc::openapi(),
        notice::ApiDoc::openapi(),
    ] {
        whole.merge(part);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = whole.components.get_or_insert_default();
    components.security_schemes.insert("token".to_owned(), SecurityScheme::Http(bearer).into());
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());

    for (path, item) in &mut whole.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
            .into_iter()
            .flatten();
        for operation in operations {
            let problem = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
            let mut response = Response::new("出错：`code` 说明原因，`detail` 说明怎么办");
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
            operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
            if !OPEN.contains(&path.as_str()) {
                operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]);
            }
        }
    }
    whole
}

/// Every route of every router.
fn routes() -> BTreeSet<Route> {
    [
        session::ROUTES,
        submission::ROUTES,
        attachment::ROUTES,
        review::ROUTES,
        education::ROUTES,
        registry::ROUTES,
        certificate::ROUTES,
        notice::ROUTES,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// Methods and paths as the document names them.
fn documented(document: &utoipa::openapi::OpenApi) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ] {
            if operation.is_some() {
                found.insert((method.to_owned(), path.clone()));
            }
        }
    }
    found
}

/// What routers and document don't agree on, a line each.
fn disagreements(document: &utoipa::openapi::OpenApi) -> Vec<String> {
    let documented = documented(document);
    let routed: BTreeSet<_> =
        routes().into_iter().map(|Route { method, path }| (method.to_owned(), path.to_owned())).collect();
    let undocumented =
        routed.difference(&documented).map(|(method, path)| format!("not documented: {method} {path}"));
    let unrouted =
        documented.difference(&routed).map(|(method, path)| format!("not routed: {method} {path}"));
    undocumented.chain(unrouted).collect()
}

/// Writes the file, or checks it.
pub fn run(root: &Path, check: bool) -> Result<()> {
    let document = document();
    let disagreements = disagreements(&document);
    if !disagreements.is_empty() {
        bail!("routers and document disagree:\n{}", disagreements.join("\n"));
    }
    let mut text = document.to_pretty_json()?;
    text.push('\n');
    let file = root.join(FILE);
    if !check {
        fs::write(&file, text)?;
        println!("{FILE}: {} operations", documented(&document).len());
        return Ok(());
    }
    match fs::read_to_string(&file) {
        Ok(there) if there == text => Ok(()),
        Ok(_) => bail!("{FILE} is out of step with the code; run `cargo xtask openapi`"),
        Err(error) => bail!("{FILE} can't be read ({error}); run `cargo xtask openapi`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routers_and_document_name_the_same_operations() {
        assert_eq!(disagreements(&document()), Vec::<String>::new());
    }

    #[test]
    fn the_checked_in_document_is_in_step_with_the_code() {
        run(&crate::root().unwrap(), true).unwrap();
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let text = document().to_json().unwrap();
        let schemas = &document().components.unwrap().schemas;
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is referred to and not there");
        }
    }
}
