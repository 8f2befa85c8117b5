//! What an account may do, as it is stored: a role by site.

use uuid::Uuid;

use super::{error::StoreError, rows};
use crate::domain::account::Rights;

/// Roles by site as the rows of `account` have them.
pub(super) fn rights_of(account: &Uuid, roles: Vec<(String, String)>) -> Result<Rights, StoreError> {
    let roles = roles
        .into_iter()
        .map(|(site, role)| rows::role("account_roles", account, &role).map(|role| (site, role)));
    roles.collect()
}

macro_rules! set_role {
    ($conn:expr, $account:expr, $site:expr, $role:expr) => {
        sqlx::query(
            "INSERT INTO account_roles (account_id, site_id, role) VALUES ($1, $2, $3) \
             ON CONFLICT (account_id, site_id) DO UPDATE SET role = excluded.role",
        )
        .bind($account)
        .bind($site)
        .bind($role.as_str())
        .execute(&mut *$conn)
        .await?
    };
}

pub(super) use set_role;
