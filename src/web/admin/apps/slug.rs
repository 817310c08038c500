//! The name of an app in addresses: made from its label, and free. Does not own what a slug may be (`domain::app`).

use crate::{
    context::AppContext,
    domain::text::slugify,
    service::{ServiceError, apps},
    web::extract::Admin,
};

/// Names that addresses of the console need themselves.
const RESERVED: &[&str] = &["new"];
/// Most names that are tried after the first.
const TRIES: u32 = 99;

/// Whether another app has this name, or had it once.
pub async fn is_taken(ctx: &AppContext, admin: &Admin, slug: &str) -> Result<bool, ServiceError> {
    if RESERVED.contains(&slug) {
        return Ok(true);
    }
    match apps::find(ctx, &admin.caller, slug).await {
        Ok(_) => Ok(true),
        Err(ServiceError::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// The first free name like `wanted`: itself, else `wanted-2`, and so on.
pub async fn free(ctx: &AppContext, admin: &Admin, wanted: &str) -> Result<String, ServiceError> {
    if !is_taken(ctx, admin, wanted).await? {
        return Ok(wanted.to_owned());
    }
    for number in 2..=TRIES + 1 {
        let candidate = format!("{wanted}-{number}");
        if !is_taken(ctx, admin, &candidate).await? {
            return Ok(candidate);
        }
    }
    Ok(wanted.to_owned())
}

/// A name made from the label; `app` for labels without a Latin letter or digit.
pub fn from_label(label: &str) -> String {
    match slugify(label) {
        empty if empty.is_empty() => "app".to_owned(),
        slug => slug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_makes_a_name() {
        assert_eq!(from_label("Product Analytics (EU)"), "product-analytics-eu");
        assert_eq!(from_label("李"), "app");
        assert_eq!(from_label(""), "app");
    }
}
