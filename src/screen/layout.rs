//! Where the parts of a screen stand, by its size.

use ratatui::layout::Rect;

/// Below these nothing sensible can be shown.
pub const LEAST: (u16, u16) = (40, 10);
/// From so many columns on, list and details stand side by side.
const BESIDE: u16 = 110;

/// The parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// Two lines about everything.
    pub head: Rect,
    /// What is wrong; no lines: nothing.
    pub notice: Rect,
    /// A line of its own above the list.
    pub title: Rect,
    pub list: Rect,
    pub detail: Rect,
    pub foot: Rect,
    /// Is the list beside the details?
    pub beside: bool,
}

/// Of a screen whose notice and list have so many lines when they show everything; `None`: the screen is too small.
#[must_use]
pub fn areas((width, height): (u16, u16), (notice, lines): (usize, usize)) -> Option<Areas> {
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let head = Rect::new(0, 0, width, 2);
    // On a small screen the rest is needed too.
    let most = if height < 14 { 0 } else { height / 6 };
    let notice = u16::try_from(notice).unwrap_or(u16::MAX).min(most);
    let notice = Rect::new(0, 2, width, notice);
    let top = notice.bottom();
    let title = |width| Rect::new(0, top, width, 1);
    let foot = Rect::new(0, height - 1, width, 1);
    let room = height - top - 2;
    if width >= BESIDE {
        let left = width / 2 - 5;
        let detail = Rect::new(left + 1, top, width - left - 1, room + 1);
        return Some(Areas {
            head,
            notice,
            title: title(left),
            list: Rect::new(0, top + 1, left, room),
            detail,
            foot,
            beside: true,
        });
    }
    // A short list leaves its room to the log.
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let list = lines.min(room / 2).max(3);
    Some(Areas {
        head,
        notice,
        title: title(width),
        list: Rect::new(0, top + 1, width, list),
        detail: Rect::new(0, top + 1 + list, width, room - list),
        foot,
        beside: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_screen_and_do_not_overlap() {
        assert_eq!(areas((39, 24), (0, 9)), None);
        assert_eq!(areas((80, 9), (0, 9)), None);
        for width in [40, 80, 109, 110, 200, 1000] {
            for (height, notice) in [(10, 0), (11, 3), (14, 1), (24, 9), (50, 2), (300, 500)] {
                let few = areas((width, height), (notice, 0)).unwrap();
                assert!(few.list.height >= 3, "{few:?}");
                let areas = areas((width, height), (notice, 10_000)).unwrap();
                let mut parts = vec![
                    areas.head,
                    areas.title,
                    areas.list,
                    areas.detail,
                    areas.foot,
                ];
                parts.extend((areas.notice.height > 0).then_some(areas.notice));
                let screen = Rect::new(0, 0, width, height);
                for (i, part) in parts.iter().enumerate() {
                    assert!(
                        part.area() > 0 && screen.union(*part) == screen,
                        "{areas:?}"
                    );
                    for other in &parts[..i] {
                        assert!(part.intersection(*other).is_empty(), "{areas:?}");
                    }
                }
                let lines: u16 = match areas.beside {
                    true => areas.head.height + areas.notice.height + 1 + areas.list.height + 1,
                    false => parts.iter().map(|part| part.height).sum(),
                };
                assert_eq!(lines, height, "{areas:?}");
                assert!(
                    areas.list.height >= 3 && areas.detail.height >= 3,
                    "{areas:?}"
                );
            }
        }
    }
}
