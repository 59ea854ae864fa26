//! Courses, and the catalogue they're found in.
//!
//! A course stands in the catalogue once under each pair of neighbouring characters of its title and provider, and once
//! under each trait a list is narrowed by. A search reads the partition of one of them, and of the items there only so
//! many: what it costs doesn't grow with the catalogue. Items of one year have a partition of their own.

use super::{
    Committed, Cursor, IdempotencyKey, InvalidCursor, Lost, Page, PageError, Reply, Store, StoreError,
    commit::Transaction,
    keys,
    records::{self, entity},
};
use domain::{
    application::JournalEntry,
    credit::{Course, CreditCategory, CreditForm},
    date::CalendarDate,
    id::{CourseId, StaffId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The fewest characters a word has that is searched for.
pub const LEAST_WORD: usize = 2;
/// Items of the catalogue that one query looks at.
const LOOKED_AT: i32 = 200;
/// Queries of one search; what is beyond them is on the next page.
const MOST_QUERIES: u32 = 4;
/// Years back from the last one asked for that a search goes at the most.
const MOST_YEARS: i32 = 10;

/// What a search of the catalogue asks for. All of it has to hold.
#[derive(Debug, Clone)]
pub struct CourseQuery {
    /// Words of title or provider, each of at least [`LEAST_WORD`] characters.
    pub words: Vec<String>,
    /// The form.
    pub form: Option<CreditForm>,
    /// The category.
    pub category: Option<CreditCategory>,
    /// Whose courses.
    pub held_by: Option<StaffId>,
    /// Ends on this day or later.
    pub from: CalendarDate,
    /// Ends on this day or before.
    pub to: CalendarDate,
}

/// Where the next page begins: in this year, after this sort key.
#[derive(Serialize, Deserialize)]
struct Position(i32, Option<String>);

/// A course as the catalogue has it.
#[derive(Serialize, Deserialize)]
struct Listed {
    course: Course,
    /// Title and provider, folded: what words are looked for in.
    text: String,
    form: CreditForm,
    category: CreditCategory,
    held_by: StaffId,
}

/// `text` without what tells nothing apart: spaces, case, and the width of letters.
pub fn fold(text: &str) -> String {
    let narrow = |character: char| match u32::from(character) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(character),
        _ => character,
    };
    text.chars()
        .map(narrow)
        .filter(|character| !character.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Pairs of neighbouring characters.
fn pairs(text: &str) -> impl Iterator<Item = String> {
    let characters: Vec<char> = fold(text).chars().collect();
    let pairs: Vec<String> = characters.windows(2).map(|pair| pair.iter().collect()).collect();
    pairs.into_iter()
}

/// What a course is listed under.
fn words(course: &Course) -> BTreeSet<String> {
    let mut words: BTreeSet<String> =
        pairs(course.title.as_str()).chain(pairs(course.provider.as_str())).collect();
    words.extend([
        "*".to_owned(),
        format!("form={}", course.form.key()),
        format!("category={}", course.category.key()),
        format!("held_by={}", course.held_by),
    ]);
    words
}

impl CourseQuery {
    /// The word whose items are read: the one that is likely the rarest.
    fn lead(&self) -> String {
        let longest = self.words.iter().max_by_key(|word| word.chars().count());
        if let Some(pair) = longest.and_then(|word| pairs(word).next()) {
            return pair;
        }
        match (&self.held_by, self.form, self.category) {
            (Some(held_by), ..) => format!("held_by={held_by}"),
            (_, Some(form), _) => format!("form={}", form.key()),
            (_, _, Some(category)) => format!("category={}", category.key()),
            _ => "*".to_owned(),
        }
    }

    fn takes(&self, listed: &Listed) -> bool {
        self.words.iter().all(|word| listed.text.contains(&fold(word)))
            && self.form.is_none_or(|form| listed.form == form)
            && self.category.is_none_or(|category| listed.category == category)
            && self.held_by.as_ref().is_none_or(|held_by| listed.held_by == *held_by)
    }
}

impl Store {
    /// The course `id`, withdrawn or not; none where there is none.
    pub async fn course(&self, id: &CourseId) -> Result<Option<Course>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::course(id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        found.item.map(records::from_item).transpose()
    }

    /// Writes a course, its journal and its places in the catalogue. One that is withdrawn loses its places.
    pub async fn commit_course(
        &self,
        course: &Course,
        journal: &JournalEntry,
        idempotency: Option<(&IdempotencyKey, &Reply)>,
    ) -> Result<Committed, Lost> {
        let mut transaction = Transaction::new(self, idempotency, journal.at)?;
        transaction.put_version(
            records::to_item(course, &keys::course(&course.id), entity::COURSE)?,
            course.version,
        )?;
        transaction.journal(course.id.as_str(), course.version, journal)?;
        let listed = Listed {
            text: fold(&format!("{}\n{}", course.title.as_str(), course.provider.as_str())),
            form: course.form,
            category: course.category,
            held_by: course.held_by.clone(),
            course: course.clone(),
        };
        for word in words(course) {
            let key = keys::catalogue(&word, course.to, &course.id);
            if course.withdrawn_at.is_some() {
                transaction.delete(&key, false)?;
            } else {
                transaction.put(records::to_item(&listed, &key, entity::CATALOGUE)?)?;
            }
        }
        transaction.send().await
    }

    /// A page of at most `limit` courses that `query` asks for, those that end last first. A page may be short, or
    /// empty, and yet not be the last: `next` says so.
    pub async fn courses(
        &self,
        query: &CourseQuery,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Course>, PageError> {
        let lead = query.lead();
        let last_year = query.from.year().max(query.to.year() - MOST_YEARS);
        let Position(mut year, mut after) = match cursor {
            Some(cursor) => cursor.decode()?,
            None => Position(query.to.year(), None),
        };
        let (from, to) = (query.from.to_string(), format!("{}~", query.to));
        let mut courses = Vec::new();
        for _ in 0..MOST_QUERIES {
            if !(last_year..=query.to.year()).contains(&year) {
                return Ok(Page { items: courses, next: None });
            }
            let pk = keys::catalogue_pk(year, &lead);
            // What lies outside of what is asked for isn't a place in this list: the filters were changed, or it's made up.
            let inside = |sk: &String| (from.as_str()..=to.as_str()).contains(&sk.as_str());
            if !after.as_ref().is_none_or(inside) {
                return Err(InvalidCursor.into());
            }
            let start = after.clone().map(|sk| {
                keys::Item::from([
                    (keys::PK.to_owned(), keys::text(&pk)),
                    (keys::SK.to_owned(), keys::text(sk)),
                ])
            });
            let page = self
                .client
                .query()
                .table_name(&self.tables.records)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", keys::text(&pk))
                .expression_attribute_values(":from", keys::text(&from))
                .expression_attribute_values(":to", keys::text(&to))
                .scan_index_forward(false)
                .limit(LOOKED_AT)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(StoreError::from)?;
            for item in page.items.unwrap_or_default() {
                let sk = records::string(&item, keys::SK)?.to_owned();
                let listed: Listed = records::from_item(item)?;
                if query.takes(&listed) {
                    if courses.len() == limit {
                        return Ok(Page { items: courses, next: Cursor::encode(&Position(year, after)) });
                    }
                    courses.push(listed.course);
                }
                after = Some(sk);
            }
            if page.last_evaluated_key.is_none() {
                (year, after) = (year - 1, None);
            }
        }
        let next = (year >= last_year).then(|| Cursor::encode(&Position(year, after))).flatten();
        Ok(Page { items: courses, next })
    }
}
