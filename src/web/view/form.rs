//! What forms have in common: errors beside fields, hidden fields, choices and repeating rows.
//!
//! Does not check input and does not draw controls; those are in [`super::ui`].

/// The outcome of checking a form. Empty on the first visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors {
    list: Vec<FieldError>,
    meanwhile: Option<Meanwhile>,
}

/// Why a form was not saved although nothing in it is wrong: somebody else saved while it was open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meanwhile {
    /// Who changed what, one sentence a save, newest first.
    pub who: Vec<String>,
    /// The fields that differ now.
    pub rows: Vec<Difference>,
}

/// A field whose stored value is not the typed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field's label.
    pub label: String,
    /// Whether somebody else changed it meanwhile.
    pub theirs: bool,
    /// As it is stored now; may be empty.
    pub stored: String,
    /// As it was typed; may be empty.
    pub typed: String,
}

/// One thing to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field, which is also its `id`; empty when it is about the whole form.
    pub field: String,
    /// What to do, as a sentence.
    pub message: String,
}

impl Errors {
    /// No errors.
    pub fn none() -> Self {
        Self::default()
    }

    /// One error on a field.
    pub fn on(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::none();
        errors.add(field, message);
        errors
    }

    /// One error about the whole form.
    pub fn general(message: impl Into<String>) -> Self {
        Self::on("", message)
    }

    /// A form that somebody else overtook.
    pub fn stale(meanwhile: Meanwhile) -> Self {
        Self { meanwhile: Some(meanwhile), ..Self::none() }
    }

    /// Who overtook the form, and in what.
    pub fn meanwhile(&self) -> Option<&Meanwhile> {
        self.meanwhile.as_ref()
    }

    /// Adds an error; the summary keeps the order in which they come.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.list.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Whether there is anything to put right.
    pub fn any(&self) -> bool {
        !self.list.is_empty()
    }

    /// All errors in order.
    pub fn list(&self) -> &[FieldError] {
        &self.list
    }

    /// The first error on a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.list.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// Goes before the page title, so that a screen reader hears it first.
    pub fn title_prefix(&self) -> &'static str {
        if self.any() || self.meanwhile.is_some() { "Error: " } else { "" }
    }
}

/// A hidden field that must be sent back as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Name of the field.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Hidden {
    /// A hidden field.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// One entry of a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// An entry of a select.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// A repeating row: an attribute or a claim and where its value comes from.
///
/// Sent as the repeated fields `attribute_name`, `attribute_kind`, `attribute_value` and `attribute_send`, in row order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeRow {
    /// Name the app sees.
    pub name: String,
    /// `source` or `constant`.
    pub kind: String,
    /// Name of the user attribute, or the constant itself.
    pub value: String,
    /// Kept, but not sent.
    pub off: bool,
    /// Claims only: where it is put, one of [`CLAIM_PLACES`].
    pub place: String,
    /// Claims only: one of [`Self::shapes`]; `None` when the form doesn't ask.
    pub shape: Option<String>,
    /// SAML only: the entity attributes that it is released for, as `web::admin::apps::rows` writes them; `None` when the form
    /// doesn't ask.
    pub only_for: Option<String>,
    /// SAML only: the format of the name, as `web::admin::apps::rows` writes it; `None` when the form doesn't ask.
    pub format: Option<String>,
    /// SAML only: the name for people; `None` when the form doesn't ask.
    pub friendly: Option<String>,
    /// What the app needs it for, as a few words; the name of such a row can't be changed.
    pub locked: Option<&'static str>,
}

/// A custom attribute of a person.
///
/// Sent as the repeated fields `custom_key`, `custom_type` and `custom_value`, in row order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomRow {
    /// Name of the attribute.
    pub key: String,
    /// One of [`CUSTOM_TYPES`].
    pub kind: String,
    /// The value as typed.
    pub value: String,
}

/// What an [`AttributeRow`] may be filled from: value, label.
pub const ATTRIBUTE_KINDS: &[(&str, &str)] =
    &[("source", "User attribute"), ("constant", "Constant"), ("expression", "Expression")];

/// Whether an [`AttributeRow`] is sent: value, label, whether that is off.
pub const ATTRIBUTE_SENDS: &[(&str, &str, bool)] = &[("on", "Sent", false), ("off", "Off", true)];

/// Short names of the formats of an [`AttributeRow`]’s name, suggested.
pub const NAME_FORMATS: &[&str] = &["basic", "uri", "unspecified"];

impl AttributeRow {
    /// The format of the name.
    pub fn format_text(&self) -> &str {
        self.format.as_deref().unwrap_or_default()
    }

    /// The name for people.
    pub fn friendly_text(&self) -> &str {
        self.friendly.as_deref().unwrap_or_default()
    }

    /// What the folded part of the row says, or that there is one.
    pub fn details(&self) -> String {
        let parts: Vec<String> =
            [("", self.format_text()), ("", self.friendly_text()), ("only for ", self.conditions())]
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(before, text)| format!("{before}{text}"))
                .collect();
        if parts.is_empty() { "Details".to_owned() } else { parts.join(", ") }
    }

    /// The entity attributes that it is released for, as a line.
    pub fn conditions(&self) -> &str {
        self.only_for.as_deref().unwrap_or_default()
    }

    /// Whether `place`, of [`CLAIM_PLACES`], is where the claim is put.
    pub fn is_placed(&self, place: &str) -> bool {
        if self.off { place == "off" } else { self.place == place }
    }

    /// In which form a claim is put: value, label, whether it is the one chosen.
    pub fn shapes(&self) -> [(&'static str, &'static str, bool); 3] {
        let chosen = self.shape.as_deref().unwrap_or_default();
        [("", "By its kind"), ("list", "Always a list"), ("plain", "As it comes")]
            .map(|(value, label)| (value, label, value == chosen))
    }
}

/// Where a claim is put: value, label.
pub const CLAIM_PLACES: &[(&str, &str)] =
    &[("both", "Both"), ("id_token", "ID token"), ("userinfo", "Userinfo"), ("off", "Off")];

/// The types of a [`CustomRow`]: value, label.
pub const CUSTOM_TYPES: &[(&str, &str)] =
    &[("string", "Text"), ("number", "Number"), ("boolean", "Yes or no"), ("json", "JSON")];
