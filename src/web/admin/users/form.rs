//! The form of a new or changed person. Does not own which values are allowed (`domain::user`) or who may give a role
//! (`service::users`).

use super::custom;
use crate::{
    context::AppContext,
    domain::{
        permission::{Permission, allows, may_change_account},
        text::FieldErrors,
        user::{Role, User, UserDraft, UserState},
    },
    service::users,
    web::{
        admin::{
            frame::{console, role_word, state_word},
            opened::{Changing, Manager},
            saving::{self, Compared},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                users::{UserFields, UserForm},
            },
            form::{Choice, CustomRow, Errors},
        },
    },
};
use axum::{extract::State, response::Response};

/// Refused fields that have another name in the form.
const RENAMES: &[(&str, &str)] = &[
    ("attributes.", custom::FIELD),
    ("attributes", custom::FIELD),
    ("description", ""),
    ("address", ""),
    ("preferred_language", ""),
    ("recovery_email", ""),
];

/// The standard attributes that the form shows; the others stay as they are.
const SHOWN: &[&str] = &[
    "first_name",
    "middle_name",
    "last_name",
    "alternate_email",
    "phone",
    "company",
    "department",
    "cost_center",
    "job_title",
    "employee_identifier",
    "employee_type",
    "location",
    "manager",
    "locale",
];

/// A person as fields.
fn fields_of(draft: &UserDraft, rows: Vec<CustomRow>, state: &str) -> UserFields {
    let value = |key: &str| draft.profile.get(key).cloned().unwrap_or_default();
    UserFields {
        username: draft.username.clone(),
        email: draft.email.clone(),
        display_name: draft.display_name.clone(),
        first_name: value("first_name"),
        middle_name: value("middle_name"),
        last_name: value("last_name"),
        alternate_email: value("alternate_email"),
        phone: value("phone"),
        company: value("company"),
        department: value("department"),
        cost_center: value("cost_center"),
        job_title: value("job_title"),
        employee_identifier: value("employee_identifier"),
        employee_type: value("employee_type"),
        location: value("location"),
        manager: value("manager"),
        locale: value("locale"),
        state: state.to_owned(),
        custom: rows,
    }
}

/// The typed fields laid over a draft. State, role and custom attributes are read by [`wanted`].
fn laid_over(mut draft: UserDraft, fields: &Fields) -> UserDraft {
    fields.get("username").clone_into(&mut draft.username);
    fields.get("email").clone_into(&mut draft.email);
    fields.get("display_name").clone_into(&mut draft.display_name);
    for key in SHOWN {
        draft.profile.insert((*key).to_owned(), fields.get(key).to_owned());
    }
    draft
}

/// What the form asks for.
fn wanted(before: &UserDraft, fields: &Fields) -> Result<UserDraft, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut draft = laid_over(before.clone(), fields);
    match UserState::parse(fields.get("state")) {
        Some(state) => draft.state = state,
        None => errors.add("state", "Choose one of the states"),
    }
    // A form without the field keeps the role; one with it is for the service to allow.
    if fields.has("role") {
        match Role::parse(fields.get("role")) {
            Some(role) => draft.role = role,
            None => errors.add("role", "Choose one of the roles"),
        }
    }
    match custom::values(&custom::typed(fields)) {
        Ok(values) => draft.custom = values,
        Err(refused) => errors.0.extend(refused.0),
    }
    errors.finish()?;
    Ok(draft)
}

struct Form<'a> {
    user: Option<&'a User>,
    fields: UserFields,
    role: Role,
    errors: Errors,
}

async fn draw(ctx: &AppContext, admin: &Admin, form: Form<'_>) -> Result<UserForm, Failure> {
    let cancel = form.user.map_or("/admin/users".to_owned(), |user| format!("/admin/users/{}", user.id));
    let roles = || Role::ALL.iter().map(|role| Choice::new(role.as_str(), role_word(*role))).collect();
    Ok(UserForm {
        page: match form.user {
            Some(user) => admin.visit.page(ctx).editing(user.version),
            None => admin.visit.page(ctx),
        },
        console: console(ctx, admin, Nav::Users).await?,
        errors: form.errors,
        name: form.user.map(|user| user.display_name.clone()),
        action: form
            .user
            .map_or("/admin/users/new".to_owned(), |user| format!("/admin/users/{}/edit", user.id)),
        cancel,
        fields: form.fields,
        states: UserState::ALL.iter().map(|state| Choice::new(state.as_str(), state_word(*state))).collect(),
        role: allows(admin.user.role, Permission::ManageAdmins)
            .then(|| (form.role.as_str().to_owned(), roles())),
    })
}

/// `GET /admin/users/new`
pub async fn new(State(ctx): State<AppContext>, Manager(admin): Manager) -> Result<Response, Failure> {
    let fields = UserFields { state: UserState::Active.as_str().to_owned(), ..UserFields::default() };
    page(&draw(&ctx, &admin, Form { user: None, fields, role: Role::None, errors: Errors::none() }).await?)
}

/// `POST /admin/users/new`
pub async fn create(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    fields: Fields,
) -> Result<Response, Failure> {
    let before = UserDraft::default();
    let password = Some(fields.get("password").to_owned()).filter(|password| !password.is_empty());
    let work = async { users::create(&ctx, &admin.caller, wanted(&before, &fields)?, password).await };
    match saving::attempt(work.await)? {
        Ok(user) => {
            let line = format!("{} is added.", user.display_name);
            Ok(done(&ctx, &format!("/admin/users/{}", user.id), &line))
        }
        Err(unsaved) => {
            let (status, errors) = unsaved.of_new(RENAMES);
            page_with(status, &draw(&ctx, &admin, typed_form(None, &before, &fields, errors)).await?)
        }
    }
}

/// `GET /admin/users/{id}/edit`
pub async fn edit(
    State(ctx): State<AppContext>,
    Changing { admin, it: user }: Changing<User>,
) -> Result<Response, Failure> {
    if !may_change_account(admin.user.role, user.role) {
        return Err(Failure::Forbidden);
    }
    let form =
        Form { user: Some(&user), fields: stored_fields(&user), role: user.role, errors: Errors::none() };
    page(&draw(&ctx, &admin, form).await?)
}

/// `POST /admin/users/{id}/edit`
pub async fn update(
    State(ctx): State<AppContext>,
    Changing { admin, it: user }: Changing<User>,
    fields: Fields,
) -> Result<Response, Failure> {
    let before = UserDraft::of(&user);
    let work =
        async { users::update(&ctx, &admin.caller, user.id, user.version, wanted(&before, &fields)?).await };
    match saving::save(&fields, &user, work).await? {
        Ok(user) => {
            Ok(done(&ctx, &format!("/admin/users/{}", user.id), "Saved. Apps notice at the next sign-in."))
        }
        Err(unsaved) => {
            let status = unsaved.status();
            let user = unsaved.current(&ctx, &admin, user).await?;
            let mut form = typed_form(Some(&user), &UserDraft::of(&user), &fields, Errors::none());
            let compared = compared(&user, &form);
            form.errors = unsaved.errors(&ctx, &admin, &user, &fields, RENAMES, compared).await?;
            page_with(status, &draw(&ctx, &admin, form).await?)
        }
    }
}

fn stored_fields(user: &User) -> UserFields {
    fields_of(&UserDraft::of(user), custom::rows_of(&user.custom), user.state.as_str())
}

/// The form with what was typed; never the password.
fn typed_form<'a>(user: Option<&'a User>, before: &UserDraft, fields: &Fields, errors: Errors) -> Form<'a> {
    let draft = laid_over(before.clone(), fields);
    Form {
        user,
        fields: fields_of(&draft, custom::typed(fields), fields.get("state")),
        role: Role::parse(fields.get("role")).unwrap_or(before.role),
        errors,
    }
}

/// The fields beside each other, for a form that was overtaken.
fn compared(stored: &User, form: &Form<'_>) -> Vec<Compared> {
    let (old, new) = (stored_fields(stored), &form.fields);
    let pair = Compared::new;
    let rows = |rows: &[CustomRow]| {
        rows.iter().map(|row| format!("{} = {}", row.key, row.value)).collect::<Vec<_>>().join("\n")
    };
    vec![
        pair("First name", &["first_name"], &old.first_name, &new.first_name),
        pair("Middle name", &["middle_name"], &old.middle_name, &new.middle_name),
        pair("Last name", &["last_name"], &old.last_name, &new.last_name),
        pair("Display name", &["display_name"], &old.display_name, &new.display_name),
        pair("User name", &["username"], &old.username, &new.username),
        pair("Work email", &["email"], &old.email, &new.email),
        pair("Other email", &["alternate_email"], &old.alternate_email, &new.alternate_email),
        pair("Phone", &["phone"], &old.phone, &new.phone),
        pair("Company", &["company"], &old.company, &new.company),
        pair("Department", &["department"], &old.department, &new.department),
        pair("Job title", &["job_title"], &old.job_title, &new.job_title),
        pair("Manager", &["manager"], &old.manager, &new.manager),
        pair("Cost centre", &["cost_center"], &old.cost_center, &new.cost_center),
        pair("Location", &["location"], &old.location, &new.location),
        pair("Employee number", &["employee_identifier"], &old.employee_identifier, &new.employee_identifier),
        pair("Employee type", &["employee_type"], &old.employee_type, &new.employee_type),
        pair("Language", &["locale"], &old.locale, &new.locale),
        pair("Custom attributes", &[], &rows(&old.custom), &rows(&new.custom)),
        pair("State", &["state"], &old.state, &new.state),
        pair("Console role", &["role"], stored.role.as_str(), form.role.as_str()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_keeps_what_it_does_not_show() {
        let mut before = UserDraft { username: "maya".into(), role: Role::Admin, ..UserDraft::default() };
        before.profile.insert("address".into(), "1 High Street".into());
        let sent = Fields::parse("username=maya&email=maya%40fernhill.example&first_name=Maya&state=active")
            .expect("short");
        let draft = wanted(&before, &sent).expect("readable");
        assert_eq!(draft.profile["address"], "1 High Street");
        assert_eq!(draft.profile["first_name"], "Maya");
        assert_eq!(draft.role, Role::Admin, "a form without roles keeps the role");
    }

    #[test]
    fn roles_and_states_are_read_or_refused_never_guessed() {
        let before = UserDraft::default();
        let sent = |text: &str| wanted(&before, &Fields::parse(text).expect("short"));
        assert_eq!(sent("state=active&role=owner").expect("readable").role, Role::Owner);
        let refused =
            sent("state=gone&role=root&custom_key=a&custom_type=number&custom_value=x").expect_err("refused");
        for field in ["state", "role", custom::FIELD] {
            assert!(refused.of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn every_shown_attribute_is_a_field() {
        let mut draft = UserDraft::default();
        for key in SHOWN {
            draft.profile.insert((*key).to_owned(), format!("value of {key}"));
        }
        let shown = format!("{:?}", fields_of(&draft, Vec::new(), "active"));
        for key in SHOWN {
            assert!(shown.contains(&format!("{key}: \"value of {key}\"")), "{key}");
        }
    }
}
