//! Rows under headings, for people: every column as wide as what is in it.

/// Returns the rows one a line, the columns aligned, without spaces at the end.
#[must_use]
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line += cell;
        line += &" ".repeat(width - cell.chars().count() + 2);
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["NAME", "SIZE"], ["écran", "1"], ["a", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["NAME   SIZE", "écran  1", "a"]);
    }
}
