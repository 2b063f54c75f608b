//! Chance that can be had again: all of it comes from one seed.

use std::time::{SystemTime, UNIX_EPOCH};

/// `SplitMix64`.
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    /// What `ONFILE_FAULT_SEED` says, or another one each time; printed, so that a run can be had again.
    pub fn announced(campaign: &str) -> Self {
        let seed = std::env::var("ONFILE_FAULT_SEED").map_or_else(
            |_| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                u64::from(now.subsec_nanos())
            },
            |seed| seed.parse().expect("ONFILE_FAULT_SEED is a number"),
        );
        println!("{campaign}: ONFILE_FAULT_SEED={seed}");
        Self(seed)
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below a bound that is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.draw() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// One that goes its own way from here.
    pub fn fork(&mut self) -> Self {
        Self(self.draw())
    }
}

/// How often: what the environment says, or the short run.
pub fn how_many(variable: &str, short: usize) -> usize {
    std::env::var(variable).map_or(short, |number| {
        number
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number"))
    })
}
