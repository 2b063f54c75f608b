//! Medians and spreads.

/// Several measurements of one thing.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// One measurement more.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let (low, high) = (
            self.0.get((self.0.len().saturating_sub(1)) / 2),
            self.0.get(self.0.len() / 2),
        );
        f64::midpoint(
            low.copied().unwrap_or(f64::NAN),
            high.copied().unwrap_or(f64::NAN),
        )
    }

    /// The smallest and the largest, when there are several.
    pub fn spread(&self) -> Option<(f64, f64)> {
        match self.0.as_slice() {
            [low, .., high] => Some((*low, *high)),
            _ => None,
        }
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
    fn a_single_measurement_has_no_spread() {
        assert_eq!(of(&[1.0]).spread(), None);
        assert_eq!(of(&[2.0, 1.0]).spread(), Some((1.0, 2.0)));
    }
}
