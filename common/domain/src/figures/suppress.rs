//! Small cells: a number so small that it tells of somebody is not shown, and nothing beside it from which it could be
//! worked out.

/// The smallest number that is shown. Below it a reader who knows the district may know the person: 5 is the customary
/// threshold of official statistics. No source we read sets another.
pub const SMALL: i64 = 5;

/// A number, as far as it's shown.
pub type Shown = Option<i64>;

/// The row `cells` beside its `total`, which is their sum, as far as they may be shown.
///
/// - A total of 1 to 4 isn't shown, and neither is anything of its row.
/// - A cell of 1 to 4 isn't shown. Since the total minus the cells shown is the sum of the others, at least two cells are
///   hidden, together at least [`SMALL`] and more than one each; the smallest of the others are hidden for it.
/// - Where no cell is left to show but zeros, these are hidden too: a row of ones would be told by them.
///
/// So for no hidden cell is there only one value that agrees with the total, with the cells shown, and with what is hidden
/// being more than nothing. That holds for one row: who reads the rows of a city and of all its counties but one can
/// still subtract. Only officials read figures.
pub fn suppress(total: i64, cells: &[i64]) -> (Shown, Vec<Shown>) {
    let nothing = || vec![None; cells.len()];
    if (1..SMALL).contains(&total) {
        return (None, nothing());
    }
    let mut hidden: Vec<bool> = cells.iter().map(|count| (1..SMALL).contains(count)).collect();
    if !hidden.contains(&true) {
        return (Some(total), cells.iter().map(|count| Some(*count)).collect());
    }
    loop {
        let number = hidden.iter().filter(|hidden| **hidden).count();
        let sum: i64 = cells.iter().zip(&hidden).filter(|(_, hidden)| **hidden).map(|(count, _)| count).sum();
        if number >= 2 && sum >= SMALL && sum > i64::try_from(number).unwrap_or(i64::MAX) {
            break;
        }
        let others = cells.iter().enumerate().filter(|(place, count)| !hidden[*place] && **count > 0);
        let Some((place, _)) = others.min_by_key(|(_, count)| **count) else { break };
        hidden[place] = true;
    }
    if cells.iter().zip(&hidden).all(|(count, hidden)| *hidden || *count == 0) {
        return (Some(total), nothing());
    }
    let shown = cells.iter().zip(&hidden).map(|(count, hidden)| (!hidden).then_some(*count));
    (Some(total), shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nobody(&[0, 0], Some(0), &[Some(0), Some(0)])]
    #[case::enough_of_all(&[5, 0, 60], Some(65), &[Some(5), Some(0), Some(60)])]
    #[case::too_few_altogether(&[1, 0, 3], None, &[None, None, None])]
    #[case::one_small_takes_the_smallest_other_along(&[3, 60, 40, 0], Some(103), &[None, Some(60), None, Some(0)])]
    #[case::two_small_hide_each_other(&[3, 2, 40, 0], Some(45), &[None, None, Some(40), Some(0)])]
    #[case::two_that_are_too_few_together(&[1, 2, 40, 50], Some(93), &[None, None, None, Some(50)])]
    #[case::a_row_of_ones(&[1, 1, 1, 1, 1, 0], Some(5), &[None; 6])]
    #[case::ones_take_a_larger_one_along(&[1, 1, 1, 1, 1, 40, 50], Some(95), &[None, None, None, None, None, None, Some(50)])]
    #[case::nothing_left_to_show(&[4, 9, 0], Some(13), &[None; 3])]
    fn small_cells_are_hidden(#[case] cells: &[i64], #[case] total: Shown, #[case] shown: &[Shown]) {
        assert_eq!(suppress(cells.iter().sum(), cells), (total, shown.to_vec()));
    }

    /// Every row of `length` cells of at most `most` each.
    fn rows(length: usize, most: i64) -> Vec<Vec<i64>> {
        (0..length).fold(vec![Vec::new()], |rows, _| {
            let longer = |row: &Vec<i64>| {
                (0..=most).map(|cell| [row.as_slice(), &[cell]].concat()).collect::<Vec<_>>()
            };
            rows.iter().flat_map(longer).collect()
        })
    }

    #[test]
    fn no_row_shows_a_small_cell_or_lets_one_be_worked_out() {
        for row in (1..=5).flat_map(|length| rows(length, 7)) {
            let total: i64 = row.iter().sum();
            let (shown_total, shown) = suppress(total, &row);
            assert!(shown.iter().flatten().all(|count| *count == 0 || *count >= SMALL), "{row:?}");
            let rest = total - shown.iter().flatten().sum::<i64>();
            let hidden: Vec<_> = row.iter().zip(&shown).filter(|(_, shown)| shown.is_none()).collect();
            if hidden.is_empty() || shown_total.is_none() {
                continue;
            }
            // What is hidden may be nothing only where all of the row is.
            let least = i64::from(hidden.len() != row.len());
            let others = i64::try_from(hidden.len()).unwrap() - 1;
            let most = rest - others * least;
            assert!(others >= 1 && most > least && rest >= SMALL, "{row:?} shows {shown:?}, total {total}");
        }
    }
}
