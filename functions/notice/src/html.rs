//! Markdown to HTML that can be shown as it is. HTML typed into the Markdown is left out, pictures become their words (one
//! from elsewhere would tell its host who reads), and what is left is cleaned once more by a list of what may stay.
//!
//! It's made when a notice is read and not when it's written, so that what is mended here is mended for every notice.

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};
use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// The elements that may stay.
const TAGS: [&str; 27] = [
    "a",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];
/// Where a link may lead.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut tags = HashSet::from(TAGS);
    tags.insert("ul");
    let mut builder = Builder::empty();
    builder
        .tags(tags)
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// `markdown` (CommonMark with tables and ~~strikethrough~~) as HTML that can be put into a page as it is.
pub(crate) fn render(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(markdown, options).filter(|event| {
        !matches!(
            event,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::Start(Tag::Image { .. } | Tag::HtmlBlock)
                | Event::End(TagEnd::Image | TagEnd::HtmlBlock)
        )
    });
    let mut html = String::with_capacity(markdown.len() * 3 / 2);
    push_html(&mut html, events);
    CLEANER.clean(&html).to_string()
}

#[cfg(test)]
mod tests {
    use super::{CLEANER, render};
    use rstest::rstest;

    #[rstest]
    #[case("# 通知\n\n请于 **3 月** 前完成。", "<h1>通知</h1>\n<p>请于 <strong>3 月</strong> 前完成。</p>\n")]
    #[case("1. 甲\n2. 乙", "<ol>\n<li>甲</li>\n<li>乙</li>\n</ol>\n")]
    #[case("~~旧~~", "<p><del>旧</del></p>\n")]
    #[case(
        "[网站](https://www.mca.gov.cn/a?b=1&c=2)",
        "<p><a href=\"https://www.mca.gov.cn/a?b=1&amp;c=2\" rel=\"noopener noreferrer nofollow\">网站</a></p>\n"
    )]
    #[case(
        "|级别|学时|\n|-|-:|\n|助理|72|",
        "<table><thead><tr><th>级别</th><th>学时</th></tr></thead><tbody>\n<tr><td>助理</td><td>72</td></tr>\n</tbody></table>\n"
    )]
    #[case("3 < 5 & 7 > 6", "<p>3 &lt; 5 &amp; 7 &gt; 6</p>\n")]
    fn what_is_written_is_shown(#[case] markdown: &str, #[case] html: &str) {
        assert_eq!(render(markdown), html);
    }

    /// What would run, load or lead astray, in Markdown.
    const ATTACKS: [&str; 26] = [
        "<script>alert(1)</script>",
        "文字 <script>alert(1)</script> 文字",
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg/onload=alert(1)>",
        "<iframe src=\"https://evil.example\"></iframe>",
        "<object data=\"data:text/html;base64,PHNjcmlwdD4=\"></object>",
        "<a href=\"javascript:alert(1)\">按</a>",
        "[按](javascript:alert(1))",
        "[按](JaVaScRiPt:alert(1))",
        "[按](java\nscript:alert(1))",
        "[按](&#106;avascript:alert(1))",
        "[按](&#x6A;&#x61;vascript&colon;alert(1))",
        "[按](<java\tscript:alert(1)>)",
        "[按](vbscript:msgbox(1))",
        "[按](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        "![跟踪](https://evil.example/pixel.gif)",
        "![跟踪](//evil.example/pixel.gif)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[![x](https://evil.example/p.gif)](https://www.mca.gov.cn)",
        "[p]: javascript:alert(1)\n\n[p]",
        "<style>body{background:url(https://evil.example)}</style>",
        "<form action=\"https://evil.example\"><input name=password></form>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<div style=\"position:fixed\" onclick=\"alert(1)\">x</div>",
    ];

    /// True where `html` could run, load or lead astray.
    fn is_dangerous(html: &str) -> bool {
        let low = html.to_lowercase();
        let elements =
            ["<script", "<img", "<svg", "<iframe", "<object", "<style", "<form", "<input", "<math", "<div"];
        let inside = |tag: &str| {
            let parts = [" on", "javascript:", "vbscript:", "data:", "style=", "src="];
            parts.iter().any(|part| tag.contains(part))
        };
        elements.iter().any(|element| low.contains(element))
            || low.split('<').skip(1).filter_map(|rest| rest.split('>').next()).any(inside)
    }

    #[test]
    fn nothing_that_runs_or_loads_survives() {
        for attack in ATTACKS {
            let html = render(attack);
            assert!(!is_dangerous(&html), "{attack}\n{html}");
        }
    }

    #[test]
    fn what_came_through_the_first_door_is_held_at_the_second() {
        for attack in ATTACKS {
            let mut html = String::new();
            pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(attack));
            let clean = CLEANER.clean(&html).to_string();
            assert!(!is_dangerous(&clean), "{attack}\n{clean}");
        }
    }

    #[test]
    fn a_picture_becomes_its_words() {
        assert_eq!(render("![流程图](https://evil.example/p.gif)"), "<p>流程图</p>\n");
    }
}
