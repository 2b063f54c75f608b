//! What the page's forms accept, checked here before anything is sent; the server has the last
//! word. Pure.

use shared::Timestamp;
use shared::api::admin::{MoveCustomerRequest, RevealCustomerRequest};
use shared::api::error::ErrorBody;
use shared::customer::Move;

/// The most characters of a reason.
pub const REASON_LIMIT: usize = 200;
/// The most characters of a note.
pub const NOTE_LIMIT: usize = 1_000;

/// What is wrong with a form, field by field, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// With the reason.
    pub reason: Option<String>,
    /// With the note.
    pub note: Option<String>,
    /// With the end of the suspension.
    pub until: Option<String>,
    /// With the whole.
    pub form: Option<String>,
}

impl Faults {
    /// Puts what the server refused beside the field it named.
    #[must_use]
    pub fn from_refusal(error: &ErrorBody) -> Self {
        let text = format!("{} (request {})", error.message, error.request_id);
        let field = error
            .additional_error_details
            .as_ref()
            .and_then(|details| details.field.as_deref());
        match field {
            Some("reason") => Self {
                reason: Some(error.message.clone()),
                ..Self::default()
            },
            Some("note") => Self {
                note: Some(error.message.clone()),
                ..Self::default()
            },
            Some("until") => Self {
                until: Some(error.message.clone()),
                ..Self::default()
            },
            _ => Self {
                form: Some(text),
                ..Self::default()
            },
        }
    }

    fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// The end of a suspension as the form has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing was entered.
    Open,
    /// A date and time that can be read.
    At(Timestamp),
    /// Something that cannot.
    Unreadable,
}

fn check_reason(reason: &str) -> Result<String, String> {
    let reason = reason.trim();
    let length = reason.chars().count();
    if length == 0 {
        return Err("Give a reason; it is kept in the history.".to_owned());
    }
    if length > REASON_LIMIT {
        return Err(format!(
            "Use at most {REASON_LIMIT} characters; this has {length}."
        ));
    }
    Ok(reason.to_owned())
}

/// Reads the form of a status move.
///
/// # Errors
/// What is wrong, by field.
pub fn read_move(
    attempted: Move,
    reason: &str,
    note: &str,
    end: End,
    now: Timestamp,
) -> Result<MoveCustomerRequest, Faults> {
    let mut faults = Faults::default();
    let reason = check_reason(reason)
        .map_err(|fault| faults.reason = Some(fault))
        .ok();
    let note = note.trim();
    let length = note.chars().count();
    if length > NOTE_LIMIT {
        faults.note = Some(format!(
            "Use at most {NOTE_LIMIT} characters; this has {length}."
        ));
    }
    let until = match (attempted, end) {
        (Move::Suspend, End::Unreadable) => {
            faults.until = Some("Enter both a date and a time, or neither.".to_owned());
            None
        }
        (Move::Suspend, End::At(at)) if at <= now => {
            faults.until = Some("The end must be in the future.".to_owned());
            None
        }
        (Move::Suspend, End::At(at)) => Some(at),
        _ => None,
    };
    if faults.any() {
        return Err(faults);
    }
    Ok(MoveCustomerRequest {
        reason,
        note: (!note.is_empty()).then(|| note.to_owned()),
        until,
    })
}

/// Reads the form that reveals a profile.
///
/// # Errors
/// What is wrong, by field.
pub fn read_reveal(reason: &str) -> Result<RevealCustomerRequest, Faults> {
    check_reason(reason)
        .map(|reason| RevealCustomerRequest {
            reason: Some(reason),
        })
        .map_err(|fault| Faults {
            reason: Some(fault),
            ..Faults::default()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    #[test]
    fn a_move_without_a_reason_is_not_sent() {
        let faults = read_move(Move::Lift, "  ", "", End::Open, NOW)
            .err()
            .unwrap();
        assert!(faults.reason.is_some());
        assert!(read_reveal("").is_err());
    }

    #[test]
    fn every_fault_is_shown_at_once() {
        let long = "x".repeat(NOTE_LIMIT + 1);
        let faults = read_move(Move::Suspend, "", &long, End::At(NOW), NOW)
            .err()
            .unwrap();
        assert!(faults.reason.is_some() && faults.note.is_some() && faults.until.is_some());
    }

    #[test]
    fn only_a_suspension_has_an_end() {
        let later = Timestamp::from_micros(2_000_000);
        let read =
            |attempted| read_move(attempted, "chargeback", " ", End::At(later), NOW).unwrap();
        assert_eq!(read(Move::Suspend).until, Some(later));
        assert_eq!(read(Move::Delete).until, None);
        assert_eq!(read(Move::Suspend).note, None);
    }

    #[test]
    fn limits_count_characters_and_not_bytes() {
        assert!(read_reveal(&"प".repeat(REASON_LIMIT)).is_ok());
        assert!(read_reveal(&"प".repeat(REASON_LIMIT + 1)).is_err());
    }

    #[test]
    fn a_refusal_is_shown_beside_the_field_it_names() {
        let body = |field: &str| {
            serde_json::from_value::<ErrorBody>(serde_json::json!({
                "code": "INVALID_REQUEST", "message": "Too long.", "request_id": "r1",
                "additional_error_details": { "source": "CLIENT", "step": "", "reason": "", "field": field }
            }))
            .unwrap()
        };
        assert_eq!(
            Faults::from_refusal(&body("until")).until.as_deref(),
            Some("Too long.")
        );
        assert_eq!(
            Faults::from_refusal(&body("other")).form.as_deref(),
            Some("Too long. (request r1)")
        );
    }
}
