//! What a shopper saw at one moment: the decisions about all cards that one answer showed. Pure.

use shared::Timestamp;
use shared::api::admin::ShownDecisionView;
use shared::eligibility::Decision;

/// One answer to a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Showing {
    /// When.
    pub at: Timestamp,
    /// In which checkout session.
    pub session_id: String,
    /// By which version of the rules.
    pub rules_version: u32,
    /// Each card with its decision, in the order they are kept.
    pub cards: Vec<(String, Decision)>,
}

/// Puts together the decisions of one session that were shown within the same second; they come
/// newest first and stay so.
#[must_use]
pub fn showings(decisions: Vec<ShownDecisionView>) -> Vec<Showing> {
    let mut showings: Vec<Showing> = Vec::new();
    for shown in decisions {
        let card = (shown.token_id, shown.decision);
        match showings.last_mut() {
            Some(last)
                if last.session_id == shown.session_id
                    && last.at.as_seconds() == shown.at.as_seconds()
                    && last.rules_version == shown.rules_version =>
            {
                last.cards.push(card);
            }
            _ => showings.push(Showing {
                at: shown.at,
                session_id: shown.session_id,
                rules_version: shown.rules_version,
                cards: vec![card],
            }),
        }
    }
    showings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seconds: i64, session: &str, token: &str) -> ShownDecisionView {
        ShownDecisionView {
            at: Timestamp::from_micros(seconds * 1_000_000),
            session_id: session.into(),
            token_id: token.into(),
            rules_version: 1,
            decision: Decision {
                eligible: true,
                reasons: Vec::new(),
            },
        }
    }

    #[test]
    fn cards_of_one_answer_stand_together() {
        let all = showings(vec![
            shown(9, "a", "x"),
            shown(9, "a", "y"),
            shown(5, "a", "x"),
            shown(5, "b", "x"),
        ]);
        let cards: Vec<_> = all
            .iter()
            .map(|showing| (showing.at.as_seconds(), showing.cards.len()))
            .collect();
        assert_eq!(cards, [(9, 2), (5, 1), (5, 1)]);
    }
}
