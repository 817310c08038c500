//! Owns the way in and out of XML: one strict reader, one canonical writer.
//! Does not know any SAML element.

mod attribute_value;
pub(crate) mod canonical;
mod chars;
mod namespace_name;
pub mod reader;
mod scan;
pub mod writer;

pub(crate) use attribute_value::value_of;
pub use chars::{ForbiddenCharacter, check_xml_text, is_ncname, is_xml_char};
pub(crate) use chars::{push_attribute_escaped, push_text_escaped};
