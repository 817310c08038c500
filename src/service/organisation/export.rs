//! The organisation as a document that, applied again, changes nothing. Does not own the notation (`cli`, `web::api`).

mod oidc;

use super::{
    document::{
        AcsEntry, AppEntry, AttributeSetEntry, AutoOrBool, BoundGroup, Document, GroupEntry, MappingEntry,
        NameIdEntry, SamlEntry, Signed, UserEntry,
    },
    one_or_many::OneOrMany,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::EventType,
        connection::{
            ClaimDestination, Connection, RequireSigned, SamlConnection, ValueMapping, ValueSource,
        },
        permission::Permission,
        user::User,
    },
    keyring::SecretText,
    service::{Caller, ServiceError, settings},
    store::{self, Conn, Written},
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Which secrets go into the document. Private keys never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// None: people and clients get new ones where the document is applied.
    #[default]
    None,
    /// As they are stored: hashes of passwords and of client secrets.
    Sealed,
}

/// Writes the organisation out.
///
/// # Errors
/// [`ServiceError::Forbidden`]; sealed secrets are for owners only.
pub async fn export(ctx: &AppContext, caller: &Caller, secrets: Secrets) -> Result<Document, ServiceError> {
    caller.require(Permission::Read)?;
    if secrets == Secrets::Sealed {
        caller.require(Permission::ManageAdmins)?;
    }
    let organization = settings::organization(ctx).await?;
    let now = ctx.now();
    let which = if secrets == Secrets::Sealed { "sealed" } else { "none" };
    let event = caller
        .event(ctx, EventType::OrganizationExport)
        .on("organization", "1", &organization.name)
        .detail("secrets", which);
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await?;
    let mut conn = ctx.db.read().await?;
    let mut users = Vec::new();
    for user in store::users::all(&mut conn).await? {
        let password_hash = match secrets {
            Secrets::None => None,
            Secrets::Sealed => store::credentials::password_hash(&mut conn, user.id).await?,
        };
        users.push(user_entry(user, password_hash));
    }
    let mut groups = Vec::new();
    for group in store::groups::all(&mut conn).await? {
        let members = store::members::usernames_of(&mut conn, group.id).await?;
        groups.push(GroupEntry {
            name: group.name,
            description: Some(group.description),
            members: Some(members),
        });
    }
    let mut apps = Vec::new();
    for app in store::apps::all(&mut conn).await? {
        apps.push(app_entry(&mut conn, app, secrets, now).await?);
    }
    let support_email = (!organization.support_email.is_empty()).then(|| organization.support_email.clone());
    Ok(Document {
        organisation: Some(organization.name.clone()),
        support_email,
        users: Some(users),
        groups: Some(groups),
        apps: Some(apps),
    })
}

fn user_entry(user: User, password_hash: Option<String>) -> UserEntry {
    UserEntry {
        username: user.username,
        email: Some(user.email),
        display_name: Some(user.display_name),
        state: Some(user.state),
        role: Some(user.role),
        password: None,
        password_hash: password_hash.map(SecretText::new),
        profile: user.profile,
        attributes: (!user.custom.is_empty()).then_some(user.custom),
    }
}

async fn app_entry(
    conn: &mut Conn,
    app: App,
    secrets: Secrets,
    now: DateTime<Utc>,
) -> Result<AppEntry, ServiceError> {
    let groups = store::assignments::named_groups_of_app(conn, app.id).await?;
    let users = store::assignments::users_of_app(conn, app.id).await?;
    let users: Vec<String> = users.into_iter().map(|user| user.username).collect();
    let mut entry = AppEntry {
        slug: app.slug,
        label: Some(app.label),
        description: Some(app.description),
        connector: Some(app.connector),
        parameters: app.parameters,
        glyph: Some(app.glyph),
        color: Some(app.colour),
        category: Some(app.category),
        show_in_portal: Some(app.show_in_portal),
        active: Some(app.active),
        groups: Some(groups.into_iter().map(BoundGroup::from).collect()),
        users: (!users.is_empty()).then_some(users),
        ..AppEntry::default()
    };
    match Arc::unwrap_or_clone(app.connection) {
        Connection::Saml(saml) => entry.saml = Some(saml_entry(*saml)),
        Connection::Oidc(oidc) => {
            let mut block = oidc::entry(*oidc);
            if secrets == Secrets::Sealed {
                oidc::seal(&mut block, store::client_secrets::valid_of_app(conn, app.id, now).await?);
            }
            entry.oidc = Some(block);
        }
        Connection::Bookmark(bookmark) => entry.url = Some(bookmark.url),
    }
    Ok(entry)
}

fn saml_entry(saml: SamlConnection) -> SamlEntry {
    let source = saml.metadata_source.unwrap_or_default();
    let fetched = !source.urls.is_empty();
    let acs_urls = saml.acs_urls.into_iter();
    let acs_urls =
        acs_urls.map(|acs| AcsEntry { url: acs.url, index: Some(acs.index), default: acs.default });
    let mut sign = Vec::new();
    sign.extend(saml.sign_assertion.then_some(Signed::Assertion));
    sign.extend(saml.sign_response.then_some(Signed::Response));
    let require = match saml.require_signed_requests {
        RequireSigned::Auto => AutoOrBool::Word("auto".into()),
        RequireSigned::Always => AutoOrBool::Bool(true),
        RequireSigned::Never => AutoOrBool::Bool(false),
    };
    let omit = saml.omit_name_id.then_some(true);
    SamlEntry {
        sp_metadata_file: None,
        sp_metadata: None,
        sp_entity_id: Some(saml.sp_entity_id),
        idp_entity_id: Some(saml.idp_entity_id),
        acs_urls: Some(acs_urls.collect()),
        name_id: Some(if saml.name_id_expression.is_empty() {
            NameIdEntry {
                source: Some(saml.name_id_source),
                expression: None,
                format: Some(saml.name_id_format),
                omit,
            }
        } else {
            NameIdEntry {
                source: None,
                expression: Some(saml.name_id_expression),
                format: Some(saml.name_id_format),
                omit,
            }
        }),
        sign: Some(sign),
        encrypt: Some(saml.encrypt),
        sp_decrypts: Some(saml.sp_decrypts),
        require_signed_requests: Some(require),
        sp_signs_requests: Some(saml.sp_signs_requests),
        sp_certificates: Some(saml.sp_certificates),
        strict_relay_state: Some(saml.strict_relay_state),
        allow_sha1: Some(saml.allow_sha1),
        allow_idp_initiated: Some(saml.allow_idp_initiated),
        default_relay_state: Some(saml.default_relay_state),
        start_links: (!saml.start_links.is_empty())
            .then(|| saml.start_links.into_iter().map(Into::into).collect()),
        attributes: Some(saml.attributes.into_iter().map(mapping).collect()),
        groups_attribute: Some(saml.groups_attribute),
        groups_matching: Some(saml.groups_matching),
        signature_algorithm: Some(saml.signature_algorithm),
        encryption_certificates: Some(saml.encryption_certificates),
        content_encryption: Some(saml.content_encryption),
        key_transport: Some(saml.key_transport),
        assertion_seconds: Some(saml.assertion_seconds),
        skew_seconds: Some(saml.skew_seconds),
        audiences: Some(saml.audiences),
        logout_services: Some(saml.logout_services),
        start_url: Some(saml.start_url),
        sp_metadata_url: OneOrMany::of(source.urls),
        sp_metadata_mdq: fetched.then_some(source.mdq),
        sp_metadata_certificate: OneOrMany::of(source.certificates),
        sp_metadata_require_valid_until: fetched.then_some(source.require_valid_until),
        sp_metadata_max_valid_days: source.max_valid_days,
        sp_metadata_ended: fetched.then_some(source.ended),
        sp_metadata_apply: fetched.then_some(source.apply),
        attribute_sets: (!saml.attribute_sets.is_empty()).then(|| {
            let sets = saml.attribute_sets.into_iter();
            sets.map(|set| AttributeSetEntry {
                index: set.index,
                name: set.name,
                attributes: set.attributes.into_iter().map(mapping).collect(),
            })
            .collect()
        }),
        denied: Some(saml.denied),
        accept_cbc: Some(saml.accept_cbc),
        recorder: saml.recorder,
        sign_metadata: Some(saml.sign_metadata),
        metadata_valid_days: Some(saml.metadata_valid_days),
        strict_allow_create: Some(saml.strict_allow_create),
        entity_attributes: (!saml.entity_attributes.is_empty()).then_some(saml.entity_attributes),
    }
}

fn mapping(row: ValueMapping) -> MappingEntry {
    let (source, constant, expression) = match row.value {
        ValueSource::Source(source) => (Some(source), None, None),
        ValueSource::Constant(text) => (None, Some(text), None),
        ValueSource::Expression(text) => (None, None, Some(text)),
    };
    let some = |text: String| (!text.is_empty()).then_some(text);
    MappingEntry {
        name: row.name,
        source,
        constant,
        expression,
        required: row.required,
        off: row.off,
        only_for: row.only_for,
        name_format: some(row.name_format),
        friendly_name: some(row.friendly_name),
        destination: Some(row.destination).filter(|place| *place != ClaimDestination::Both),
        list: row.list,
    }
}
