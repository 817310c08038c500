//! The identifier by which a service provider knows a person. Does not own the message it stands in (`saml`).

use super::saml;
use crate::{
    context::AppContext,
    domain::{app::App, attributes, connection::SamlConnection, user::User},
    service::ServiceError,
    store::{self, Written},
};
use ::saml::{NameId, NameIdFormat};
use rand::Rng;

/// What is known of an identifier before it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// This value.
    Value(String),
    /// A lasting pseudonym that is made, and kept, when the person first signs on.
    MadeAtFirstSignOn,
    /// A pseudonym that is another one at each sign-on.
    MadeAtEachSignOn,
    /// The attribute that identifies people has no value for this person: they can't sign on.
    Missing,
}

/// What is known of the identifier in a format. Only reads.
pub async fn known(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
    user: &User,
    format: &NameIdFormat,
    groups: &[String],
) -> Result<Known, ServiceError> {
    Ok(match format {
        // SAML Core §8.3.8: opaque, different at each sign-on.
        NameIdFormat::Transient => Known::MadeAtEachSignOn,
        // §8.3.7: opaque, pairwise, at most 256 characters, never given to anybody else.
        NameIdFormat::Persistent => {
            match store::name_ids::get(&mut ctx.db.read().await?, app.id, user.id).await? {
                Some(value) => Known::Value(value),
                None => Known::MadeAtFirstSignOn,
            }
        }
        _ => attributes::value_of(&connection.name_id_source, user, groups)
            .into_iter()
            .find(|value| !value.trim().is_empty())
            .map_or(Known::Missing, Known::Value),
    })
}

/// SAML Core §8.3: the identifier in the format that was agreed or asked for; what isn't there yet is made. `None` when
/// the person lacks the value that identifies people.
pub(super) async fn of(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
    user: &User,
    format: NameIdFormat,
    groups: &[String],
) -> Result<Option<NameId>, ServiceError> {
    let value = match known(ctx, app, connection, user, &format, groups).await? {
        Known::Value(value) => value,
        Known::MadeAtFirstSignOn => persistent(ctx, app, user).await?,
        Known::MadeAtEachSignOn => opaque(ctx, "_"),
        Known::Missing => return Ok(None),
    };
    let mut id = NameId::new(format, value);
    if id.format == NameIdFormat::Persistent {
        id.name_qualifier = Some(saml::idp_entity_id(ctx, app, connection));
        id.sp_name_qualifier = Some(connection.sp_entity_id.clone());
    }
    Ok(Some(id))
}

/// 160 random bits in base32: two ids never differ only by case (IIP-IDP21).
fn opaque(ctx: &AppContext, prefix: &str) -> String {
    const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 32];
    ctx.rng().fill_bytes(&mut bytes);
    let letters = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)]));
    prefix.chars().chain(letters).collect()
}

/// The pairwise id; of two that are made at once, one is kept and both get it.
async fn persistent(ctx: &AppContext, app: &App, user: &User) -> Result<String, ServiceError> {
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
