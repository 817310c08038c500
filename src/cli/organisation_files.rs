//! Organisation files on disk: read, their metadata files taken in, joined to one document, refusals led back to the file.
//! Does not own what is in them (`service::organisation`).

use super::failure::Failure;
use crate::{
    domain::text::{FieldError, FieldErrors},
    service::organisation::{self, Document, Notation, SIZE_MAX},
};
use serde_json::Value;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Largest metadata file, in bytes.
const METADATA_MAX: usize = 1 << 20;
/// The lists whose entries are counted through all files.
const LISTS: [&str; 3] = ["users", "groups", "apps"];

/// Several files as one document.
pub(super) struct OrganisationFiles {
    /// As a value, for a server.
    pub(super) value: Value,
    /// As a document.
    pub(super) document: Document,
    files: Vec<Counted>,
}

/// A file, how many entries of each list it has, and which of its apps name a metadata file.
#[derive(Debug)]
struct Counted {
    path: PathBuf,
    entries: [usize; 3],
    with_metadata_file: Vec<usize>,
}

/// The value may hold passwords: it is not shown (D-09).
impl std::fmt::Debug for OrganisationFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrganisationFiles").field("files", &self.files).finish_non_exhaustive()
    }
}

impl OrganisationFiles {
    /// Reads the files; the first refusal ends it.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let (mut values, mut files) = (Vec::new(), Vec::new());
        for path in paths {
            let refused = |errors: FieldErrors| in_file(path, &errors);
            let bytes = read_file(path, SIZE_MAX)?;
            let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
            let notation = if json { Notation::Json } else { Notation::Yaml };
            let mut value = organisation::value(&bytes, notation).map_err(refused)?;
            let with_metadata_file = take_in_metadata(&mut value, path)?;
            organisation::document(value.clone()).map_err(refused)?;
            let count = |list: &str| value.get(list).and_then(Value::as_array).map_or(0, Vec::len);
            files.push(Counted { path: path.clone(), entries: LISTS.map(count), with_metadata_file });
            values.push(value);
        }
        let value = organisation::merge(values).map_err(|errors| Failure::fields(&errors))?;
        let document = organisation::document(value.clone()).map_err(|errors| Failure::fields(&errors))?;
        Ok(Self { value, document, files })
    }

    /// Refusals of the joined document, each led back to its file and its place there.
    pub(super) fn locate(&self, errors: FieldErrors) -> Failure {
        let located = errors.0.into_iter().map(|error| {
            let field = self.place(&error.field);
            FieldError { field, message: error.message }
        });
        Failure::fields(&FieldErrors(located.collect()))
    }

    fn place(&self, path: &str) -> String {
        let only = match self.files.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let entry = path.split_once('[').and_then(|(list, rest)| {
            let (number, rest) = rest.split_once(']')?;
            let list = LISTS.iter().position(|known| *known == list)?;
            Some((list, number.parse::<usize>().ok()?, rest))
        });
        if let Some((list, mut number, rest)) = entry {
            for file in &self.files {
                if number < file.entries[list] {
                    // What was taken in is refused under the name that the file has for it.
                    let rest = match rest {
                        ".saml.sp_metadata"
                            if LISTS[list] == "apps" && file.with_metadata_file.contains(&number) =>
                        {
                            ".saml.sp_metadata_file"
                        }
                        other => other,
                    };
                    return format!("{}: {}[{number}]{rest}", file.path.display(), LISTS[list]);
                }
                number -= file.entries[list];
            }
        }
        only.map_or_else(|| path.to_owned(), |file| format!("{}: {path}", file.path.display()))
    }
}

fn in_file(path: &Path, errors: &FieldErrors) -> Failure {
    match Failure::fields(errors) {
        Failure::Input(line) => {
            Failure::Input(format!("{}: {}", path.display(), line.strip_prefix("file: ").unwrap_or(&line)))
        }
        failed @ Failure::Failed(_) => failed,
    }
}

fn read_file(path: &Path, max: usize) -> Result<Vec<u8>, Failure> {
    let failed = |problem: String| Failure::Input(format!("cannot read {}: {problem}", path.display()));
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| failed(error.to_string()))?;
    if bytes.len() > max {
        return Err(failed(format!("it is larger than {max} bytes")));
    }
    Ok(bytes)
}

/// Puts the text of every `sp_metadata_file`, relative to the organisation file, in its place; answers which apps had one.
fn take_in_metadata(document: &mut Value, path: &Path) -> Result<Vec<usize>, Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut taken = Vec::new();
    let Some(apps) = document.get_mut("apps").and_then(Value::as_array_mut) else { return Ok(taken) };
    for (position, app) in apps.iter_mut().enumerate() {
        let Some(saml) = app.get_mut("saml").and_then(Value::as_object_mut) else { continue };
        let Some(Value::String(name)) = saml.get("sp_metadata_file") else { continue };
        let at = |failure: Failure| {
            let place = format!("{}: apps[{position}].saml.sp_metadata_file", path.display());
            Failure::Input(format!("{place}: {}", failure.line()))
        };
        let bytes = read_file(&folder.join(name), METADATA_MAX).map_err(at)?;
        let text =
            String::from_utf8(bytes).map_err(|_| at(Failure::Input(format!("{name} is not UTF-8"))))?;
        if saml.insert("sp_metadata".to_owned(), Value::String(text)).is_some() {
            return Err(at(Failure::Input("write sp_metadata_file or sp_metadata, not both".to_owned())));
        }
        saml.remove("sp_metadata_file");
        taken.push(position);
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_led_back_to_their_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one.yaml"), folder.path().join("two.yaml"));
        std::fs::write(
            &one,
            "users:\n- {username: a, email: a@x.example}\n- {username: b, email: b@x.example}\n",
        )
        .expect("written");
        std::fs::write(&two, "users:\n- {username: c, email: c@x.example}\n").expect("written");
        let files = OrganisationFiles::read(&[one, two]).expect("readable");
        let line = |field: &str| files.locate(FieldErrors::one(field, "no")).line();
        assert!(
            line("users[1].email").ends_with("one.yaml: users[1].email: no"),
            "{}",
            line("users[1].email")
        );
        assert!(
            line("users[2].email").ends_with("two.yaml: users[0].email: no"),
            "{}",
            line("users[2].email")
        );
        assert_eq!(line("organisation"), "organisation: no");
    }

    #[test]
    fn metadata_files_are_beside_the_organisation_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("org.yaml");
        let app = "apps: [{slug: a, saml: {sp_metadata_file: sp.xml}}]";
        std::fs::write(&path, app).expect("written");
        let missing = OrganisationFiles::read(std::slice::from_ref(&path)).expect_err("refused").line();
        assert!(missing.contains("apps[0].saml.sp_metadata_file") && missing.contains("sp.xml"), "{missing}");
        std::fs::write(folder.path().join("sp.xml"), "<x/>").expect("written");
        let files = OrganisationFiles::read(&[path]).expect("readable");
        let located = |field: &str| files.locate(FieldErrors::one(field, "no")).line();
        let line = located("apps[0].saml.sp_metadata");
        assert!(line.ends_with("org.yaml: apps[0].saml.sp_metadata_file: no"), "{line}");
        let line = located("apps[0].saml.sp_entity_id");
        assert!(line.ends_with("org.yaml: apps[0].saml.sp_entity_id: no"), "{line}");
        assert_eq!(files.value["apps"][0]["saml"]["sp_metadata"], "<x/>");
        assert_eq!(files.value["apps"][0]["saml"]["sp_metadata_file"], Value::Null);
    }
}
