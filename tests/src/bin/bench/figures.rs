//! Medians and spreads.

/// Several measurements of one thing, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// One measurement more.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        f64::midpoint(at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2))
    }

    /// The smallest and the largest, when there are several.
    pub fn spread(&self) -> Option<(f64, f64)> {
        match self.sorted().as_slice() {
            [low, .., high] => Some((*low, *high)),
            _ => None,
        }
    }

    /// Each as a share of the limit that was measured next to it: machines have moods, and a share
    /// taken within one mood is steadier than one of two medians.
    pub fn shares_of(&self, limits: &Self) -> Self {
        Self(
            self.0
                .iter()
                .zip(&limits.0)
                .map(|(value, limit)| value / limit)
                .collect(),
        )
    }
}

impl From<f64> for Figures {
    fn from(value: f64) -> Self {
        Self(vec![value])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Figures {
        let mut figures = Figures::default();
        for value in values {
            figures.push(*value);
        }
        figures
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middle_ones() {
        assert!((of(&[3.0, 1.0, 2.0]).median() - 2.0).abs() < f64::EPSILON);
        assert!((of(&[4.0, 1.0, 2.0, 3.0]).median() - 2.5).abs() < f64::EPSILON);
        assert!(of(&[]).median().is_nan());
    }

    #[test]
    fn shares_are_taken_of_the_limit_measured_next_to_each() {
        let shares = of(&[4.0, 1.0, 9.0]).shares_of(&of(&[8.0, 4.0, 10.0]));
        assert!((shares.median() - 0.5).abs() < f64::EPSILON);
        assert_eq!(shares.spread(), Some((0.25, 0.9)));
    }

    #[test]
    fn a_single_measurement_has_no_spread() {
        assert_eq!(of(&[1.0]).spread(), None);
        assert_eq!(of(&[2.0, 1.0]).spread(), Some((1.0, 2.0)));
    }
}
