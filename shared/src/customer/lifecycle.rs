//! The customer life cycle, as one table of data.
//!
//! Every question about a status (may it be changed, by whom, to what; which buttons to draw; what
//! an illegal move is told) is answered from [`TABLE`].

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The status of a customer as the wire spells it.
///
/// source: Pine Labs Online, Customer object, `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomerStatus {
    /// On file, phone not proven: saved cards cannot be used.
    Inactive,
    /// Verified: saved cards can be used.
    Active,
    /// Barred for a time; everything is kept, nothing can be used.
    Suspended,
    /// Gone for good.
    Deleted,
}

impl CustomerStatus {
    /// All of them, in the order of the life cycle.
    pub const ALL: [Self; 4] = [Self::Inactive, Self::Active, Self::Suspended, Self::Deleted];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "INACTIVE",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Deleted => "DELETED",
        }
    }

    /// Reads the word on the wire; nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a suspended customer becomes when the suspension is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resumes {
    /// It was not verified when suspended, or its phone changed since.
    Inactive,
    /// It was verified when suspended.
    Active,
}

/// Where a customer stands, with the facts that go with each status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CustomerState {
    /// See [`CustomerStatus::Inactive`].
    Inactive,
    /// See [`CustomerStatus::Active`].
    Active,
    /// See [`CustomerStatus::Suspended`].
    Suspended {
        /// When the suspension ends by itself, if it does.
        until: Option<Timestamp>,
        /// What lifting it leads back to.
        resumes: Resumes,
    },
    /// See [`CustomerStatus::Deleted`].
    Deleted,
}

/// Who asks for a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The merchant's server, by API.
    Merchant,
    /// A person on the admin page.
    Admin,
    /// The shopper in the widget.
    Shopper,
    /// Onfile itself: a suspension reached its end.
    System,
}

impl Actor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Merchant, Self::Admin, Self::Shopper, Self::System];
}

/// A move of the life cycle. The verb is the same in path, handler, service, audit and client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// The shopper proved the phone with a code.
    Verify,
    /// The merchant, or an admin, vouches for the customer.
    Activate,
    /// The phone changed, so the verification no longer says anything.
    ChangePhone,
    /// Bar the customer, with an optional end.
    Suspend,
    /// End a suspension.
    Lift,
    /// Remove the customer for good.
    Delete,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Verify,
        Self::Activate,
        Self::ChangePhone,
        Self::Suspend,
        Self::Lift,
        Self::Delete,
    ];

    /// The verb, as in paths and the history.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Activate => "activate",
            Self::ChangePhone => "change_phone",
            Self::Suspend => "suspend",
            Self::Lift => "lift",
            Self::Delete => "delete",
        }
    }
}

/// One row of the life cycle: from a status, by a move, asked for by one of these.
pub type Row = (CustomerStatus, Move, &'static [Actor]);

/// The life cycle. What is not here is refused.
pub const TABLE: &[Row] = {
    use Actor::{Admin, Merchant, Shopper, System};
    use CustomerStatus::{Active, Inactive, Suspended};
    &[
        (Inactive, Move::Verify, &[Shopper]),
        (Inactive, Move::Activate, &[Merchant, Admin]),
        (Inactive, Move::Suspend, &[Merchant, Admin]),
        (Inactive, Move::Delete, &[Merchant, Admin, Shopper]),
        (Active, Move::ChangePhone, &[Merchant]),
        (Active, Move::Suspend, &[Merchant, Admin]),
        (Active, Move::Delete, &[Merchant, Admin, Shopper]),
        (Suspended, Move::Lift, &[Merchant, Admin, System]),
        (Suspended, Move::Delete, &[Merchant, Admin, Shopper]),
    ]
};

/// A move that the life cycle does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a customer who is {} cannot become {attempted}", from.as_str())]
pub struct TransitionRefused {
    /// The present status.
    pub from: CustomerStatus,
    /// What was asked for: a status or a verb.
    pub attempted: String,
    /// What this actor may do instead.
    pub legal: Vec<Move>,
}

impl CustomerState {
    /// The word for it.
    #[must_use]
    pub const fn status(self) -> CustomerStatus {
        match self {
            Self::Inactive => CustomerStatus::Inactive,
            Self::Active => CustomerStatus::Active,
            Self::Suspended { .. } => CustomerStatus::Suspended,
            Self::Deleted => CustomerStatus::Deleted,
        }
    }

    /// Whether `actor` may make this move now.
    #[must_use]
    pub fn permits(self, attempted: Move, actor: Actor) -> bool {
        TABLE.iter().any(|(from, row, actors)| {
            *from == self.status() && *row == attempted && actors.contains(&actor)
        })
    }

    /// Every move `actor` may make now, in a fixed order: the buttons of the admin page.
    #[must_use]
    pub fn moves_for(self, actor: Actor) -> Vec<Move> {
        Move::ALL
            .into_iter()
            .filter(|attempted| self.permits(*attempted, actor))
            .collect()
    }

    /// Makes the move. `until` is the end of a suspension and means nothing to other moves.
    ///
    /// # Errors
    /// [`TransitionRefused`] when [`TABLE`] has no such row.
    pub fn apply(
        self,
        attempted: Move,
        actor: Actor,
        until: Option<Timestamp>,
    ) -> Result<Self, TransitionRefused> {
        if !self.permits(attempted, actor) {
            return Err(self.refuse(attempted.as_str(), actor));
        }
        Ok(match (attempted, self) {
            (Move::Verify | Move::Activate, _)
            | (
                Move::Lift,
                Self::Suspended {
                    resumes: Resumes::Active,
                    ..
                },
            ) => Self::Active,
            (Move::ChangePhone | Move::Lift, _) => Self::Inactive,
            (Move::Suspend, from) => {
                let resumes = if from == Self::Active {
                    Resumes::Active
                } else {
                    Resumes::Inactive
                };
                Self::Suspended { until, resumes }
            }
            (Move::Delete, _) => Self::Deleted,
        })
    }

    /// The move that leads to `target`, for a merchant's update that names only the status.
    ///
    /// # Errors
    /// [`TransitionRefused`] when no single move of `actor` leads there.
    pub fn move_towards(
        self,
        target: CustomerStatus,
        actor: Actor,
    ) -> Result<Move, TransitionRefused> {
        self.moves_for(actor)
            .into_iter()
            .filter(|attempted| *attempted != Move::ChangePhone)
            .find(|attempted| {
                self.apply(*attempted, actor, None)
                    .is_ok_and(|to| to.status() == target)
            })
            .ok_or_else(|| self.refuse(target.as_str(), actor))
    }

    /// The state after the phone changed: an ACTIVE customer is no longer verified, and a suspended
    /// one will not be when the suspension ends.
    #[must_use]
    pub const fn phone_changed(self) -> Self {
        match self {
            Self::Active => Self::Inactive,
            Self::Suspended { until, .. } => Self::Suspended {
                until,
                resumes: Resumes::Inactive,
            },
            other => other,
        }
    }

    fn refuse(self, attempted: &str, actor: Actor) -> TransitionRefused {
        let mut legal = self.moves_for(actor);
        legal.retain(|legal| *legal != Move::ChangePhone);
        TransitionRefused {
            from: self.status(),
            attempted: attempted.to_owned(),
            legal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn states() -> impl Strategy<Value = CustomerState> {
        let resumes = prop_oneof![Just(Resumes::Inactive), Just(Resumes::Active)];
        let until = proptest::option::of(any::<i64>().prop_map(Timestamp::from_micros));
        prop_oneof![
            Just(CustomerState::Inactive),
            Just(CustomerState::Active),
            (until, resumes)
                .prop_map(|(until, resumes)| CustomerState::Suspended { until, resumes }),
            Just(CustomerState::Deleted),
        ]
    }

    fn moves() -> impl Strategy<Value = Move> {
        proptest::sample::select(Move::ALL.to_vec())
    }

    fn actors() -> impl Strategy<Value = Actor> {
        proptest::sample::select(Actor::ALL.to_vec())
    }

    #[test]
    fn the_whole_life_cycle_is_as_agreed() {
        let mut table = String::new();
        let states = [
            CustomerState::Inactive,
            CustomerState::Active,
            CustomerState::Suspended {
                until: None,
                resumes: Resumes::Inactive,
            },
            CustomerState::Suspended {
                until: None,
                resumes: Resumes::Active,
            },
            CustomerState::Deleted,
        ];
        for from in states {
            for attempted in Move::ALL {
                for actor in Actor::ALL {
                    let outcome = match from.apply(attempted, actor, None) {
                        Ok(to) => format!("{to:?}"),
                        Err(_) => "refused".to_owned(),
                    };
                    writeln!(table, "{from:?} | {attempted:?} | {actor:?} -> {outcome}").unwrap();
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    proptest! {
        #[test]
        fn permits_implies_apply_and_nothing_else_does(state in states(), attempted in moves(), actor in actors()) {
            prop_assert_eq!(state.permits(attempted, actor), state.apply(attempted, actor, None).is_ok());
        }

        #[test]
        fn a_deleted_customer_stays_deleted(attempted in moves(), actor in actors()) {
            prop_assert!(CustomerState::Deleted.apply(attempted, actor, None).is_err());
            prop_assert_eq!(CustomerState::Deleted.phone_changed(), CustomerState::Deleted);
        }

        #[test]
        fn a_suspension_leads_back_to_where_it_came_from(was_active: bool) {
            let before = if was_active { CustomerState::Active } else { CustomerState::Inactive };
            let during = before.apply(Move::Suspend, Actor::Admin, None).unwrap();
            prop_assert_eq!(during.apply(Move::Lift, Actor::Admin, None).unwrap(), before);
            prop_assert_eq!(during.phone_changed().apply(Move::Lift, Actor::System, None).unwrap(), CustomerState::Inactive);
        }

        #[test]
        fn a_move_towards_a_status_ends_there(state in states(), target in proptest::sample::select(CustomerStatus::ALL.to_vec()), actor in actors()) {
            if let Ok(found) = state.move_towards(target, actor) {
                prop_assert_eq!(state.apply(found, actor, None).unwrap().status(), target);
            }
        }
    }
}
