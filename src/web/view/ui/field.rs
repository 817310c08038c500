//! A form control with its label, hint and error, wired together for screen readers.
//!
//! Does not check values; the handler does and passes [`Errors`].

use std::borrow::Borrow;

use askama::Template;

use super::super::form::{Choice, Errors};

/// A labelled control. Build it with [`text`], [`password`], [`area`], [`select`], [`file`] or [`check`].
#[derive(Template)]
#[template(path = "components/field.html")]
pub struct Field<'a> {
    name: &'a str,
    id: &'a str,
    label: &'a str,
    term: &'a str,
    hint: &'a str,
    value: &'a str,
    control: Control<'a>,
    autocomplete: &'a str,
    input_mode: &'a str,
    list: &'a str,
    required: bool,
    mono: bool,
    large: bool,
    beside: bool,
    each: &'a str,
    error: Option<&'a str>,
}

/// Which element the value is typed into.
enum Control<'a> {
    Input(&'a str),
    Area(u8),
    Select(Vec<(&'a str, &'a str)>),
    File(&'a str),
    Check(bool),
}

fn field<'a>(name: &'a str, label: &'a str, value: &'a str, control: Control<'a>) -> Field<'a> {
    Field {
        name,
        id: name,
        label,
        term: "",
        hint: "",
        value,
        control,
        autocomplete: "",
        input_mode: "",
        list: "",
        required: false,
        mono: false,
        large: false,
        beside: false,
        each: "",
        error: None,
    }
}

/// One line of text.
pub fn text<'a>(name: &'a str, label: &'a str, value: &'a str) -> Field<'a> {
    field(name, label, value, Control::Input("text"))
}

/// A secret. It never carries a value back to the page.
pub fn password<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    field(name, label, "", Control::Input("password"))
}

/// Several lines of text.
pub fn area<'a>(name: &'a str, label: &'a str, value: &'a str) -> Field<'a> {
    field(name, label, value, Control::Area(3))
}

/// One of a list; fill it with [`Field::options`] or [`Field::choices`].
pub fn select<'a>(name: &'a str, label: &'a str, chosen: &'a str) -> Field<'a> {
    field(name, label, chosen, Control::Select(Vec::new()))
}

/// A file to send; the form must be `multipart/form-data`.
pub fn file<'a>(name: &'a str, label: &'a str, accept: &'a str) -> Field<'a> {
    field(name, label, "", Control::File(accept))
}

/// A tick box that sends `on` when ticked.
pub fn check<'a>(name: &'a str, label: &'a str, ticked: impl Borrow<bool>) -> Field<'a> {
    field(name, label, "", Control::Check(*ticked.borrow()))
}

impl<'a> Field<'a> {
    /// An `id` other than the name, for pages with the same field in two forms.
    #[must_use]
    pub fn id(mut self, id: &'a str) -> Self {
        self.id = id;
        self
    }

    /// The standard's word, which admins search for, as the second line of the label.
    #[must_use]
    pub fn term(mut self, term: &'a str) -> Self {
        self.term = term;
        self
    }

    /// What to put, with an example.
    #[must_use]
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// The `type` of a one-line input, such as `url`.
    #[must_use]
    pub fn kind(mut self, kind: &'a str) -> Self {
        self.control = Control::Input(kind);
        self
    }

    /// The number of lines of a text area.
    #[must_use]
    pub fn rows(mut self, rows: u8) -> Self {
        self.control = Control::Area(rows);
        self
    }

    /// The entries of a select: value, label.
    #[must_use]
    pub fn options(mut self, options: &'a [(&'a str, &'a str)]) -> Self {
        self.control = Control::Select(options.to_vec());
        self
    }

    /// The entries of a select that the handler worked out.
    #[must_use]
    pub fn choices(mut self, choices: &'a [Choice]) -> Self {
        let pairs = choices.iter().map(|one| (one.value.as_str(), one.label.as_str()));
        self.control = Control::Select(pairs.collect());
        self
    }

    /// The `autocomplete` token, so that browsers and password managers can fill it.
    #[must_use]
    pub fn autocomplete(mut self, token: &'a str) -> Self {
        self.autocomplete = token;
        self
    }

    /// The keyboard a phone should show.
    #[must_use]
    pub fn input_mode(mut self, mode: &'a str) -> Self {
        self.input_mode = mode;
        self
    }

    /// The `id` of a datalist with suggestions.
    #[must_use]
    pub fn list(mut self, id: &'a str) -> Self {
        self.list = id;
        self
    }

    /// Must not be empty.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A value that a machine reads.
    #[must_use]
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// 44 px high, for sign-in.
    #[must_use]
    pub fn large(mut self) -> Self {
        self.large = true;
        self
    }

    /// What one line of a text area is, such as "redirect address": with script each line has a field of its own.
    #[must_use]
    pub fn each(mut self, what: &'a str) -> Self {
        self.each = what;
        self
    }

    /// Label beside the control instead of above; only inside `.kv`.
    #[must_use]
    pub fn beside(mut self) -> Self {
        self.beside = true;
        self
    }

    /// Shows the error of this field, if there is one.
    #[must_use]
    pub fn errors(mut self, errors: &'a Errors) -> Self {
        self.error = errors.of(self.name);
        self
    }

    /// The ids of hint and error, for `aria-describedby`; empty when there is neither.
    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let error = self.error.map(|_| format!("{}-error", self.id));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }

    /// Words for machines: no capitals at the start, no spelling marks.
    fn is_machine_text(&self) -> bool {
        self.mono || matches!(self.autocomplete, "username" | "email")
    }
}
