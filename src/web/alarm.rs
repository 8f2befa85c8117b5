//! What is wrong with the set-up of a site now, in red above every page of those who can mend it.

/// A set-up that is wrong now; shown above the page.
#[derive(Debug, Clone, Default)]
pub struct Alarm {
    pub sentence: String,
    /// The page that says more; `None` on that page itself.
    pub href: Option<String>,
    /// The way back to observing, for an owner while a rule is in force.
    pub observe: Option<Observe>,
}

/// A button that takes a site back to observing.
#[derive(Debug, Clone, Default)]
pub struct Observe {
    pub site: String,
    pub site_name: String,
    /// The newest version.
    pub base: i64,
}
