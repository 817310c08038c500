//! The identifier by which a service provider knows a person. Does not own the message it stands in (`saml`).

use super::saml;
use crate::{
    context::AppContext,
    domain::{
        app::App,
        attributes::{self, Subject},
        connection::SamlConnection,
        expressions,
        user::User,
    },
    service::ServiceError,
    store::{self, Written},
};
use ::saml::NameId;
use rand::Rng;

/// SAML Core §8.3: the identifier in the format that was agreed or asked for. The inner error says, for an admin, why there is
/// none.
pub(super) async fn of(
    ctx: &AppContext,
    connection: &SamlConnection,
    subject: Subject<'_>,
    format: ::saml::NameIdFormat,
) -> Result<Result<NameId, String>, ServiceError> {
    let mut id = match format {
        // §8.3.8: opaque, different at each sign-on.
        ::saml::NameIdFormat::Transient => NameId::new(format, opaque(ctx, "_")),
        // §8.3.7: opaque, pairwise, at most 256 characters, never given to anybody else.
        ::saml::NameIdFormat::Persistent => {
            NameId::new(format, persistent(ctx, subject.app, subject.user).await?)
        }
        _ => match value(connection, subject) {
            Ok(value) => NameId::new(format, value),
            Err(why) => return Ok(Err(why)),
        },
    };
    if id.format == ::saml::NameIdFormat::Persistent {
        id.name_qualifier = Some(saml::idp_entity_id(ctx, subject.app, connection));
        id.sp_name_qualifier = Some(connection.sp_entity_id.clone());
    }
    Ok(Ok(id))
}

/// The value that identifies the person, from an attribute or an expression.
pub fn value(connection: &SamlConnection, subject: Subject<'_>) -> Result<String, String> {
    let (what, values) = if connection.name_id_expression.is_empty() {
        let source = &connection.name_id_source;
        (format!("“{source}”"), attributes::value_of(source, subject.user, subject.groups))
    } else {
        let values = expressions::texts(&connection.name_id_expression, subject)
            .map_err(|why| format!("The expression that identifies people failed: {why}."))?;
        ("An expression".to_owned(), values)
    };
    values.into_iter().find(|value| !value.trim().is_empty()).ok_or_else(|| {
        format!(
            "{what} identifies people at {}, and {} has none.",
            subject.app.label, subject.user.display_name
        )
    })
}

/// 160 random bits in base32: two ids never differ only by case (IIP-IDP21).
fn opaque(ctx: &AppContext, prefix: &str) -> String {
    const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 32];
    ctx.rng().fill_bytes(&mut bytes);
    let letters = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)]));
    prefix.chars().chain(letters).collect()
}

async fn persistent(ctx: &AppContext, app: &App, user: &User) -> Result<String, ServiceError> {
    if let Some(value) = store::name_ids::get(&mut ctx.db.read().await?, app.id, user.id).await? {
        return Ok(value);
    }
    let (candidate, app_id, user_id, now) = (opaque(ctx, ""), app.id, user.id, ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let value = store::name_ids::get_or_insert(tx, app_id, user_id, &candidate, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(value))
            })
        })
        .await
}
