//! The person behind an actor, and whether another one may decide on a site: so that nobody answers an appeal against
//! their own decision by a token.

/// Who stands behind a decision: the account, also where a token of its own decided. Behind a token that the operator
/// made nobody is known: it stands for itself, and for the tokens that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) has_account: bool,
}

/// The person behind an actor's kind and id, on a pool or in a transaction: `Result<Person, sqlx::Error>`.
macro_rules! person_behind {
    ($executor:expr, $kind:expr, $id:expr) => {{
        let (kind, id): ($crate::domain::actor::ActorKind, &str) = ($kind, $id);
        let is_account = kind == $crate::domain::actor::ActorKind::Account;
        let token = ::uuid::Uuid::parse_str(id).ok().filter(|_| !is_account);
        let found: Result<Option<(::uuid::Uuid, bool)>, ::sqlx::Error> = match token {
            None => Ok(None),
            Some(token) => {
                // Index: the primary key, at each step.
                ::sqlx::query_as(
                    "WITH RECURSIVE makers (id, maker_id, parent_id) AS (\
                     SELECT id, maker_id, parent_id FROM tokens WHERE id = $1 UNION ALL \
                     SELECT t.id, t.maker_id, t.parent_id FROM tokens t JOIN makers m ON t.id = m.parent_id) \
                     SELECT COALESCE(maker_id, id), maker_id IS NOT NULL FROM makers WHERE parent_id IS NULL LIMIT 1",
                )
                .bind(token)
                .fetch_optional($executor)
                .await
            }
        };
        found.map(|found| match found {
            Some((id, has_account)) => $crate::store::person::Person {
                id: id.to_string(),
                has_account,
            },
            None => $crate::store::person::Person {
                id: id.to_owned(),
                has_account: is_account,
            },
        })
    }};
}
pub(super) use person_behind;

/// Whether somebody else than `$person` may decide on a site: `Result<bool, sqlx::Error>`. A token of the operator's
/// counts beside another one only: behind it there need not be anybody who could decide in an account's place.
macro_rules! has_another {
    ($executor:expr, $person:expr, $site:expr, $now:expr) => {{
        let person: &$crate::store::person::Person = $person;
        let now: $crate::domain::timestamp::Timestamp = $now;
        // Indexes: account_roles_by_site, token_sites_by_site. Nobody has a role before they come in.
        let found: Result<Option<(i64,)>, ::sqlx::Error> = ::sqlx::query_as(
            "SELECT CAST(1 AS BIGINT) FROM account_roles r JOIN accounts a ON a.id = r.account_id \
             WHERE r.site_id IN ($1, '*') AND a.id <> $2 AND a.disabled_at IS NULL \
             UNION ALL SELECT CAST(1 AS BIGINT) FROM token_sites s JOIN tokens t ON t.id = s.token_id \
             WHERE s.site_id IN ($1, '*') AND t.id <> $2 AND $3 AND t.maker_id IS NULL AND t.parent_id IS NULL \
             AND t.revoked_at IS NULL AND COALESCE(t.expires_at, $5) > $4 LIMIT 1",
        )
        .bind($site)
        .bind(::uuid::Uuid::parse_str(&person.id).unwrap_or_default())
        .bind(!person.has_account)
        .bind(now.0)
        .bind(i64::MAX)
        .fetch_optional($executor)
        .await;
        found.map(|found| found.is_some())
    }};
}
pub(super) use has_another;
