//! The form of a new or changed person. Does not own which values are allowed (`domain::user`) or who may give a role
//! (`service::users`).

use super::custom;
use crate::{
    context::AppContext,
    domain::{
        permission::{Permission, allows},
        text::FieldErrors,
        user::{Role, User, UserDraft, UserState},
    },
    id::UserId,
    service::{ServiceError, users},
    web::{
        admin::{
            forms,
            frame::{console, role_word, state_word},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                users::{UserFields, UserForm},
            },
            form::{Choice, Errors},
        },
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

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
fn fields_of(draft: &UserDraft, rows: Vec<crate::web::view::form::CustomRow>, state: &str) -> UserFields {
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
pub async fn new(State(ctx): State<AppContext>, admin: Admin) -> Result<Response, Failure> {
    let fields = UserFields { state: UserState::Active.as_str().to_owned(), ..UserFields::default() };
    page(&draw(&ctx, &admin, Form { user: None, fields, role: Role::None, errors: Errors::none() }).await?)
}

/// `POST /admin/users/new`
pub async fn create(
    State(ctx): State<AppContext>,
    admin: Admin,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let before = UserDraft::default();
    let password = Some(fields.get("password").to_owned()).filter(|password| !password.is_empty());
    let created = match wanted(&before, &fields) {
        Ok(draft) => users::create(&ctx, &admin.caller, draft, password).await,
        Err(refused) => Err(ServiceError::Invalid(refused)),
    };
    match created {
        Ok(user) => {
            let line = format!("{} is added.", user.display_name);
            Ok(done(&ctx, &format!("/admin/users/{}", user.id), &line))
        }
        Err(ServiceError::Invalid(refused)) => {
            refused_page(&ctx, &admin, None, &before, &fields, refused).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /admin/users/{id}/edit`
pub async fn edit(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let user = load(&ctx, &admin, &id).await?;
    let fields = fields_of(&UserDraft::of(&user), custom::rows_of(&user.custom), user.state.as_str());
    let form = Form { user: Some(&user), fields, role: user.role, errors: Errors::none() };
    page(&draw(&ctx, &admin, form).await?)
}

/// `POST /admin/users/{id}/edit`
pub async fn update(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let user = load(&ctx, &admin, &id).await?;
    let version = fields.version(user.version)?;
    let before = UserDraft::of(&user);
    let updated = match wanted(&before, &fields) {
        Ok(draft) => users::update(&ctx, &admin.caller, user.id, version, draft).await,
        Err(refused) => Err(ServiceError::Invalid(refused)),
    };
    match updated {
        Ok(user) => {
            Ok(done(&ctx, &format!("/admin/users/{}", user.id), "Saved. Apps notice at the next sign-in."))
        }
        Err(ServiceError::Invalid(refused)) => {
            refused_page(&ctx, &admin, Some(&user), &before, &fields, refused).await
        }
        Err(other) => Err(other.into()),
    }
}

/// The person of an address.
pub async fn load(ctx: &AppContext, admin: &Admin, id: &str) -> Result<User, Failure> {
    let id: UserId = id.parse().map_err(|_| Failure::NotFound)?;
    Ok(users::get(ctx, &admin.caller, id).await?)
}

/// The same form with what was typed; never the password.
async fn refused_page(
    ctx: &AppContext,
    admin: &Admin,
    user: Option<&User>,
    before: &UserDraft,
    fields: &Fields,
    refused: FieldErrors,
) -> Result<Response, Failure> {
    let draft = laid_over(before.clone(), fields);
    let form = Form {
        user,
        fields: fields_of(&draft, custom::typed(fields), fields.get("state")),
        role: Role::parse(fields.get("role")).unwrap_or(before.role),
        errors: forms::errors(refused, RENAMES),
    };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &draw(ctx, admin, form).await?)
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
