//! The first run's page; gone once there is an owner.

use crate::{
    context::AppContext,
    domain::user::UserDraft,
    service::{
        ServiceError,
        setup::{self, Setup},
    },
    web::{
        error::Failure,
        extract::{Fields, Visit},
        respond::{page, page_with, redirect},
        view::{form::Errors, setup::Setup as SetupPage},
    },
};
use axum::{extract::State, http::StatusCode, response::Response};

fn form(ctx: &AppContext, visit: &Visit, fields: &Fields, errors: Errors) -> SetupPage {
    let url = &ctx.config.http.public_url;
    let typed = |name: &str| fields.get(name).to_owned();
    SetupPage {
        page: visit.page(ctx),
        errors,
        public_url: url.as_str().to_owned(),
        warning: (!url.is_https()).then(|| {
            "This address is http: fine for trying it out here, but people and apps need https.".to_owned()
        }),
        code: typed("code"),
        organisation: typed("organisation"),
        username: typed("username"),
        email: typed("email"),
        first_name: typed("first_name"),
        last_name: typed("last_name"),
    }
}

/// `GET /setup`
pub async fn show(State(ctx): State<AppContext>, visit: Visit) -> Result<Response, Failure> {
    if !setup::is_open(&ctx).await? {
        return Err(Failure::NotFound);
    }
    page(&form(&ctx, &visit, &Fields::default(), Errors::none()))
}

/// `POST /setup`
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut owner = UserDraft {
        username: fields.get("username").to_owned(),
        email: fields.get("email").to_owned(),
        ..UserDraft::default()
    };
    for name in ["first_name", "last_name"] {
        owner.profile.insert(name.to_owned(), fields.get(name).to_owned());
    }
    let wanted = Setup {
        code: fields.get("code").to_owned(),
        organization: fields.get("organisation").to_owned(),
        owner,
        password: fields.get("password").to_owned(),
    };
    match setup::complete(&ctx, &visit.visitor.origin, wanted).await {
        Ok(_) => Ok(redirect("/login?next=%2Fadmin")),
        Err(ServiceError::Invalid(refused)) => {
            let mut errors = Errors::none();
            for error in refused.0 {
                errors.add(error.field, error.message);
            }
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &form(&ctx, &visit, &fields, errors))
        }
        Err(other) => Err(other.into()),
    }
}
