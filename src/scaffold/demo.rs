//! The files of the sample project: three short texts that become a web site.
//!
//! Knows their content only; the texts, tasks and scripts themselves lie in `demo/`.

use crate::scaffold::NewFile;

/// The task that asks a person for the title of the site.
pub const TITLE_TASK: &str = "site/04-title.md";

macro_rules! file {
    ($path:literal, $source:literal) => {
        NewFile::fixed($path, include_str!(concat!("demo/", $source)))
    };
}

/// Every file of the sample project, in order of their paths.
#[must_use]
pub fn demo() -> Vec<NewFile> {
    vec![
        file!(".gitignore", "gitignore"),
        file!(".runr/config.yaml", "config.yaml"),
        file!(".runr/orchestration.yaml", "orchestration.yaml"),
        file!(
            ".runr/tasks/pictures/01-cover.md",
            "tasks/pictures/01-cover.md"
        ),
        file!(
            ".runr/tasks/pictures/02-charts.md",
            "tasks/pictures/02-charts.md"
        ),
        file!(".runr/tasks/site/01-pages.md", "tasks/site/01-pages.md"),
        file!(".runr/tasks/site/02-report.md", "tasks/site/02-report.md"),
        file!(".runr/tasks/site/03-front.md", "tasks/site/03-front.md"),
        file!(".runr/tasks/site/04-title.md", "tasks/site/04-title.md"),
        file!(".runr/tasks/site/05-publish.md", "tasks/site/05-publish.md"),
        file!(".runr/tasks/text/01-clean.md", "tasks/text/01-clean.md"),
        file!(".runr/tasks/text/02-count.md", "tasks/text/02-count.md"),
        file!(
            ".runr/tasks/text/03-concordance.md",
            "tasks/text/03-concordance.md"
        ),
        file!(".runr/tasks/text/04-summary.md", "tasks/text/04-summary.md"),
        file!("README.md", "README.md"),
        file!("style/site.css", "style/site.css"),
        file!("texts/bread.txt", "texts/bread.txt"),
        file!("texts/bridges.txt", "texts/bridges.txt"),
        file!("texts/tides.txt", "texts/tides.txt"),
        file!("title.txt", "title.txt"),
        file!("tools/charts.sh", "tools/charts.sh"),
        file!("tools/check-links.sh", "tools/check-links.sh"),
        file!("tools/clean.sh", "tools/clean.sh"),
        file!("tools/colophon.sh", "tools/colophon.sh"),
        file!("tools/concordance.sh", "tools/concordance.sh"),
        file!("tools/count.sh", "tools/count.sh"),
        file!("tools/cover.sh", "tools/cover.sh"),
        file!("tools/front.sh", "tools/front.sh"),
        file!("tools/html.sh", "tools/html.sh"),
        file!("tools/page.sh", "tools/page.sh"),
        file!("tools/pages.sh", "tools/pages.sh"),
        file!("tools/report.sh", "tools/report.sh"),
        file!("tools/stopwords.txt", "tools/stopwords.txt"),
        file!("tools/summary.sh", "tools/summary.sh"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_are_sorted_distinct_and_stay_inside() {
        let files = demo();
        assert!(files.windows(2).all(|pair| pair[0].path < pair[1].path));
        for file in &files {
            assert!(
                !file.path.starts_with('/')
                    && !file
                        .path
                        .split('/')
                        .any(|part| matches!(part, "" | "." | "..")),
                "{}",
                file.path
            );
            assert!(
                file.text.ends_with('\n'),
                "{} has no last line end",
                file.path
            );
        }
    }

    #[test]
    fn every_step_has_its_task_file_and_every_task_file_its_step() {
        let files = demo();
        let steps: Vec<&str> = files
            .iter()
            .find(|file| file.path == ".runr/orchestration.yaml")
            .map(|file| {
                file.text
                    .lines()
                    .filter_map(|line| line.trim().strip_prefix("- task: "))
                    .collect()
            })
            .unwrap_or_default();
        let mut named = steps.clone();
        named.sort_unstable();
        let written: Vec<&str> = files
            .iter()
            .filter_map(|file| file.path.strip_prefix(".runr/tasks/"))
            .collect();
        assert_eq!(named, written);
        assert!(named.contains(&TITLE_TASK));
    }
}
