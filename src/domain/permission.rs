//! Who may do what in the console, the API and the command line. Does not own who they are (`service::authorize`).

use super::user::Role;

/// One kind of act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See applications, people, groups and audit events.
    Read,
    /// Add, change and remove applications, people and groups.
    Manage,
    /// Give and take the roles that may enter the console; change people who have one.
    ManageAdmins,
    /// Help a person sign in: end sessions, set a password.
    Assist,
}

/// Whether a role has a permission.
pub fn allows(role: Role, permission: Permission) -> bool {
    match permission {
        Permission::Read => role >= Role::Auditor,
        Permission::Assist => role >= Role::Helpdesk,
        Permission::Manage => role >= Role::Admin,
        Permission::ManageAdmins => role == Role::Owner,
    }
}

/// Whether someone with `actor` may change an account that has `target`: nobody edits an equal or higher tier, but
/// owners (W-17).
pub fn may_change_account(actor: Role, target: Role) -> bool {
    actor == Role::Owner || actor > target
}
