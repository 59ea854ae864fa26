//! JSON schemas of the types that are one text or number in JSON. Only with the feature `openapi`.

use crate::{
    certificate::ManagementNumber,
    contact::{EmailAddress, MobileNumber},
    credit::Hours,
    date::{CalendarDate, Instant},
    district::{Area, DistrictCode},
    form::{PersonName, ShortText},
    id::{ApplicationId, AttachmentId, CourseId, CreditId, HolderId, NoticeId, RosterId, StaffId},
    province::Province,
    registration::RegistrationNumber,
    subscription::TemplateId,
};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

macro_rules! scalar {
    ($($name:ident: $kind:ident, $about:literal, $example:expr $(, $format:ident)?;)+) => {
        $(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let object = ObjectBuilder::new()
                        .schema_type(Type::$kind)
                        .description(Some($about))
                        $(.format(Some(SchemaFormat::KnownFormat(KnownFormat::$format))))?
                        .examples([serde_json::json!($example)]);
                    object.build().into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )+
    };
}

scalar! {
    CalendarDate: String, "Asia/Shanghai 日历日期", "2026-03-01", Date;
    Instant: String, "时间点（RFC 3339，UTC）", "2026-03-01T08:00:00.000Z", DateTime;
    Hours: Number, "继续教育学时，精确到 0.1", 7.5;
    PersonName: String, "姓名", "张三";
    ShortText: String, "1 至 100 个字符，一行", "武汉市武昌区某社会工作服务中心";
    MobileNumber: String, "手机号码", "13800138000";
    EmailAddress: String, "电子邮箱", "zhang@example.com";
    DistrictCode: String, "行政区划代码（GB/T 2260），6 位", "420106";
    Province: String, "省份：行政区划代码前 2 位", "42";
    Area: String, "辖区：2、4 或 6 位行政区划代码", "4201";
    ManagementNumber: String, "证书管理号", "202510420106000123";
    RegistrationNumber: String, "登记号，15 位数字，末位为校验位", "422026987654324";
    HolderId: String, "持证人编号", "7k3m9q2xw4n8r5tz";
    ApplicationId: String, "申请编号", "7k3m9q2xw4n8r5tz-20260301-h4k9m2qp";
    AttachmentId: String, "附件编号", "7k3m9q2xw4n8r5tz-20260301-h4k9m2qp-0a1b2c3d";
    NoticeId: String, "公告编号", "notice-20260301-h4k9m2qp0a1b";
    StaffId: String, "工作人员编号", "2b4d6f8h1j3k5m7n";
    CreditId: String, "继续教育记录编号", "7k3m9q2xw4n8r5tz-20260302-h4k9m2qp3r";
    CourseId: String, "课程编号", "2b4d6f8h1j3k5m7n";
    RosterId: String, "培训名单编号", "2b4d6f8h1j3k5m7n-20270504-h4k9m2qp";
    TemplateId: String, "微信订阅消息模板 id", "zun-LzcQyW-edafCVvzPkK4de2Rllr1fFpw2A_x0oXE";
}
