//! What the forms of the admin pages share: errors, beside each field and listed above, and choices.

use super::thread::FieldError;

/// What is wrong with a form, in the order of its fields.
#[derive(Debug, Clone, Default)]
pub struct FormErrors(pub Vec<FieldError>);

impl FormErrors {
    /// The sentence under a field; `None` when nothing is wrong with it.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        let wrong = self.0.iter().find(|error| error.field == field);
        wrong.map(|error| error.message.as_str())
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An entry of a select field.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub value: String,
    /// Its words; for the queue's orders leave it empty, the template says them from the value.
    pub label: String,
    pub is_selected: bool,
}

/// Marks what was chosen before.
pub fn choose(choices: &mut [Choice], value: &str) {
    for choice in choices {
        choice.is_selected = choice.value == value;
    }
}
