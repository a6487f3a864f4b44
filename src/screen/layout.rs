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
    /// A line of its own above the list.
    pub title: Rect,
    pub list: Rect,
    pub detail: Rect,
    pub foot: Rect,
    /// Is the list beside the details?
    pub beside: bool,
}

/// Of a screen whose list has so many lines when it shows everything; `None`: the screen is too small.
#[must_use]
pub fn areas((width, height): (u16, u16), lines: usize) -> Option<Areas> {
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let head = Rect::new(0, 0, width, 2);
    let title = |width| Rect::new(0, 2, width, 1);
    let foot = Rect::new(0, height - 1, width, 1);
    let room = height - 4;
    if width >= BESIDE {
        let left = width / 2 - 5;
        let detail = Rect::new(left + 1, 2, width - left - 1, room + 1);
        return Some(Areas {
            head,
            title: title(left),
            list: Rect::new(0, 3, left, room),
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
        title: title(width),
        list: Rect::new(0, 3, width, list),
        detail: Rect::new(0, 3 + list, width, room - list),
        foot,
        beside: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_screen_and_do_not_overlap() {
        assert_eq!(areas((39, 24), 9), None);
        assert_eq!(areas((80, 9), 9), None);
        for width in [40, 80, 109, 110, 200, 1000] {
            for height in [10, 11, 24, 50, 300] {
                let few = areas((width, height), 0).unwrap();
                assert!(few.list.height >= 3, "{few:?}");
                let areas = areas((width, height), 10_000).unwrap();
                let parts = [
                    areas.head,
                    areas.title,
                    areas.list,
                    areas.detail,
                    areas.foot,
                ];
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
                assert!(
                    areas.list.height >= 3 && areas.detail.height >= 3,
                    "{areas:?}"
                );
            }
        }
    }
}
